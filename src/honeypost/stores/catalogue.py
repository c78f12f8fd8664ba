"""
What segments there are: one line for each that is not written any more.

Rebuilt from the files at start, which is also when the work that a crash cut short is done: the
torn end of the newest segment is cut off, and records that were being erased are erased.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from honeypost.stores.appender import Appender
from honeypost.stores.erasing import finish_erasing
from honeypost.stores.files import File, Files, own_errors
from honeypost.stores.reader import Damage, SegmentReader
from honeypost.stores.records import Brief, segment_name
from honeypost.stores.segment import open_segment

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SegmentLine:
    """One segment in figures."""

    number: int
    bytes: int
    records: int
    newest: float
    """Time of its newest capture; 0 when it has none."""
    last_id: str = ""


class Catalogue:
    """The sealed segments of a directory; for the writer's thread, and for counting."""

    def __init__(self, directory: Path, files: Files) -> None:
        self._directory = directory
        self._files = files
        self._lines: dict[int, SegmentLine] = {}
        self._last_number = 0

    @property
    def bytes(self) -> int:
        """Bytes of all these segments; may be asked from any thread."""
        return sum(line.bytes for line in self._all())

    @property
    def last_id(self) -> str:
        """The newest capture's id, ``""`` when there is none."""
        return max((line.last_id for line in self._all()), default="")

    def lines(self) -> list[SegmentLine]:
        """All segments, oldest first; may be asked from any thread."""
        return sorted(self._all(), key=lambda line: line.number)

    def older(self, before: float) -> list[SegmentLine]:
        """
        Segments all of whose captures are older; oldest first.

        One with no readable capture is as old as the next one that has some.
        """
        last = max((line.number for line in self._all() if 0 < line.newest < before), default=0)
        return [
            line
            for line in self.lines()
            if (line.newest < before if line.records else line.number < last)
        ]

    def numbers_since(self, time: float) -> list[int]:
        """Segments with captures since then, oldest first."""
        return [line.number for line in self.lines() if line.newest >= time]

    def next_number(self) -> int:
        """Give a number that no segment has had; none is used twice while we run."""
        self._last_number += 1
        return self._last_number

    def add(self, segment: Appender) -> None:
        """Enter a segment that is not written any more."""
        self._lines[segment.number] = SegmentLine(
            segment.number, segment.size, segment.records, segment.newest
        )

    def remove(self, number: int) -> int:
        """
        Delete a segment for good and say how many bytes that gave.

        :raises StoreError: it cannot be deleted; it is still entered then.
        """
        with own_errors(segment_name(number)):
            self._files.unlink(self._directory / segment_name(number))
            self._files.sync_directory(self._directory)
        return self._lines.pop(number).bytes

    def _all(self) -> list[SegmentLine]:
        # One step for the interpreter, so that the writer can change the table meanwhile.
        return list(self._lines.values())

    def rebuild(self, *, repair: bool = True) -> Damage:
        """
        Read all segments.

        :param repair: finish what a crash cut short; only the writing process may.
        :raises OSError: the directory cannot be read.
        """
        damage = Damage()
        numbers = SegmentReader(self._directory, self._files).numbers()
        for number in numbers:
            newest = repair and number == numbers[-1]
            self._lines[number] = self._read(number, damage, repair=repair, newest=newest)
        self._last_number = max(numbers, default=0)
        if damage:
            _log.warning("captures: damage found at start: %s", damage)
        return damage

    def _read(self, number: int, damage: Damage, *, repair: bool, newest: bool) -> SegmentLine:
        file = self._files.open(self._directory / segment_name(number), writable=repair)
        try:
            line, torn = self._count(number, file, damage, verify=newest)
            if newest and torn:
                file.truncate(line.bytes)
                file.sync()
            if repair:
                finish_erasing(file)
            return line
        finally:
            file.close()

    def _count(
        self, number: int, file: File, damage: Damage, *, verify: bool
    ) -> tuple[SegmentLine, int]:
        segment = open_segment(file)
        if segment is None:
            damage.unreadable_segments += 1
            return SegmentLine(number, file.size(), 0, 0.0), 0
        records, newest, last_id = 0, 0.0, ""
        for _, meta in segment.metas(Brief, verify=verify):
            records += 1
            newest, last_id = max(newest, meta.capture.time), max(last_id, meta.capture.id)
        torn = segment.torn_bytes
        damage.torn_bytes += torn
        damage.corrupt_records += segment.corrupt_records
        return SegmentLine(number, file.size() - torn, records, newest, last_id), torn
