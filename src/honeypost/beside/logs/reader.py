"""
The lines of one log, in order, turned into events; replay and observation read the same way.

What stands in a line is told by the program that wrote it: each program's name leads to one
dialect or to none, so that no text is tried in several.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from itertools import repeat
from typing import Protocol

import msgspec

from honeypost.beside.logs.dovecot import PROGRAMS as DOVECOT
from honeypost.beside.logs.dovecot import from_dovecot
from honeypost.beside.logs.exim import from_exim
from honeypost.beside.logs.journal import Entry
from honeypost.beside.logs.lines import EXIM, Line, from_entry, read_line
from honeypost.beside.logs.postfix import from_postfix, service_of
from honeypost.beside.logs.times import Calendar
from honeypost.engine.logevents import LogEvent, Place

PROGRAMS_REMEMBERED = 1024
"""Names of programs whose dialect is remembered; a host has some dozens."""

Dialect = Callable[[bytes, bytes], LogEvent | None]


class LogLine(msgspec.Struct, frozen=True, gc=False):
    """A line that tells of a client."""

    place: Place
    event: LogEvent


class Counts:
    """How much was read so far."""

    def __init__(self) -> None:
        self.lines = 0
        self.known = 0
        """Lines that are log lines at all."""
        self.newest: float | None = None
        """Time of the last readable line, whichever program wrote it."""


class LogSource(Protocol):
    """A log that grows: a ``FileFollower`` or the journal's ``JournalFollower``."""

    counts: Counts

    def poll(self) -> list[LogLine]:
        """Give what was written since the last time about clients; never waits."""

    @property
    def cursor(self) -> str:
        """Where the next poll goes on: to be kept, and handed to the next one's maker."""

    def close(self) -> None:
        """Let go of files and processes."""


class Reader:
    """Reads the lines of one log."""

    def __init__(
        self,
        file: str,
        calendar: Calendar,
        counts: Counts,
        line: int = 0,
        time: float | None = None,
    ) -> None:
        self._file = file
        self.calendar = calendar
        self._counts = counts
        self.line = line
        """Number of the last line read."""
        self.time = time
        """Of the last readable line."""

    def lines(self, raw: list[bytes]) -> list[LogLine]:
        """Read lines; give those that tell of a client."""
        return self._take(map(read_line, raw, repeat(self.calendar)))

    def entries(self, entries: list[Entry]) -> list[LogLine]:
        """Read entries of the journal; give those that tell of a client."""
        return self._take(map(from_entry, entries, repeat(self.calendar)))

    def _take(self, lines: Iterable[Line | None]) -> list[LogLine]:
        file, told = self._file, []
        before = number = self.line
        known = 0
        for line in lines:
            number += 1
            if line is None:
                continue
            known += 1
            self.time = line.time
            dialect = dialect_of(line.program)
            if dialect is not None and (event := dialect(line.program, line.text)) is not None:
                told.append(LogLine(Place(file, number, line.time), event))
        self.line = number
        self._counts.lines += number - before
        self._counts.known += known
        self._counts.newest = self.time if known else self._counts.newest
        return told


def understand(line: Line) -> LogEvent | None:
    """Give what a line of Postfix, Dovecot or Exim tells; no other program is listened to."""
    dialect = dialect_of(line.program)
    return dialect(line.program, line.text) if dialect is not None else None


@lru_cache(PROGRAMS_REMEMBERED)
def dialect_of(program: bytes) -> Dialect | None:
    """Give what understands the lines of a program, ``None`` for one that faces no client."""
    if service_of(program):
        return from_postfix
    if program in DOVECOT:
        return from_dovecot
    return from_exim if program.startswith(EXIM) else None
