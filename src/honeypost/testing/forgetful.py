"""
A file layer with a memory: what would be on the disk, had the power gone at that moment?

:class:`ForgetfulFiles` works on a real directory and writes down every call.  Afterwards
:meth:`ForgetfulFiles.after_power_loss` makes the state that a crash behind any call could have
left: what was synced is there; of the rest any part may be, in any order, torn or whole:

- bytes written since the file's last ``sync``: each write there, missing (a hole of zeros)
  or torn in the middle;
- names changed since the directory's last ``sync_directory``: each there or not.

That is harsher than any real file system, which is the point.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from honeypost.stores.files import DISK, PRIVATE, File, Files

SURVIVES: Final = 0.5
"""How often an unsynced write or name outlives the crash, and how often it is torn then."""


@dataclass(frozen=True, slots=True)
class Write:
    file: int
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Truncate:
    file: int
    size: int


@dataclass(frozen=True, slots=True)
class Sync:
    file: int


@dataclass(frozen=True, slots=True)
class Name:
    """A name now means this file; ``None`` when it is gone."""

    path: Path
    file: int | None


@dataclass(frozen=True, slots=True)
class SyncDirectory:
    path: Path


Call = Write | Truncate | Sync | Name | SyncDirectory


@dataclass(slots=True)
class _Disk:
    """What a crash leaves, call by call."""

    chance: random.Random
    contents: dict[int, bytearray] = field(default_factory=dict)
    names: dict[Path, int] = field(default_factory=dict)
    unsynced: dict[int, list[Write | Truncate]] = field(default_factory=dict)
    unsynced_names: list[Name] = field(default_factory=list)

    def take(self, call: Call) -> None:
        match call:
            case Write() | Truncate():
                self.unsynced.setdefault(call.file, []).append(call)
            case Sync():
                for change in self.unsynced.pop(call.file, []):
                    self._apply(change)
            case Name():
                self.unsynced_names.append(call)
            case SyncDirectory():
                synced = [name for name in self.unsynced_names if name.path.parent == call.path]
                self.unsynced_names = [n for n in self.unsynced_names if n not in synced]
                for name in synced:
                    self._rename(name)

    def crash(self) -> None:
        """Decide about everything that was not synced."""
        for changes in self.unsynced.values():
            for change in changes:
                if self.chance.random() < SURVIVES:
                    self._apply(self._torn(change))
        for name in self.unsynced_names:
            if self.chance.random() < SURVIVES:
                self._rename(name)

    def _torn(self, change: Write | Truncate) -> Write | Truncate:
        if isinstance(change, Truncate) or self.chance.random() < SURVIVES:
            return change
        kept = self.chance.randrange(len(change.data) + 1)
        return Write(change.file, change.offset, change.data[:kept])

    def _apply(self, change: Write | Truncate) -> None:
        content = self.contents.setdefault(change.file, bytearray())
        if isinstance(change, Truncate):
            del content[change.size :]
            return
        content.extend(bytes(max(0, change.offset - len(content))))
        content[change.offset : change.offset + len(change.data)] = change.data

    def _rename(self, name: Name) -> None:
        if name.file is None:
            self.names.pop(name.path, None)
        else:
            self.names[name.path] = name.file


class _WatchedFile:
    """A real file whose changes are written down."""

    def __init__(self, file: File, number: int, files: ForgetfulFiles) -> None:
        self._file = file
        self._number = number
        self._files = files

    def write(self, offset: int, data: bytes) -> None:
        self._file.write(offset, data)
        self._files.note(Write(self._number, offset, bytes(data)))

    def read(self, offset: int, count: int) -> bytes:
        return self._file.read(offset, count)

    def size(self) -> int:
        return self._file.size()

    def truncate(self, size: int) -> None:
        self._file.truncate(size)
        self._files.note(Truncate(self._number, size))

    def sync(self) -> None:
        self._files.note(Sync(self._number))

    def close(self) -> None:
        self._file.close()


class ForgetfulFiles:
    """Implements :class:`honeypost.stores.files.Files`; safe for use by several threads."""

    def __init__(self, files: Files = DISK) -> None:
        self._real = files
        self._calls: list[Call] = []
        self._numbers: dict[Path, int] = {}
        self._next = 0
        self._lock = threading.Lock()

    @property
    def position(self) -> int:
        """How many calls there were so far."""
        return len(self._calls)

    def note(self, call: Call) -> None:
        with self._lock:
            self._calls.append(call)

    def after_power_loss(self, position: int, seed: int, old: Path, new: Path) -> Sequence[Path]:
        """
        Write what a crash behind so many calls could have left of ``old`` to ``new``.

        :param seed: the same one gives the same leftovers.
        :return: the files that there are.
        """
        disk = _Disk(random.Random(seed))  # noqa: S311 - repeatable on purpose
        for call in self._calls[:position]:
            disk.take(call)
        disk.crash()
        left = {new / path.relative_to(old): number for path, number in disk.names.items()}
        for path, number in left.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(disk.contents.get(number, b""))
            path.chmod(PRIVATE)
        return sorted(left)

    def create(self, path: Path) -> File:
        file = self._real.create(path)
        with self._lock:
            self._next += 1
            self._numbers[path] = self._next
            self._calls.append(Name(path, self._next))
            return _WatchedFile(file, self._next, self)

    def open(self, path: Path, *, writable: bool = False) -> File:
        file = self._real.open(path, writable=writable)
        return _WatchedFile(file, self._numbers[path], self)

    def names(self, directory: Path) -> list[str]:
        return self._real.names(directory)

    def make_directory(self, path: Path) -> None:
        """Directories themselves are not forgotten."""
        self._real.make_directory(path)

    def unlink(self, path: Path) -> None:
        self._real.unlink(path)
        with self._lock:
            self._numbers.pop(path)
            self._calls.append(Name(path, None))

    def sync_directory(self, path: Path) -> None:
        self.note(SyncDirectory(path))

    def free_bytes(self, directory: Path) -> int:
        return self._real.free_bytes(directory)
