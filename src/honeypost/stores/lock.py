"""
One writer per folder: the lock that a process holds as long as it lives.

The kernel gives it back when the process ends, however it ends; so it is never stale.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Final, Self

from honeypost.stores.files import DISK, PRIVATE, own_errors

LOCK_NAME: Final = "lock"


class ProcessLock:
    """The right to write the stores below a folder, ``DATA/edge`` for one."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / LOCK_NAME
        self._descriptor: int | None = None

    def take(self) -> bool:
        """
        Take it; ``False`` when another process has it.

        :raises StoreError: the folder cannot be written.
        """
        with own_errors(str(self._path)):
            DISK.make_directory(self._path.parent)
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        """Give it back; safe to call twice."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
