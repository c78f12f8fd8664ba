"""
HTML as a flat stream of tags: what can be clicked, what is loaded, what can be read.

Theory of operation
===================

There is no tree.  Tree builders are quadratic in depth (lexbor: 40,000 open ``<div>``
1.6 s), in formatting elements that are reopened, or hang on one tag with 500,000
attributes; links need none of it.  The tokens are the standard's (WHATWG HTML, 13.2.5):
quoted and bare attributes, the first of equal ones counts, references without semicolon,
raw text in script and style.  Every step moves forward over the text, so time is linear.

Conditional comments (``<!--[if mso]>``) are read as if they were not there: Outlook shows
what is in them.  Other comments are hidden text.
"""

from __future__ import annotations

import functools
import html
import re
from dataclasses import dataclass, field
from html.entities import html5

from honeypost.extract import limits
from honeypost.extract.marks import Marks
from honeypost.extract.report import Role

TAG = re.compile(r"<(?:(/?)([a-zA-Z][^\s/>]{0,100})|!--|[!?/])")
ATTRIBUTE = re.compile(
    r"[\s/]*([^\s/>][^\s/>=]*)(?:\s*=\s*(?:\"([^\"]*)(?:\"|\Z)|'([^']*)(?:'|\Z)|([^\s>]*)))?"
)
REFERENCE = re.compile(r"&(?:#[xX]?[0-9a-fA-F]{1,12}|[a-zA-Z][a-zA-Z0-9]{1,31});?")
CSS_URL = re.compile(
    r"url\(\s{0,20}[\"']?([^\"')\s]{1,8192})|@import\s{1,20}[\"']([^\"']{1,8192})", re.IGNORECASE
)
REFRESH = re.compile(r"[\s\d.;,]{0,40}url\s{0,8}=\s{0,8}[\"']?([^\"']{1,8192})", re.IGNORECASE)
RAW_TEXT = frozenset({"script", "style", "title", "textarea", "xmp", "noembed", "noframes"})
INLINE = frozenset(
    {
        *("a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "dfn", "em"),
        *("font", "i", "ins", "kbd", "label", "mark", "nobr", "o:p", "q", "s", "samp"),
        *("small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr"),
    }
)
CLICKED = frozenset({("form", "action"), ("button", "formaction"), ("input", "formaction")})
LOADED = frozenset({"src", "background", "poster", "data", "codebase", "classid", "lowsrc"})
LOADED_BY_HREF = frozenset({"link", "image", "use", "feimage", "script", "v:fill", "v:imagedata"})


@dataclass(frozen=True, slots=True)
class Found:
    """A string that may be a URL."""

    raw: str
    role: Role
    place: str
    """``a@href``, ``style``, ``comment``."""


@dataclass(slots=True)
class Page:
    """What a document holds."""

    found: list[Found] = field(default_factory=list)
    base: str = ""
    """The first ``<base href>``, as written."""
    hidden: list[str] = field(default_factory=list)
    """Comments and scripts."""
    rest: str = ""
    """What was beyond the bounds, to be searched flat."""
    pieces: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    """The words of links: what the reader is told, not where it leads."""

    @property
    def text(self) -> str:
        """What a reader sees; words are joined over inline tags and parted at blocks."""
        return "".join(self.pieces)


def read_html(text: str, tokens: int, marks: Marks) -> tuple[Page, int]:
    """Read a document with at most so many tokens; gives it and the tokens that are left."""
    reader = _Reader(text, marks)
    while tokens > 0 and reader.step():
        tokens -= 1
    if tokens <= 0:
        marks.add("html-cut")
        reader.page.rest = text[reader.at :]
    return reader.page, tokens


class _Reader:
    def __init__(self, text: str, marks: Marks) -> None:
        self.page = Page()
        self.at = 0
        self._source = text
        self._marks = marks
        self._in_anchor = False

    def step(self) -> bool:
        """Take one tag and the text before it; ``False`` at the end."""
        found = TAG.search(self._source, self.at)
        if found is None:
            self._show(self._source[self.at :])
            self.at = len(self._source)
            return False
        self._show(self._source[self.at : found.start()])
        self.at = found.end()
        if found[2]:
            self._tag(found[2].lower(), closing=bool(found[1]))
        elif found[0] == "<!--":
            self._comment(found.end())
        else:
            self._skip_to(">")
        return True

    def _show(self, raw: str) -> None:
        if raw:
            pieces = self.page.labels if self._in_anchor else self.page.pieces
            pieces.append(references(raw))

    def _skip_to(self, mark: str) -> str:
        end = self._source.find(mark, self.at)
        skipped = self._source[self.at : end if end >= 0 else None]
        self.at = len(self._source) if end < 0 else end + len(mark)
        return skipped

    def _comment(self, start: int) -> None:
        if self._source.startswith(("[if", ">", "->"), start):
            self._skip_to(">")
            return
        self.page.hidden.append(self._skip_to("-->"))

    def _tag(self, name: str, *, closing: bool) -> None:
        if name not in INLINE:
            self.page.pieces.append("\n")
        if closing:
            self._skip_to(">")
            if name == "a":
                self._end_anchor()
            return
        attributes = self._attributes()
        if name == "a":
            self._end_anchor()
            self._in_anchor = "href" in attributes
        _take(self.page, name, attributes)
        if name in RAW_TEXT:
            self._raw_text(name)

    def _end_anchor(self) -> None:
        if self._in_anchor:
            self._in_anchor = False
            self.page.labels.append("\n")

    def _attributes(self) -> dict[str, str]:
        attributes: dict[str, str] = {}
        for _ in range(limits.TAG_ATTRIBUTES):
            found = ATTRIBUTE.match(self._source, self.at)
            if found is None:
                break
            self.at = found.end()
            value = found[2] or found[3] or found[4] or ""
            attributes.setdefault(found[1].lower()[:100], value[: limits.ATTRIBUTE_CHARS])
        else:
            self._marks.add("attributes-cut")
        self._skip_to(">")
        return attributes

    def _raw_text(self, name: str) -> None:
        end = re.compile(f"</{name}(?=[\\s/>])", re.IGNORECASE).search(self._source, self.at)
        stop = end.start() if end else len(self._source)
        content = self._source[self.at : stop]
        self.at = stop
        if name == "style":
            self.page.found += _css(content, "style")
        elif name == "script":
            self.page.hidden.append(content)
        elif name != "title":
            self._show(content)


def _take(page: Page, name: str, attributes: dict[str, str]) -> None:
    if name == "base" and "href" in attributes:
        page.base = page.base or references(attributes["href"], attribute=True)
        return
    if name == "meta" and attributes.get("http-equiv", "").strip().lower() == "refresh":
        target = REFRESH.match(references(attributes.get("content", ""), attribute=True))
        if target:
            page.found.append(Found(target[1], Role.LINK, "meta@refresh"))
    for key, written in attributes.items():
        value = references(written, attribute=True)
        role = _role(name, key)
        if role is not None and value.strip():
            page.found.append(Found(value, role, f"{name[:20]}@{key}"))
        elif key == "style":
            page.found += _css(value, f"{name[:20]}@style")
        elif key == "srcset":
            page.found += _srcset(value, name)


def _role(name: str, key: str) -> Role | None:
    if key in ("href", "xlink:href"):
        return Role.RESOURCE if name in LOADED_BY_HREF else Role.LINK
    if (name, key) in CLICKED:
        return Role.LINK
    return Role.RESOURCE if key in LOADED else None


def _css(text: str, place: str) -> list[Found]:
    return [Found(found[1] or found[2], Role.RESOURCE, place) for found in CSS_URL.finditer(text)]


def _srcset(value: str, name: str) -> list[Found]:
    candidates = value.split(",", limits.SRCSET_URLS)[: limits.SRCSET_URLS]
    urls = (candidate.split(maxsplit=1) for candidate in candidates)
    return [Found(words[0], Role.RESOURCE, f"{name[:20]}@srcset") for words in urls if words]


@functools.lru_cache(maxsize=4096)
def _character(reference: str) -> str:
    return html.unescape(reference)


def references(text: str, *, attribute: bool = False) -> str:
    """
    Resolve character references.

    In an attribute a name without semicolon before ``=`` or a letter stays as it is
    (WHATWG HTML, 13.2.5.73), so that ``?a=1&copy=2`` is no copyright sign.

    >>> references("a&period;b&#159;&copy=1", attribute=True)
    'a.bŸ&copy=1'
    """
    if "&" not in text:
        return text

    def resolve(found: re.Match[str]) -> str:
        written = found[0]
        after = text[found.end() : found.end() + 1]
        if attribute and written[1] != "#":
            known = html5.get(written[1:], written)
            return known if written[-1] == ";" or after != "=" else written
        return _character(written)

    return REFERENCE.sub(resolve, text)
