"""
The MIME walk: a message to its leaves, without recursion.

Theory of operation
===================

A stack of spans (buffer, start, end) is worked off.  A multipart span is split at its own
boundary inside its own span, so a missing terminator costs nothing but itself; a message
span starts over with its header block.  A span is scanned once per level and levels are
bounded (``limits.DEPTH``), so the whole is linear.  Python's own parser recurses and dies
of 1,000 nested messages in 40 KB.

What the bounds leave over, and what no reader is shown (preamble, epilogue), comes out as a
*flat* part, which is only searched for URLs: a cut must not be a hiding place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import Enum

from honeypost.extract import limits
from honeypost.extract.fields import Fields, first_of, parameters_of, read_fields, words_of
from honeypost.extract.marks import Marks
from honeypost.extract.transfer import IDENTITY, decoded, encoding_name

GUESSED_BOUNDARY = re.compile(
    rb"(?:^|[\r\n])--([!-~]{2,70})[ \t]{0,20}\r?\n[ \t]{0,20}(?=content-)", re.IGNORECASE
)
PART_HEADER = re.compile(rb"\s{0,8}content-", re.IGNORECASE)
TYPE = re.compile(r"\s{0,16}([\w.+-]{1,80})/([\w.+-]{1,100})")
MESSAGE_TYPES = frozenset({"message/rfc822", "message/global", "message/rfc822-headers"})
CR, LF = b"\r\n"
_Cut = tuple[int, int, bool]
"""One boundary line: where it begins, where the next line begins, is it the last."""


class Kind(Enum):
    """How a part is to be read."""

    LEAF = "leaf"
    REST = "rest"
    """Beyond a bound: search it flat; a reader would see it."""
    UNSEEN = "unseen"
    """Before the first or after the last part: no reader sees it."""


@dataclass(frozen=True, slots=True)
class Part:
    """One leaf of the tree, or a flat remainder."""

    path: str
    """As IMAP counts (RFC 9051, 6.4.5): ``1``, ``2.1``."""
    kind: Kind
    raw: bytes
    """Still in its transfer encoding."""
    fields: Fields = field(default_factory=dict)
    type: str = "text/plain"
    """Declared, lower case."""
    parameters: dict[str, str] = field(default_factory=dict)
    encoding: str = ""

    @property
    def disposition(self) -> str:
        """``attachment``, ``inline`` or ``""``."""
        value = first_of(self.fields, "content-disposition")
        return value.partition(";")[0].strip().lower()

    @property
    def filename(self) -> str:
        """The file name as the sender wrote it, decoded; not safe to show."""
        disposition = parameters_of(first_of(self.fields, "content-disposition"))
        return words_of(disposition.get("filename") or self.parameters.get("name", ""))


@dataclass(frozen=True, slots=True)
class _Span:
    data: bytes
    start: int
    end: int
    path: str
    depth: int
    default: str = "text/plain"
    kind: Kind = Kind.LEAF
    message: bool = False
    """It is a whole message: its only part counts as number 1 below it."""


class Walk:
    """Walk one message; iterate it once, then ``fields`` holds the outermost header."""

    def __init__(self, raw: bytes, marks: Marks) -> None:
        self.fields: Fields = {}
        self._raw = raw
        self._marks = marks
        self._spans = 0
        self._decoded = 0
        self._searched = 0

    def __iter__(self) -> Iterator[Part]:
        pending = [_Span(self._raw, 0, len(self._raw), "", 0, message=True)]
        while pending:
            span = pending.pop()
            if span.kind is not Kind.LEAF:
                yield _flat(span, span.kind)
            elif self._spans >= limits.PARTS:
                self._marks.add("parts-cut")
                yield _flat(span, Kind.REST)
            else:
                self._spans += 1
                yield from self._open(span, pending)

    def _open(self, span: _Span, pending: list[_Span]) -> Iterator[Part]:
        fields, body = read_fields(span.data, span.start, span.end, self._marks)
        if self._spans == 1:
            self.fields = fields
        content_type = first_of(fields, "content-type")
        part = Part(
            path=f"{span.path}.1".strip(".") if span.message else span.path,
            kind=Kind.LEAF,
            raw=b"",
            fields=fields,
            type=_type_of(content_type, span.default),
            parameters=parameters_of(content_type),
            encoding=encoding_name(first_of(fields, "content-transfer-encoding")),
        )
        children = self._children(part, span, body)
        if children is None:
            shown_as = "text/plain" if part.type.startswith("multipart/") else part.type
            yield replace(part, raw=span.data[body : span.end], type=shown_as)
        else:
            pending.extend(reversed(children))

    def _children(self, part: Part, span: _Span, body: int) -> list[_Span] | None:
        multipart = part.type.startswith("multipart/")
        if not multipart and part.type not in MESSAGE_TYPES:
            return None
        self._searched += multipart * (span.end - body)
        if span.depth >= limits.DEPTH or self._searched > limits.SEARCHED_BYTES:
            self._marks.add("depth-cut")
            return [_Span(span.data, body, span.end, part.path, span.depth, kind=Kind.REST)]
        if multipart:
            return self._split(part, span, body)
        data, start, end = self._message(part, span, body)
        return [_Span(data, start, end, part.path, span.depth + 1, message=True)]

    def _message(self, part: Part, span: _Span, body: int) -> tuple[bytes, int, int]:
        # An encoded message/rfc822 is forbidden (RFC 2046, 5.2.1), common and opened by all.
        if part.encoding in IDENTITY or self._decoded > limits.DECODED_BYTES:
            return span.data, body, span.end
        data = decoded(span.data[body : span.end], part.encoding, self._marks)
        self._decoded += len(data)
        return data, 0, len(data)

    def _split(self, part: Part, span: _Span, body: int) -> list[_Span] | None:
        boundary = part.parameters.get("boundary", "").encode("utf-8", "replace")
        cuts = _cuts(span, body, boundary[: limits.BOUNDARY_BYTES].rstrip())
        if not cuts or cuts[0][2]:
            self._marks.add("boundary-missing")
            guess = _guessed(span, body)
            cuts = _cuts(span, body, guess[1]) if guess else []
        if not cuts:
            return self._unsplit(part, span, body)
        default = "message/rfc822" if part.type == "multipart/digest" else "text/plain"
        prefix = f"{span.path}." if span.path else ""
        return _spans_between(cuts, span, body, prefix, default)

    def _unsplit(self, part: Part, span: _Span, body: int) -> list[_Span] | None:
        # No part ever begins.  Some mailers forget only the boundary before the first one.
        if not PART_HEADER.match(span.data, body, span.end):
            return None
        return [_Span(span.data, body, span.end, part.path, span.depth + 1)]


def _guessed(span: _Span, body: int) -> re.Match[bytes] | None:
    end = min(span.end, body + limits.GUESS_BYTES)
    return GUESSED_BOUNDARY.search(span.data, max(body - 1, 0), end)


def _cuts(span: _Span, body: int, boundary: bytes) -> list[_Cut]:
    if not boundary:
        return []
    # A literal start is searched at memory speed, and every level searches its whole span.
    line = re.compile(rb"\n--" + re.escape(boundary) + rb"(--)?[ \t]*+(?=(\r?\n|\Z))")
    cuts: list[_Cut] = []
    for found in line.finditer(span.data, max(body - 1, 0), span.end):
        cuts.append((found.start() + 1, found.end(2), found[1] is not None))
        if found[1] or len(cuts) > limits.PARTS:
            break
    return cuts


def _spans_between(
    cuts: list[_Cut], span: _Span, body: int, prefix: str, default: str
) -> list[_Span]:
    name, depth = prefix.rstrip(".") or "0", span.depth + 1
    spans = [_Span(span.data, body, cuts[0][0], name, depth, kind=Kind.UNSEEN)]
    for number, (_, start, last) in enumerate(cuts, start=1):
        if last:
            spans.append(_Span(span.data, start, span.end, name, depth, kind=Kind.UNSEEN))
            break
        end = cuts[number][0] if number < len(cuts) else span.end
        end = _before_line_break(span.data, start, end) if number < len(cuts) else end
        spans.append(_Span(span.data, start, end, f"{prefix}{number}", depth, default))
    return [child for child in spans if child.end > child.start]


def _before_line_break(data: bytes, start: int, end: int) -> int:
    # The line break before a boundary belongs to the boundary (RFC 2046, 5.1.1).
    if end > start and data[end - 1] == LF:
        end -= 1
    return end - 1 if end > start and data[end - 1] == CR else end


def _type_of(value: str, default: str) -> str:
    found = TYPE.match(value)
    return f"{found[1]}/{found[2]}".lower() if found else default


def _flat(span: _Span, kind: Kind) -> Part:
    return Part(span.path or "0", kind, span.data[span.start : span.end])
