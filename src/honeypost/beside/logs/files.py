"""
Log files as they lie about: rotated, gzipped, or from standard input; oldest first.

A shell hands ``mail.log*`` over newest first, so files are put in the order of their first
readable line.  A line beyond the limit is cut, never collected.
"""

from __future__ import annotations

import gzip
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import BinaryIO, cast

from honeypost.beside.logs.dovecot import from_dovecot
from honeypost.beside.logs.lines import Line, read_line
from honeypost.beside.logs.postfix import from_postfix
from honeypost.beside.logs.times import Calendar
from honeypost.engine.logevents import LogEvent, Place

LINE_BYTES = 64 * 1024
"""Longest line that is looked at; syslog cuts at 8 KiB, journald at 48 KiB by default."""

PEEK_LINES = 100
"""Lines looked at to find the first time of a file."""

STANDARD_INPUT = "-"
GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Reading:
    """How times are to be understood."""

    zone: tzinfo
    now: float
    year: int | None = None


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of one file; ``event`` is ``None`` when it tells of no client."""

    place: Place
    event: LogEvent | None
    known: bool
    """Was it a log line at all?"""


def read_logs(names: Sequence[str], reading: Reading) -> Iterator[LogLine]:
    """
    Give all lines of all files, oldest file first; ``-`` is standard input.

    :raises OSError: a file cannot be read.
    """
    year = reading.year
    for name in in_order(names, reading):
        calendar = Calendar(reading.zone, _reference(name, reading.now), year)
        with open_log(name) as log:
            for number, raw in enumerate(bounded_lines(log), start=1):
                line = read_line(raw, calendar)
                place = Place(name, number, line.time if line else None)
                yield LogLine(place, understand(line) if line else None, known=line is not None)
        year = calendar.year


def understand(line: Line) -> LogEvent | None:
    """Give what a line of Postfix or Dovecot tells; no other program is listened to."""
    return from_postfix(line.program, line.text) or from_dovecot(line.program, line.text)


def in_order(names: Sequence[str], reading: Reading) -> list[str]:
    """Put files in the order of their first time; one without stays where it was named."""
    if len(names) < 2 or STANDARD_INPUT in names:  # noqa: PLR2004 - one is in order
        return list(names)
    times = [_first_time(name, reading) for name in names]
    known = iter(sorted((t, n) for t, n in zip(times, names, strict=True) if t is not None))
    return [
        name if time is None else next(known)[1] for time, name in zip(times, names, strict=True)
    ]


@contextmanager
def open_log(name: str) -> Iterator[BinaryIO]:
    """Open a log for reading, gzipped or not, whatever its name says."""
    if name == STANDARD_INPUT:
        yield sys.stdin.buffer
        return
    with Path(name).open("rb") as raw:
        if raw.peek(2)[:2] == GZIP:
            with gzip.open(raw) as unpacked:
                yield cast("BinaryIO", unpacked)
        else:
            yield raw


def bounded_lines(log: BinaryIO) -> Iterator[bytes]:
    """Give lines without their end; of a line beyond the limit only its start."""
    cut = False
    while piece := log.readline(LINE_BYTES):
        whole = piece.endswith(b"\n")
        if not cut:
            yield piece.rstrip(b"\r\n")
        cut = not whole


def _first_time(name: str, reading: Reading) -> float | None:
    calendar = Calendar(reading.zone, _reference(name, reading.now))
    with open_log(name) as log:
        for number, raw in enumerate(bounded_lines(log)):
            line = read_line(raw, calendar)
            if line is not None and line.time is not None:
                return line.time
            if number == PEEK_LINES:
                break
    return None


def _reference(name: str, now: float) -> float:
    """Give the time after which no line of the file was written."""
    if name == STANDARD_INPUT:
        return now
    return min(now, Path(name).stat().st_mtime)
