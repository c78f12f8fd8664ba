"""
One log file that has been opened, and how far it was read.

A file is known again by its first bytes, not by its name: rotation gives it another name,
``copytruncate`` another inode, and compressed it has other bytes on disk but the same inside.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from pathlib import Path
from typing import BinaryIO, cast

import msgspec

from honeypost.beside.logs.splitting import BLOCK_BYTES, LineSplitter

HEAD_BYTES = 1024
"""First bytes of a file by which it is known again."""

GZIP = b"\x1f\x8b"


class Position(msgspec.Struct, frozen=True):
    """How far a file was read: up to the end of a whole line."""

    offset: int
    """Bytes, uncompressed; never 0."""
    line: int
    """Lines up to there."""
    print: str
    """Of the first bytes up to there, :data:`HEAD_BYTES` at most."""
    time: float | None = None
    """Of the last readable line."""


class OpenedLog:
    """
    A log, gzipped or not whatever its name says, from its start on.

    :raises OSError: it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._raw = path.open("rb", buffering=0)
        status = os.fstat(self._raw.fileno())
        self.inode = status.st_ino
        self.changed = status.st_mtime
        self._packed = os.pread(self._raw.fileno(), len(GZIP), 0) == GZIP
        unpacked = gzip.GzipFile(fileobj=self._raw) if self._packed else self._raw
        self._file = cast("BinaryIO", unpacked)
        self._head = b""
        self._taken = 0
        self._splitter = LineSplitter()

    def go_on_at(self, position: Position) -> bool:
        """Go to where it was left off; ``False`` when that was another file or there is less."""
        try:
            head = self._file.read(min(position.offset, HEAD_BYTES))
            there = self._file.seek(position.offset) == position.offset
        except (OSError, EOFError, zlib.error):
            return False
        long_enough = self._packed or os.fstat(self._raw.fileno()).st_size >= position.offset
        self._head, self._taken = head, position.offset
        return there and long_enough and fingerprint(head) == position.print

    def read(self) -> list[bytes] | None:
        """Give the whole lines of the next block; ``None`` at the end of what is there."""
        try:
            block = self._file.read(BLOCK_BYTES)
        except (EOFError, zlib.error) as problem:
            raise OSError(f"{self.path}: the compressed file is broken: {problem}") from problem
        if not block:
            return None
        if len(self._head) < HEAD_BYTES:
            self._head += block[: HEAD_BYTES - len(self._head)]
        self._taken += len(block)
        return self._splitter.feed(block)

    def rest(self) -> list[bytes]:
        """Give the last line although its end never came."""
        return self._splitter.flush()

    @property
    def begun(self) -> bool:
        """Was anything read of it?"""
        return self._taken > 0

    def is_empty(self) -> bool:
        """Is there nothing in it, and was nothing read before?"""
        return not self.begun and os.fstat(self._raw.fileno()).st_size == 0

    def is_intact(self) -> bool:
        """Is what was read still there, or has the file been emptied behind our back?"""
        size = os.fstat(self._raw.fileno()).st_size
        head = os.pread(self._raw.fileno(), len(self._head), 0)
        return self._packed or (size >= self._taken and head == self._head)

    def position(self, line: int, time: float | None) -> Position | None:
        """
        Give how far it was read, with the number and the time of the last line.

        ``None`` when that is nowhere: a file is known again by what was read of it.
        """
        offset = self._taken - self._splitter.waiting
        head = self._head[: min(offset, HEAD_BYTES)]
        return Position(offset, line, fingerprint(head), time) if offset else None

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        self._raw.close()


def fingerprint(head: bytes) -> str:
    """Give what a file's first bytes are remembered by."""
    return hashlib.sha256(head).hexdigest()[:32]
