"""
A message as DATA sends it: lines up to one with a single dot (RFC 5321, section 4.5.2).

Postfix 3.7 takes a bare LF for a line end, here too: ``\\n.\\n`` ends a message, and so does
a dot followed by any number of CR and LF.  Later versions have ``smtpd_forbid_bare_newline``.
A line over the limit is read in pieces; a dot at the start of a later piece is no leading
dot.  What comes out are the bytes as sent, without the leading dots.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from honeypost.proto.lines import LineBuffer

_LEADING_DOT = re.compile(rb"^\.", re.MULTILINE)
_END = re.compile(rb"^\.\r*\n", re.MULTILINE)
_LINE_END = re.compile(rb"\r+\n")


@dataclass(frozen=True, slots=True)
class Passage:
    """Some of a message."""

    data: bytes
    counted: int
    """What it adds to the size as Postfix counts: each piece without its end, plus two."""
    last: bool = False
    """The dot was read behind it: the message is complete."""


class DottedText:
    """Reads one message; ``line_bytes`` is the longest line read in one piece."""

    def __init__(self, line_bytes: int) -> None:
        self._line_bytes = line_bytes
        self._within_line = False

    def read(self, lines: LineBuffer) -> Passage | None:
        """Take what is there, ``None`` when more input is needed."""
        text = b"" if self._within_line else short_lines(lines, self._line_bytes)
        if text:
            return self._many_lines(lines, text)
        taken = lines.piece(self._line_bytes)
        return self._one_piece(*taken) if taken else None

    def _many_lines(self, lines: LineBuffer, text: bytes) -> Passage:
        """Take short lines all at once; one by one an attacker's 64 KiB would take long."""
        end = end_of_text(text)
        lines.take(end.end() if end else len(text))
        body = text[: end.start()] if end else text
        if body.startswith(b".") or b"\n." in body:
            body = _LEADING_DOT.sub(b"", body)
        return Passage(body, count_lines(body), end is not None)

    def _one_piece(self, piece: bytes, ends_line: bool) -> Passage:  # noqa: FBT001  as it comes
        starts_line, self._within_line = not self._within_line, not ends_line
        if starts_line and piece.startswith(b"."):
            piece = piece[1:]
        return Passage(piece, count(piece))


def end_of_text(text: bytes) -> re.Match[bytes] | None:
    """Find the line that is a dot, in text that begins with a line."""
    # Most text has no line with a dot: the search for one is 20 times as fast.
    begin = 0 if text.startswith(b".") else text.find(b"\n.") + 1
    return _END.search(text, begin) if begin or text.startswith(b".") else None


def short_lines(lines: LineBuffer, limit: int) -> bytes:
    """Look at the whole lines up to the first that is longer than the limit, end included."""
    text = lines.whole_lines()
    if len(text) <= limit:
        return text
    sizes = list(map(len, text.split(b"\n")))
    if max(sizes) < limit:
        return text
    first = next(index for index, size in enumerate(sizes) if size >= limit)
    return text[: sum(sizes[:first]) + first]


def count_lines(text: bytes) -> int:
    r"""
    Count whole lines as Postfix does.

    >>> count_lines(b"abc\r\n\n\r\r\n")
    9
    """
    if b"\r\r\n" in text:
        text = _LINE_END.sub(b"\r\n", text)
    return len(text) + text.count(b"\n") - text.count(b"\r\n")


def count(piece: bytes) -> int:
    r"""
    Count a line or a piece of one as Postfix does.

    >>> count(b"abc\r\n"), count(b"abc\n"), count(b"abc")
    (5, 5, 5)
    """
    return len(piece[:-1].rstrip(b"\r") if piece.endswith(b"\n") else piece) + 2
