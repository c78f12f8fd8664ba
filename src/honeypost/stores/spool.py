"""
Bodies on their way in: in memory first, in a file when they grow.

Most spam is a few KiB and never touches a file before it is kept.  What grows beyond the
memory limit moves to a file that has no name (it is unlinked at once), so whatever kills us
leaves nothing behind.  Files are written through the page cache and never synced here: a
spooled body has not been acknowledged to anybody.

While the writer thread copies a body it is *lent*: ``abandon`` then waits until it is given
back, so a client that hangs up at the wrong moment cannot pull the file away.

To close a file without a name is to free it, 3 ms for 10 MB.  So the writer thread does it, else
50 bodies that end together would hold up the event loop for 150 ms (measured).
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from honeypost.config.schema import Budgets
from honeypost.errors import StoreFull
from honeypost.stores.files import DISK, File, Files, own_errors

CHUNK_BYTES: Final = 256 * 1024
"""How much of a body is in memory at once while it is copied."""
HELD_BYTES: Final = 2047
"""
Hashed at once of a body in memory; for more, hashlib lets go of the interpreter.  To get it back
from a busy event loop costs 0.5 ms and two switches of threads, a body of 4 KiB costs 10 µs.
"""


class Spool:
    """
    The bodies being received by this process, and the budget that they share.

    For the event loop's thread only.
    """

    def __init__(self, directory: Path, budgets: Budgets, files: Files = DISK) -> None:
        self._directory = directory
        self._files = files
        self._budgets = budgets
        self._made = 0
        self._elsewhere: Callable[[Callable[[], None]], bool] = lambda _: False
        self.bytes = 0
        """Held by all bodies together now, in memory and in files."""

    def open(self) -> None:
        """
        Make the directory and sweep out what an earlier process left.

        :raises StoreError: when it cannot be made.
        """
        with own_errors(str(self._directory)):
            self._files.make_directory(self._directory)
            for name in self._files.names(self._directory):
                self._files.unlink(self._directory / name)

    def close_by(self, elsewhere: Callable[[Callable[[], None]], bool]) -> None:
        """Have files closed by somebody else; what he refuses is closed here."""
        self._elsewhere = elsewhere

    def body(self) -> SpooledBody:
        """Begin a body."""
        return SpooledBody(self)

    def take(self, count: int) -> None:
        """
        Take room from the budget of all bodies.

        :raises StoreFull: when it is used up.
        """
        if self.bytes + count > self._budgets.spool_bytes:
            raise StoreFull(f"spool: {self._budgets.spool_bytes} bytes (spool_bytes) are in use")
        self.bytes += count

    def give_back(self, count: int) -> None:
        self.bytes -= count

    def close(self, file: File) -> None:
        """Free a file."""
        if not self._elsewhere(file.close):
            file.close()

    @property
    def memory_bytes(self) -> int:
        """Of one body, kept in memory before it gets a file."""
        return self._budgets.spool_memory_bytes

    def file(self) -> File:
        """
        Make a file without a name.

        :raises StoreFull: no room on the disk. :raises StoreError: another trouble with it.
        """
        with own_errors(str(self._directory)):
            if self._files.free_bytes(self._directory) < self._budgets.disk_free_bytes:
                raise StoreFull("spool: the disk has no room left (disk_free_bytes)")
            self._made += 1
            path = self._directory / f"{self._made:08d}.body"
            file = self._files.create(path)
            self._files.unlink(path)
            return file


class SpooledBody:
    """One body; see :class:`honeypost.ports.Body`."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._memory: bytearray | None = bytearray()
        self._file: File | None = None
        self._length = 0
        self._skipped = 0
        self._lent = False
        self._abandoned = False

    @property
    def size(self) -> int:
        """Bytes that will be kept: all that was written but for what is skipped."""
        return self._length - self._skipped

    def write(self, data: bytes) -> None:
        """
        Add bytes.

        :raises StoreFull: neither memory nor disk may hold more.
        :raises StoreError: the disk is broken.
        """
        self._spool.take(len(data))
        try:
            self._put(data)
        except BaseException:
            self._spool.give_back(len(data))
            raise
        self._length += len(data)

    def head(self, limit: int) -> bytes:
        """The first bytes of what will be kept."""
        return self._read(self._skipped, limit)

    def skip(self, count: int) -> None:
        """Leave the next ``count`` bytes at the beginning out of what is kept."""
        self._skipped = min(self._skipped + count, self._length)

    def chunks(self) -> Iterator[bytes]:
        """What will be kept, in pieces of at most :data:`CHUNK_BYTES`; for the writer thread."""
        for offset in range(self._skipped, self._length, CHUNK_BYTES):
            yield self._read(offset, min(CHUNK_BYTES, self._length - offset))

    def measure(self) -> tuple[int, int, str]:
        """Size, CRC-32 and SHA-256 of what will be kept; for the writer thread."""
        size, crc, digest = 0, 0, hashlib.sha256()
        for chunk in self.chunks():
            size += len(chunk)
            crc = zlib.crc32(chunk, crc)
            step = HELD_BYTES if self._file is None else CHUNK_BYTES
            for start in range(0, len(chunk), step):
                digest.update(chunk[start : start + step])
        return size, crc, digest.hexdigest()

    def lend(self) -> None:
        """Keep it from being freed until :meth:`give_back`."""
        self._lent = True

    def give_back(self) -> None:
        """End the lending and free the body."""
        self._lent = False
        self.abandon()

    def abandon(self) -> None:
        """Free what it holds; safe to call twice, and late while it is lent."""
        if self._lent or self._abandoned:
            return
        self._abandoned = True
        self._memory = None
        if self._file is not None:
            self._spool.close(self._file)
        self._spool.give_back(self._length)

    def _put(self, data: bytes) -> None:
        if self._file is None and self._length + len(data) > self._spool.memory_bytes:
            self._move()
        if self._file is None:
            assert self._memory is not None, "written to after it was abandoned"
            self._memory += data
        else:
            with own_errors("spool"):
                self._file.write(self._length, data)

    def _move(self) -> None:
        """Go on in a file."""
        assert self._memory is not None, "written to after it was abandoned"
        file = self._spool.file()
        try:
            with own_errors("spool"):
                file.write(0, bytes(self._memory))
        except BaseException:
            file.close()
            raise
        self._file, self._memory = file, None

    def _read(self, offset: int, count: int) -> bytes:
        if self._file is not None:
            with own_errors("spool"):
                return self._file.read(offset, count)
        assert self._memory is not None, "read after it was abandoned"
        return bytes(self._memory[offset : offset + count])
