"""
One writer per store: the lock that a store holds as long as it is open for writing.

The kernel gives it back when the process ends, however it ends; so it is never stale.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from honeypost.errors import StoreBusy
from honeypost.stores.files import DISK, PRIVATE, own_errors


class WriterLock:
    """
    The right to write a store, from construction to :meth:`release`.

    :raises StoreBusy: another process (or another object of this one) has it.
    :raises StoreError: the lock file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        with own_errors(str(path)):
            DISK.make_directory(path.parent)
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self.release()
            raise StoreBusy(f"{path.parent} is written by another process") from error

    def release(self) -> None:
        """Give it back; safe to call twice."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1


@contextmanager
def locked(path: Path) -> Iterator[WriterLock]:
    """
    Take the lock and open the store inside; when that fails the lock is given back.

    :raises StoreBusy: another process has it. :raises StoreError: it cannot be written.
    """
    lock = WriterLock(path)
    try:
        yield lock
    except BaseException:
        lock.release()
        raise
