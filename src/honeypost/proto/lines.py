"""
Received bytes, cut as a mail server cuts them.

Theory of operation
===================

Postfix reads a line up to a limit that includes the line end.  A longer command is cut
there and its rest skipped up to the next LF; within a message the rest is simply the next
piece.  A line ends with LF; every CR before it belongs to the line end (measured on
Postfix 3.7.11).

The buffer holds at most ``limit`` bytes: only what cannot be worked off yet, that is an
unfinished line, or what came in while an answer was outstanding.
"""

from __future__ import annotations

LF = 0x0A


class InputOverflow(Exception):
    """More came in than may be held back."""


class LineBuffer:
    """Bytes of one direction of one connection that wait to be worked off."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._bytes = bytearray()
        self._skipping = False

    def __len__(self) -> int:
        return len(self._bytes)

    def feed(self, data: bytes, *, held: bool) -> None:
        """
        Add what came in; ``held`` says that it will not be worked off at once.

        :raises InputOverflow: when more than ``limit`` bytes would be held back.
        """
        if held and len(self._bytes) + len(data) > self._limit:
            raise InputOverflow
        self._bytes += data

    def clear(self) -> None:
        """Throw everything away, also the rest of a line being skipped."""
        self._bytes.clear()
        self._skipping = False

    def command(self, limit: int) -> bytes | None:
        """
        Take one line without its end, cut to ``limit`` bytes (line end included).

        ``None`` when none is complete.  Of a line that is too long the rest is skipped.
        """
        if self._skipping and not self._skip():
            return None
        end = self._bytes.find(LF, 0, limit)
        if end >= 0:
            return self._take(end + 1)[:-1].rstrip(b"\r")
        if len(self._bytes) < limit:
            return None
        line = self._take(limit)
        self._skipping = True
        return line

    def answer(self, limit: int) -> bytes | None:
        """
        Take one line as :meth:`command` does, but wait for the end of one that is too long.

        Such a line comes back as so many bytes as the limit has, without a line end.
        """
        end = self._bytes.find(LF)
        if end < 0:
            if len(self._bytes) > limit:
                del self._bytes[limit:]
            return None
        line = self._take(end + 1)
        return line[:-1].rstrip(b"\r") if len(line) <= limit else line[:limit]

    def piece(self, limit: int) -> tuple[bytes, bool] | None:
        """
        Take the next piece of a message: a line with its end, or ``limit`` bytes of one.

        The second value says whether the piece ends its line.  ``None`` when neither is
        complete.
        """
        end = self._bytes.find(LF, 0, limit)
        if end >= 0:
            return self._take(end + 1), True
        if len(self._bytes) < limit:
            return None
        return self._take(limit), False

    def whole_lines(self) -> bytes:
        """Look at everything up to and with the last LF, without taking it."""
        return bytes(self._bytes[: self._bytes.rfind(LF) + 1])

    def take(self, count: int) -> bytes:
        """Take up to ``count`` bytes, whatever they are."""
        return self._take(count)

    def _skip(self) -> bool:
        end = self._bytes.find(LF)
        if end < 0:
            self._bytes.clear()
            return False
        del self._bytes[: end + 1]
        self._skipping = False
        return True

    def _take(self, count: int) -> bytes:
        taken = bytes(self._bytes[:count])
        del self._bytes[:count]
        return taken
