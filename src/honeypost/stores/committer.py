"""
The writer thread's side of the captures: groups of messages into segments.

Nothing here is called from the event loop while the thread runs, but for what says so.  See
:mod:`honeypost.stores.segments` for the theory.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from honeypost.config.schema import Budgets
from honeypost.errors import StoreError, StoreFull
from honeypost.ports import Capture, Chance
from honeypost.stores.appender import Appender, begin_segment
from honeypost.stores.catalogue import Catalogue, SegmentLine
from honeypost.stores.files import Files, own_errors
from honeypost.stores.reader import join_key
from honeypost.stores.records import MARKER_BYTES, RECORD_HEAD_BYTES, Meta
from honeypost.stores.spool import SpooledBody


@dataclass(frozen=True, slots=True)
class Keep:
    """A message to be kept; size and hash of its capture are not known yet."""

    capture: Capture
    body: SpooledBody


SEGMENTS: Final = 16
"""At least so many fit into the disk budget, so that a small part goes at a time."""
SMALLEST_SEGMENT_BYTES: Final = 64 * 1024

Task = Callable[[], object]
"""Anything else that must be done by the one who writes."""

_log = logging.getLogger(__name__)


class Committer:
    """Appends groups to the current segment, and begins the next one."""

    def __init__(
        self,
        directory: Path,
        budgets: Budgets,
        chance: Chance,
        files: Files,
        segment_bytes: int,
    ) -> None:
        self._directory = directory
        self._budgets = budgets
        self._chance = chance
        self._files = files
        share = max(budgets.disk_bytes // SEGMENTS, SMALLEST_SEGMENT_BYTES)
        self._segment_bytes = min(segment_bytes, share)
        self._current: Appender | None = None
        self.catalogue = Catalogue(directory, files)

    @property
    def bytes(self) -> int:
        """Bytes of all segments on the disk; may be asked from any thread."""
        current = self._current
        return self.catalogue.bytes + (current.size if current else 0)

    def work(self, jobs: Sequence[Keep | Task]) -> Sequence[object]:
        """Keep all messages as one group, then do the tasks; an outcome for each job."""
        keeps = [job for job in jobs if isinstance(job, Keep)]
        outcomes = iter(self._keep_group(keeps) if keeps else ())
        return [next(outcomes) if isinstance(job, Keep) else _attempt(job) for job in jobs]

    def seal(self) -> None:
        """Leave the current segment alone from now on."""
        if self._current is not None:
            sealed, self._current = self._current, None
            sealed.close()
            self.catalogue.add(sealed)

    def seal_older(self, before: float) -> list[SegmentLine]:
        """Give the segments all of whose captures are older, the current one included."""
        if self._current is not None and 0 < self._current.newest < before:
            self.seal()
        return self.catalogue.older(before)

    def _keep_group(self, keeps: Sequence[Keep]) -> Sequence[Capture | Exception]:
        """Append all, sync once."""
        try:
            segment = self._segment()
            room = self._room()
        except StoreError as error:
            return [error] * len(keeps)
        start = segment.size
        outcomes = [self._appended(segment, keep, room + start - segment.size) for keep in keeps]
        if segment.size == start:
            return outcomes
        try:
            segment.sync()
        except StoreError as error:
            self._give_up(segment, start)
            return [error] * len(keeps)
        return outcomes

    def _appended(self, segment: Appender, keep: Keep, room: int) -> Capture | Exception:
        try:
            return self._append(segment, keep, room)
        except StoreError as error:
            return error

    def _append(self, segment: Appender, keep: Keep, room: int) -> Capture:
        """Append one message, or a reference to its body when the segment has it."""
        size, crc, digest = keep.body.measure()
        capture = replace(keep.capture, size=size, sha256=digest)
        key = join_key(capture)
        holder = segment.bodies.get(key, "")
        if RECORD_HEAD_BYTES + (0 if holder else size) > room:
            raise StoreFull("captures: the disk or its budget is full (disk_bytes)")
        if holder:
            segment.append(Meta(capture=capture, body_of=holder), (), 0, 0)
        else:
            segment.append(Meta(capture=capture), keep.body.chunks(), size, crc)
            if capture.envelope.queue_id:
                segment.bodies[key] = capture.id
        return capture

    def _room(self) -> int:
        """Bytes that may be added now."""
        with own_errors(str(self._directory)):
            free = self._files.free_bytes(self._directory)
        return min(self._budgets.disk_bytes - self.bytes, free - self._budgets.disk_free_bytes)

    def _segment(self) -> Appender:
        """The segment to append to; a new one when there is none or it is full."""
        if self._current is not None and self._current.size >= self._segment_bytes:
            self.seal()
        if self._current is None:
            self._make_way()
            number = self.catalogue.next_number()
            marker = self._chance(MARKER_BYTES)
            self._current = begin_segment(self._files, self._directory, number, marker)
        return self._current

    def _make_way(self) -> None:
        """
        Delete the oldest segments so that two more fit into the budget.

        Two, because the last message of a segment may be as long as another one.

        A decoy must go on taking mail when old captures fill their share of the disk; what
        was taken apart from them stays in the worker's findings.
        """
        most = self._budgets.disk_bytes - 2 * self._segment_bytes
        for line in self.catalogue.lines():
            if self.catalogue.bytes <= most:
                return
            freed = self.catalogue.remove(line.number)
            _log.info("captures: segment %d made way, %d bytes", line.number, freed)

    def _give_up(self, segment: Appender, start: int) -> None:
        """After a failed sync: take the group back and never write to this segment again."""
        # When even that fails, what is left there was never acknowledged.
        with suppress(StoreError):
            segment.take_back(start)
        self.seal()


def _attempt(task: Task) -> object:
    try:
        return task()
    except OSError as error:
        return StoreError(str(error))
    except StoreError as error:
        return error
