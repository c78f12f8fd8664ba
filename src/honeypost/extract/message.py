"""
Take one captured message apart.

The parts are walked once.  Each leaf is decoded, described if it hangs on, and read if it
is text; the strings found are then parsed as URLs, the strongest role first, until the
limit.  A part that breaks its reader is marked and left, the others are read all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from honeypost.extract import charset, html, limits, text, urls
from honeypost.extract.attachments import described, markup
from honeypost.extract.fields import first_of, words_of
from honeypost.extract.gathering import Gathering
from honeypost.extract.marks import Marks
from honeypost.extract.mime import Kind, Part, Walk
from honeypost.extract.recipients import recipients_of
from honeypost.extract.report import Attachment, Report, Role
from honeypost.extract.transfer import decoded

MARKUP_TYPES = frozenset({"text/html", "application/xhtml+xml", "image/svg+xml"})
HEADERS_WITH_URLS = (
    *("list-unsubscribe", "list-subscribe", "list-help", "list-archive", "list-post"),
    *("list-owner", "archived-at", "x-originating-url", "x-mailer-url", "feedback-url"),
)


def preload() -> None:
    """Load everything that is loaded late, for a process that may soon open no file."""
    charset.preload()
    urls.preload()


def take_apart(
    raw: bytes, *, file: str = "", envelope: Iterable[bytes] = (), cut: bool = False
) -> Report:
    """
    Find links, recipients and attachments in a message; never fails.

    ``file`` names it in the report; ``envelope`` are the paths of RCPT TO; ``cut`` says that
    the caller has passed only the beginning.  What could not be read is in ``errors``.
    """
    dissection = _Dissection()
    if cut or len(raw) > limits.MESSAGE_BYTES:
        dissection.marks.add("message-cut")
    walk = Walk(raw[: limits.MESSAGE_BYTES], dissection.marks)
    for part in walk:
        dissection.take(part)
    dissection.take_headers(walk)
    return Report(
        file=file,
        links=dissection.gathering.links(),
        recipients=recipients_of(walk.fields, envelope, dissection.marks),
        attachments=tuple(dissection.attachments),
        errors=dissection.marks.names(),
    )


class _Dissection:
    """One message on the table: what was found and what is left of the budgets."""

    def __init__(self) -> None:
        self.marks = Marks()
        self.gathering = Gathering(self.marks)
        self.attachments: list[Attachment] = []
        self._tokens = limits.HTML_TOKENS
        self._text = limits.TEXT_BYTES

    def take(self, part: Part) -> None:
        """Read one part; whatever it does to its reader, the next one is read too."""
        try:
            if part.kind is Kind.LEAF:
                self._leaf(part)
            else:
                self._flat(part)
        except (ValueError, LookupError, ArithmeticError, RecursionError) as error:
            self.marks.add(f"part-broken {type(error).__name__}")

    def take_headers(self, walk: Walk) -> None:
        """Collect the URLs of the outermost header."""
        for name in HEADERS_WITH_URLS:
            value = first_of(walk.fields, name)
            self.gathering.add(text.schemed(value), Role.HEADER, f"0:{name}")
        self._plain(words_of(first_of(walk.fields, "subject")), "0:subject", Role.TEXT)

    def _flat(self, part: Part) -> None:
        role = Role.TEXT if part.kind is Kind.REST else Role.HIDDEN
        self.gathering.add(text.schemed_in_bytes(part.raw), role, f"{part.path}:{part.kind.value}")

    def _leaf(self, part: Part) -> None:
        data = decoded(part.raw, part.encoding, self.marks)
        name = part.filename
        attached = part.disposition == "attachment" or bool(name)
        if attached or not part.type.startswith("text/"):
            self.attachments.append(described(name, part.type, data))
        is_markup = part.type in MARKUP_TYPES or bool(markup(data))
        if is_markup or part.type.startswith("text/"):
            self._read(part, data, is_markup=is_markup, attached=attached)

    def _read(self, part: Part, data: bytes, *, is_markup: bool, attached: bool) -> None:
        label = part.parameters.get("charset", "")
        if is_markup and not charset.codec_of(label):
            label = charset.declared_in_html(data)
        shown = charset.text_of(self._bounded(data), label)
        if is_markup:
            self._html(shown, part.path, attached=attached)
        else:
            if part.type == "text/calendar":
                shown = shown.replace("\r\n ", "").replace("\n ", "")
            self._plain(shown, part.path, Role.ATTACHMENT if attached else Role.TEXT)

    def _bounded(self, data: bytes) -> bytes:
        room = min(limits.PART_TEXT_BYTES, self._text)
        if len(data) > room:
            self.marks.add("text-cut")
            tail = min(limits.TEXT_TAIL_BYTES, room // 2)
            data = data[: room - tail] + b"\n" + data[len(data) - tail :]
        self._text = max(0, self._text - len(data))
        return data

    def _html(self, shown: str, path: str, *, attached: bool) -> None:
        page, self._tokens = html.read_html(shown, self._tokens, self.marks)
        base = urls.canonical(page.base, "") if page.base else None
        for found in page.found:
            role = Role.ATTACHMENT if attached and found.role is Role.LINK else found.role
            place = f"{path}:{found.place}"
            self.gathering.add([found.raw], role, place, base.url if base else "")
        role = Role.ATTACHMENT if attached else Role.TEXT
        self._plain(page.text, path, role)
        self._plain("".join(page.labels), path, role, "label")
        self.gathering.add(text.schemed(page.rest), Role.TEXT, f"{path}:rest")
        self._hidden(page.hidden, path)

    def _hidden(self, pieces: Sequence[str], path: str) -> None:
        for piece in pieces:
            self.gathering.add(text.schemed(piece), Role.HIDDEN, f"{path}:hidden")

    def _plain(self, shown: str, path: str, role: Role, note: str = "") -> None:
        self.gathering.add(text.in_text(shown), role, f"{path}:text", note=note)
