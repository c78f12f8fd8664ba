"""
A message as DATA sends it: lines up to one with a single dot (RFC 5321, section 4.5.2).

Postfix 3.7 takes a bare LF for a line end, here too: ``\\n.\\n`` ends a message, and so does
a dot followed by any number of CR and LF.  Later versions have ``smtpd_forbid_bare_newline``.
A line over the limit is read in pieces; a dot at the start of a later piece is no leading
dot.  What comes out are the bytes as sent, without the leading dots.
"""

from __future__ import annotations

from dataclasses import dataclass

from honeypost.proto.lines import LineBuffer


@dataclass(frozen=True, slots=True)
class Passage:
    """Some of a message."""

    data: bytes
    counted: int
    """What it adds to the size as Postfix counts: each piece without its end, plus two."""
    last: bool = False
    """The dot was read: the message is complete."""


class DottedText:
    """Reads one message; ``line_bytes`` is the longest line read in one piece."""

    def __init__(self, line_bytes: int) -> None:
        self._line_bytes = line_bytes
        self._within_line = False

    def read(self, lines: LineBuffer) -> Passage | None:
        """Take what is there, ``None`` when more input is needed."""
        return self._many_lines(lines) or self._one_piece(lines)

    def _many_lines(self, lines: LineBuffer) -> Passage | None:
        """Take ordinary lines all at once: no leading dot, no stray CR, none too long."""
        if self._within_line:
            return None
        text = lines.whole_lines()
        dot = 0 if text.startswith(b".") else text.find(b"\n.") + 1 or len(text)
        text = text[:dot]
        if not text or b"\r\r\n" in text or has_long_line(text, self._line_bytes):
            return None
        lines.take(len(text))
        return Passage(text, len(text) + text.count(b"\n") - text.count(b"\r\n"))

    def _one_piece(self, lines: LineBuffer) -> Passage | None:
        taken = lines.piece(self._line_bytes)
        if taken is None:
            return None
        piece, ends_line = taken
        starts_line, self._within_line = not self._within_line, not ends_line
        if starts_line and piece.startswith(b"."):
            piece = piece[1:]
            if ends_line and not piece.rstrip(b"\r\n"):
                return Passage(b"", 0, last=True)
        return Passage(piece, count(piece))


def has_long_line(text: bytes, limit: int) -> bool:
    r"""
    Is there a run of ``limit`` bytes without LF?

    In steps of ``limit``; a regular expression looks at each byte many times (5 ms for
    64 KiB of ordinary lines, measured, and every other session waits for it).

    >>> has_long_line(b"abc\nabcd\n", 4), has_long_line(b"abc\nabc\n", 4)
    (True, False)
    """
    start = 0
    while len(text) - start >= limit:
        end = text.rfind(b"\n", start, start + limit)
        if end < 0:
            return True
        start = end + 1
    return False


def count(piece: bytes) -> int:
    r"""
    Count a line or a piece of one as Postfix does.

    >>> count(b"abc\r\n"), count(b"abc\n"), count(b"abc")
    (5, 5, 5)
    """
    return len(piece[:-1].rstrip(b"\r") if piece.endswith(b"\n") else piece) + 2
