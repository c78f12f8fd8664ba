"""
A mail log that grows, read over rotation and over our own restarts.

logrotate knows two ways.  It renames the file and lets the writer open a new one: the old one
is read to its end first, and the writer may go on writing to it until the new one has its
first byte.  Or it copies the file and empties it (``copytruncate``): what had not been read
yet stands in the copy.  After a restart the file that a cursor speaks of may be any of them,
compressed too; it is known again by its first bytes (:mod:`honeypost.beside.logs.opened`).

A line is handed out once it is whole; of a file that will not grow any more the last one too.
"""

from __future__ import annotations

import stat
from collections import deque
from collections.abc import Callable
from datetime import tzinfo
from pathlib import Path

import msgspec

from honeypost.beside.logs.opened import OpenedLog, Position
from honeypost.beside.logs.reader import Counts, LogLine, Reader
from honeypost.beside.logs.rotated import Start, starts_after, starts_since
from honeypost.beside.logs.times import Calendar

BLOCKS_A_POLL = 8
"""Blocks of 256 KiB read in one poll; with more to read, the next poll goes on."""


class FileFollower:
    """
    Gives what is new in a log file; see :class:`honeypost.beside.logs.reader.LogSource`.

    :param cursor: ``cursor`` of the follower before this one, ``""`` when there was none or
        it is not known any more.
    :param since: without a cursor: read rotated files changed since then first (seconds since
        1970); ``None`` begins at the start of the file itself.
    """

    def __init__(
        self,
        path: Path,
        zone: tzinfo,
        clock: Callable[[], float],
        cursor: str = "",
        since: float | None = None,
    ) -> None:
        self._path = path
        self._zone = zone
        self._clock = clock
        self.counts = Counts()
        self._log: OpenedLog | None = None
        self._reader = self._reader_of(path, None, clock())
        self._position = _decoded(cursor)
        now = clock()
        self._ahead: deque[Start] = deque(
            starts_after(path, self._position, zone, now)
            if self._position
            else starts_since(path, since, zone, now)
        )

    @property
    def cursor(self) -> str:
        """Where the next poll goes on, as text to be kept; ``""`` before anything was found."""
        if self._position is None:
            return ""
        return msgspec.json.encode(self._position).decode()

    def poll(self) -> list[LogLine]:
        """
        Give the new lines about clients; none when there is nothing new or no file yet.

        :raises OSError: the file is there but cannot be read.
        """
        told: list[LogLine] = []
        for _ in range(BLOCKS_A_POLL):
            found = self._step()
            if found is None:
                break
            told += found
        return told

    def close(self) -> None:
        """Close the file; the cursor stays."""
        if self._log is not None:
            self._log.close()
            self._log = None

    def _step(self) -> list[LogLine] | None:
        """Read one block, or go on to the next file; ``None`` when there is nothing to do."""
        if self._log is None and not self._open_next():
            return None
        log = self._log
        assert log is not None
        try:
            lines = log.read()
        except OSError:
            # Of an old file what can be read is enough; the log itself must be readable.
            self.close()
            if self._ahead:
                return []
            raise
        if lines is None:
            return self._at_end(log)
        if not log.is_intact():
            return self._go_elsewhere(finished=False)
        return self._told(log, lines)

    def _told(self, log: OpenedLog, lines: list[bytes]) -> list[LogLine]:
        if not self._ahead:
            self._reader.calendar.look_back_from(self._clock())
        told = self._reader.lines(lines)
        self._position = log.position(self._reader.line, self._reader.time)
        return told

    def _open_next(self) -> bool:
        path, position = self._ahead.popleft() if self._ahead else (self._path, None)
        try:
            if not stat.S_ISREG(path.stat().st_mode):
                raise OSError(f"{path}: not a regular file")
            log = OpenedLog(path)
        except FileNotFoundError:
            return bool(self._ahead) and self._open_next()
        if position is not None and not log.go_on_at(position):
            # It was exchanged since it was looked at.
            log.close()
            log, position = OpenedLog(path), None
        self._log = log
        self._reader = self._reader_of(path, position, min(self._clock(), log.changed))
        self._position = log.position(self._reader.line, self._reader.time)
        return True

    def _at_end(self, log: OpenedLog) -> list[LogLine] | None:
        if self._ahead:
            told = self._told(log, log.rest())
            self.close()
            return told
        if not log.is_intact():
            return self._go_elsewhere(finished=False)
        if not self._has_successor(log):
            return None
        # The writer has let go of the old file, so what it wrote there last is there now.
        lines = log.read()
        if lines is not None:
            return self._told(log, lines)
        return self._go_elsewhere(finished=True)

    def _has_successor(self, log: OpenedLog) -> bool:
        """Has another file the log's name, and something in it?"""
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return False
        return status.st_ino != log.inode and status.st_size > 0

    def _go_elsewhere(self, *, finished: bool) -> list[LogLine]:
        """Leave the file for those that follow it, or for the copy of what was in it."""
        log = self._log
        assert log is not None
        told = self._told(log, log.rest()) if finished else []
        position = self._position
        assert position is not None
        self.close()
        self._ahead.extend(starts_after(self._path, position, self._zone, self._clock()))
        return told

    def _reader_of(self, path: Path, position: Position | None, reference: float) -> Reader:
        previous = position.time if position else None
        calendar = Calendar(self._zone, reference, previous=previous)
        return Reader(str(path), calendar, self.counts, position.line if position else 0)


def _decoded(cursor: str) -> Position | None:
    try:
        return msgspec.json.decode(cursor, type=Position) if cursor else None
    except msgspec.DecodeError:
        return None
