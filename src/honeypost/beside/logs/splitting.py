"""
Blocks of a growing file cut into lines, with a limit on a line's length.

Of a line beyond the limit only the start is kept, so a file without line ends costs no memory.
A last line without its end waits for the rest: a writer may be in the middle of it.
"""

from __future__ import annotations

LINE_BYTES = 64 * 1024
"""Longest line that is looked at; syslog cuts at 8 KiB, journald at 48 KiB by default."""

BLOCK_BYTES = 256 * 1024
"""Read at once."""


class LineSplitter:
    """Takes blocks in order, gives whole lines without their ends."""

    def __init__(self) -> None:
        self._start = b""
        self.waiting = 0
        """Bytes taken that belong to a line whose end has not come yet."""

    def feed(self, block: bytes) -> list[bytes]:
        """Take a block; give the lines that end in it."""
        data = self._start + block
        lines = data.split(b"\n")
        last = lines.pop()
        if lines:
            self.waiting = len(last)
            if b"\r\n" in data or max(map(len, lines)) > LINE_BYTES:
                lines = [_whole(line) for line in lines]
        else:
            self.waiting += len(block)
        self._start = last[:LINE_BYTES]
        return lines

    def flush(self) -> list[bytes]:
        """Give the last line although its end never came; nothing when there is none."""
        lines = [_whole(self._start)] if self.waiting else []
        self._start, self.waiting = b"", 0
        return lines


def _whole(line: bytes) -> bytes:
    line = line[:LINE_BYTES] if len(line) > LINE_BYTES else line
    return line.removesuffix(b"\r")
