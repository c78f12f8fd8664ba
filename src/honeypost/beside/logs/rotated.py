"""
What logrotate made of a log: which files lie beside it, and in which order they were written.

Known are the names ``mail.log.1``, ``mail.log.2.gz``, ``mail.log-20261123[.gz]`` and
``mail.log.old``; other compressions than gzip are not read.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from datetime import tzinfo
from pathlib import Path

from honeypost.beside.logs.journal import EXPORT_START, ExportReader
from honeypost.beside.logs.lines import read_line
from honeypost.beside.logs.opened import OpenedLog, Position
from honeypost.beside.logs.times import Calendar

ROTATED = re.compile(r"[.-](?:\d[\d_T:.-]*|old)(?:\.gz)?")

MOST_ROTATED = 64
"""Rotated files looked at, the youngest ones."""

PEEK_LINES = 100
"""Lines looked at to find the first time of a file."""

Start = tuple[Path, Position | None]
"""A file to be read, and from where."""


def starts_after(path: Path, position: Position, zone: tzinfo, now: float) -> list[Start]:
    """
    Give what is to be read to go on at a position: its file's rest, then all younger ones.

    Where its file is gone, those that were changed since are read whole.
    """
    if _holds(path, position):
        return [(path, position)]
    rotated = in_order(_rotated(path), zone, now)
    for number, (candidate, _) in enumerate(rotated):
        if _holds(candidate, position):
            younger: list[Start] = [(name, None) for name, _ in rotated[number + 1 :]]
            return [(candidate, position), *younger, (path, None)]
    return starts_since(path, position.time, zone, now)


def starts_since(path: Path, since: float | None, zone: tzinfo, now: float) -> list[Start]:
    """Give what is to be read to have everything since a time; ``None`` is the log alone."""
    if since is None:
        return [(path, None)]
    rotated = in_order(_rotated(path), zone, now)
    return [*((name, None) for name, changed in rotated if changed >= since), (path, None)]


def in_order(files: list[tuple[Path, float]], zone: tzinfo, now: float) -> list[tuple[Path, float]]:
    """
    Put files (with the times of their last changes) in the order of their first lines.

    One without a readable time stays where it is.
    """
    by_time: dict[Path, float] = {}
    for path, changed in files:
        time = _first_time(path, zone, min(now, changed))
        if time is not None:
            by_time[path] = time
    known = iter(sorted((f for f in files if f[0] in by_time), key=lambda f: by_time[f[0]]))
    return [next(known) if each[0] in by_time else each for each in files]


def _first_time(path: Path, zone: tzinfo, reference: float) -> float | None:
    """Give the time of the first readable line; ``None`` when none is near the start."""
    lines = _first_lines(path)
    if lines and lines[0].startswith(EXPORT_START):
        entries = ExportReader().feed(b"\n".join(lines) + b"\n")
        return next((entry.time for entry in entries if entry.time is not None), None)
    calendar = Calendar(zone, reference)
    read = (read_line(raw, calendar) for raw in lines[:PEEK_LINES])
    return next((line.time for line in read if line and line.time is not None), None)


def _first_lines(path: Path) -> list[bytes]:
    """Give the lines of the first block; none of a file that cannot be read."""
    try:
        log = OpenedLog(path)
    except OSError:
        return []
    try:
        return log.read() or log.rest()
    except OSError:
        return []
    finally:
        log.close()


def _holds(path: Path, position: Position) -> bool:
    try:
        log = OpenedLog(path)
    except OSError:
        return False
    try:
        return log.go_on_at(position)
    finally:
        log.close()


def _rotated(path: Path) -> list[tuple[Path, float]]:
    """List the rotated files that have something readable in them, oldest change first."""
    found = sorted(_beside(path), key=lambda item: item[1])[-MOST_ROTATED:]
    return [item for item in found if _first_lines(item[0])]


def _beside(path: Path) -> Iterator[tuple[Path, float]]:
    try:
        names = list(path.parent.iterdir())
    except OSError:
        return
    for name in names:
        if not name.name.startswith(path.name) or not ROTATED.fullmatch(name.name, len(path.name)):
            continue
        try:
            status = name.stat()
        except OSError:
            continue
        if stat.S_ISREG(status.st_mode):
            yield name, status.st_mtime
