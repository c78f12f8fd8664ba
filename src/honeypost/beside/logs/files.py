"""
Log files as they lie about: rotated, gzipped, exported from the journal, or from standard
input; oldest first.

A shell hands ``mail.log*`` over newest first, so files are put in the order of their first
readable line.  A file is read in blocks and a line beyond the limit is cut, never collected.
"""

from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import tzinfo
from io import BufferedReader
from pathlib import Path
from typing import cast

from honeypost.beside.logs.journal import EXPORT_START, ExportReader
from honeypost.beside.logs.opened import GZIP
from honeypost.beside.logs.reader import Counts, LogLine, Reader
from honeypost.beside.logs.rotated import in_order
from honeypost.beside.logs.splitting import BLOCK_BYTES, LineSplitter
from honeypost.beside.logs.times import Calendar

STANDARD_INPUT = "-"


@dataclass(frozen=True, slots=True)
class Reading:
    """How times are to be understood."""

    zone: tzinfo
    now: float
    year: int | None = None
    """Of the oldest line; ``None``: the latest that fits."""


def read_logs(names: Sequence[str], reading: Reading, counts: Counts) -> Iterator[list[LogLine]]:
    """
    Give the lines about clients of all files, oldest file first, block by block.

    :param names: files in any order; ``-`` is standard input.
    :param counts: says after each block how much has been read.
    :raises OSError: a file cannot be read.
    """
    year = reading.year
    for name in _oldest_first(names, reading):
        calendar = Calendar(reading.zone, _reference(name, reading.now), year)
        yield from _read(name, Reader(name, calendar, counts))
        year = calendar.year


def _read(name: str, reader: Reader) -> Iterator[list[LogLine]]:
    with open_log(name) as log:
        blocks = _blocks(name, log)
        first = next(blocks, b"")
        if first.startswith(EXPORT_START):
            export = ExportReader()
            yield reader.entries(export.feed(first))
            for block in blocks:
                yield reader.entries(export.feed(block))
            yield reader.entries(export.flush())
            return
        splitter = LineSplitter()
        yield reader.lines(splitter.feed(first))
        for block in blocks:
            yield reader.lines(splitter.feed(block))
        yield reader.lines(splitter.flush())


@contextmanager
def open_log(name: str) -> Iterator[BufferedReader]:
    """Open a log for reading, gzipped or not, whatever its name says."""
    if name == STANDARD_INPUT:
        yield _unpacked(cast("BufferedReader", sys.stdin.buffer))
        return
    with Path(name).open("rb") as raw:
        yield _unpacked(raw)


def _unpacked(raw: BufferedReader) -> BufferedReader:
    packed = raw.peek(len(GZIP))[: len(GZIP)] == GZIP
    return cast("BufferedReader", gzip.GzipFile(fileobj=raw)) if packed else raw


def _blocks(name: str, log: BufferedReader) -> Iterator[bytes]:
    try:
        while block := log.read1(BLOCK_BYTES):
            yield block
    except (EOFError, zlib.error, gzip.BadGzipFile) as problem:
        raise OSError(f"{name}: the compressed file is broken: {problem}") from problem


def _oldest_first(names: Sequence[str], reading: Reading) -> list[str]:
    if len(names) < 2 or STANDARD_INPUT in names:  # noqa: PLR2004 - one is in order
        return list(names)
    files = [(Path(name), Path(name).stat().st_mtime) for name in names]
    named = {Path(name): name for name in names}
    return [named[path] for path, _ in in_order(files, reading.zone, reading.now)]


def _reference(name: str, now: float) -> float:
    """Give the time after which no line of the file was written."""
    if name == STANDARD_INPUT:
        return now
    return min(now, Path(name).stat().st_mtime)
