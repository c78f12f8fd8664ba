"""
The file layer: the few calls that the segments need, and what each of them promises.

All durability of the captures hangs on these calls, so they are an interface: the tests put
a layer below the store that forgets whatever was not synced
(:class:`honeypost.testing.forgetful.ForgetfulFiles`).  What the layer promises is what POSIX and
ext4, XFS and Btrfs promise, and no more:

- bytes written are safe after ``sync`` of that file, not before, and in no order;
- a name (create, unlink) is safe after ``sync_directory``, not before.

Errors of the disk are :class:`OSError` here; the stores turn them into our own.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

from honeypost.config.durable import sync_folder
from honeypost.errors import StoreError, StoreFull

NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""Errors that mean: later, when there is room again."""
PRIVATE: Final = 0o640
PRIVATE_DIRECTORY: Final = 0o750
"""
For us and our group, less what the umask takes.

Who may look is decided once, by the process's own folder on top: ``honeypost up`` makes it
0700, the Debian package makes it 2750 for a group whose members are our other processes.
"""
UMASK: Final = 0o027
"""Of each process that keeps something."""


class File(Protocol):
    """An open file; offsets and sizes in bytes."""

    def write(self, offset: int, data: bytes) -> None:
        """Write all of the data there; longer than the file makes it grow."""

    def read(self, offset: int, count: int) -> bytes:
        """Read so many bytes; fewer only where the file ends."""

    def size(self) -> int: ...

    def truncate(self, size: int) -> None: ...

    def sync(self) -> None:
        """Return when all that was written is on the disk (fdatasync)."""

    def close(self) -> None: ...


class Files(Protocol):
    """What the stores want of a file system."""

    def create(self, path: Path) -> File:
        """Make a new file, for us to write. :raises FileExistsError: when there is one."""

    def open(self, path: Path, *, writable: bool = False) -> File: ...

    def names(self, directory: Path) -> list[str]:
        """Names in the directory, sorted; none when there is no such directory."""

    def make_directory(self, path: Path) -> None:
        """Make it and its parents, durable; fine when it is there."""

    def unlink(self, path: Path) -> None: ...

    def sync_directory(self, path: Path) -> None:
        """Return when the names in this directory are on the disk."""

    def free_bytes(self, directory: Path) -> int:
        """Bytes that an unprivileged process may still write there (statvfs)."""


class DiskFile:
    """A real file, by its descriptor."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, offset: int, data: bytes) -> None:
        view = memoryview(data)
        while view:
            written = os.pwrite(self._descriptor, view, offset)
            view, offset = view[written:], offset + written

    def read(self, offset: int, count: int) -> bytes:
        # One pread gives all of it on a regular file, but for what a signal cuts off.
        parts = []
        while count > 0 and (part := os.pread(self._descriptor, count, offset)):
            parts.append(part)
            offset, count = offset + len(part), count - len(part)
        return b"".join(parts)

    def size(self) -> int:
        return os.fstat(self._descriptor).st_size

    def truncate(self, size: int) -> None:
        os.ftruncate(self._descriptor, size)

    def sync(self) -> None:
        os.fdatasync(self._descriptor)

    def close(self) -> None:
        os.close(self._descriptor)


class DiskFiles:
    """The real file system."""

    def create(self, path: Path) -> File:
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
        return DiskFile(os.open(path, flags, PRIVATE))

    def open(self, path: Path, *, writable: bool = False) -> File:
        access = os.O_RDWR if writable else os.O_RDONLY
        return DiskFile(os.open(path, access | os.O_CLOEXEC | os.O_NOFOLLOW))

    def names(self, directory: Path) -> list[str]:
        try:
            return sorted(entry.name for entry in directory.iterdir())
        except FileNotFoundError:
            return []

    def make_directory(self, path: Path) -> None:
        if not path.is_dir():
            self.make_directory(path.parent)
            path.mkdir(PRIVATE_DIRECTORY, exist_ok=True)
            self.sync_directory(path.parent)

    def unlink(self, path: Path) -> None:
        path.unlink()

    def sync_directory(self, path: Path) -> None:
        sync_folder(path)

    def free_bytes(self, directory: Path) -> int:
        state = os.statvfs(directory)
        return state.f_bavail * state.f_frsize


DISK: Final = DiskFiles()
"""The one real file system; it has no state."""


@contextmanager
def own_errors(what: str) -> Iterator[None]:
    """
    Turn an error of the disk into ours.

    :raises StoreFull: no room. :raises StoreError: anything else, EIO for one.
    """
    try:
        yield
    except OSError as error:
        kind = StoreFull if error.errno in NO_ROOM else StoreError
        raise kind(f"{what}: {error.strerror or error}") from error
