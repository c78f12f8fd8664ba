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
        self._since = since
        self._log: OpenedLog | None = None
        self._position = _decoded(cursor)
        """Never of a file of which nothing was read: it would not be known again."""
        self._reader = self._reader_of(path, None, clock())

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
            try:
                found = self._step()
            except OSError:
                # What was read is handed out first; the next poll complains.
                if told:
                    break
                raise
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
        log = self._log or self._open(self._starts()[0])
        if log is None:
            return None
        if log.path == self._path and not log.begun and not self._is_next(log):
            return None if self._log is log else []
        try:
            lines = log.read()
        except OSError:
            if log.path == self._path:
                raise
            lines = None  # of an old file what can be read is enough
        if lines is None:
            return self._at_end(log)
        if not log.is_intact():
            self.close()  # its copy has what was not read
            return []
        return self._told(log, lines)

    def _is_next(self, log: OpenedLog) -> bool:
        """Is the log itself to be read now, of which nothing was read yet?"""
        if log.is_empty() and not self._has_successor(log):
            return False
        # It may have been written and rotated away before we came to read it.
        following = self._following()
        if following[0] == self._path and not log.is_empty():
            return True
        self.close()
        self._open(following)
        return False

    def _told(self, log: OpenedLog, lines: list[bytes]) -> list[LogLine]:
        if log.path == self._path:
            self._reader.calendar.look_back_from(self._clock())
        told = self._reader.lines(lines)
        self._position = log.position(self._reader.line, self._reader.time) or self._position
        return told

    def _at_end(self, log: OpenedLog) -> list[LogLine] | None:
        if log.path == self._path:
            if not log.is_intact():
                self.close()
                return []
            if not self._has_successor(log):
                return None
            # The writer has let go of the old file, so what it wrote there last is there now.
            lines = log.read()
            if lines is not None:
                return self._told(log, lines)
        told = self._told(log, log.rest())
        self.close()
        self._open(self._following())
        return told

    def _following(self) -> Start:
        """Give the oldest file of which nothing was read yet; the log itself is the last."""
        return next(start for start in self._starts() if start[1] is None)

    def _has_successor(self, log: OpenedLog) -> bool:
        """Has another file the log's name, and something in it?"""
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return False
        return status.st_ino != log.inode and status.st_size > 0

    def _starts(self) -> list[Start]:
        """Give what is to be read from here on; looked up anew, as names change any time."""
        now = self._clock()
        if self._position is not None:
            return starts_after(self._path, self._position, self._zone, now)
        return starts_since(self._path, self._since, self._zone, now)

    def _open(self, start: Start) -> OpenedLog | None:
        """Open a file at its position; ``None`` when it is not there or not that one any more."""
        path, position = start
        try:
            if not stat.S_ISREG(path.stat().st_mode):
                raise OSError(f"{path}: not a regular file")
            log = OpenedLog(path)
        except FileNotFoundError:
            return None
        if position is not None and not log.go_on_at(position):
            log.close()
            return None
        self._log = log
        self._reader = self._reader_of(path, position, min(self._clock(), log.changed))
        return log

    def _reader_of(self, path: Path, position: Position | None, reference: float) -> Reader:
        previous = self._position.time if self._position else None
        calendar = Calendar(self._zone, reference, previous=previous)
        line = position.line if position else 0
        return Reader(str(path), calendar, self.counts, line, previous)


def _decoded(cursor: str) -> Position | None:
    try:
        return msgspec.json.decode(cursor, type=Position) if cursor else None
    except msgspec.DecodeError:
        return None
