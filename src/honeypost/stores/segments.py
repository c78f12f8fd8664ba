"""
The captures of the edge: append-only segments, one fdatasync per group of messages.

Theory of operation
===================

``keep`` hands the message to one writer thread.  The thread takes all messages that wait at
that moment, appends them to the current segment, calls fdatasync once and then completes them
all; only then does anybody say 250.  A segment that has reached its size is left alone and
the next one begun; so is one whose fdatasync failed, since nobody knows then what the disk
has (the kernel reports such an error once and may have dropped the pages).

There is no other index than the segments: at start they are read through (heads and metas,
about 2 s for 100,000 captures), a torn end is cut off, damage is counted.  In memory remains
one line per segment, whatever the number of captures.

A message whose queue id, account and body are those of an earlier record of the same segment
is stored as a reference to it: Postfix hands a message with 1,000 recipients over in many
transactions.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final, cast

from honeypost.config.schema import Budgets
from honeypost.engine.ids import Ids
from honeypost.engine.janitor import Pruned
from honeypost.engine.traces import Trace
from honeypost.errors import StoreError, StoreFull
from honeypost.model import Envelope, Identity
from honeypost.ports import Body, Capture, Chance
from honeypost.stores.appender import Appender, begin_segment, erase
from honeypost.stores.catalogue import Catalogue, SegmentLine
from honeypost.stores.files import DISK, File, Files, own_errors
from honeypost.stores.group import GroupWriter
from honeypost.stores.lock import WriterLock
from honeypost.stores.reader import Cursor, Damage, Joined, Kept, SegmentReader, join_key
from honeypost.stores.records import MARKER_BYTES, RECORD_HEAD_BYTES, Meta, segment_name
from honeypost.stores.segment import open_segment
from honeypost.stores.spool import Spool, SpooledBody

__all__ = ["Cursor", "Damage", "Joined", "Kept", "SegmentReader", "SegmentStore"]

SEGMENT_BYTES: Final = 16 * 1024 * 1024
"""A segment that has grown so far is not added to any more."""
WAITING_LIMIT: Final = 4096
"""Most messages that wait for the writer; the connection budget is far below."""


@dataclass(frozen=True, slots=True)
class _Keep:
    capture: Capture
    body: SpooledBody


_Task = Callable[[], object]


class SegmentStore:
    """
    Implements :class:`honeypost.ports.CaptureStore` for the one process that writes.

    Opened once, used from one event loop; other processes use :class:`SegmentReader`.
    """

    def __init__(
        self,
        directory: Path,
        spool: Spool,
        budgets: Budgets,
        chance: Chance,
        *,
        files: Files = DISK,
        segment_bytes: int = SEGMENT_BYTES,
    ) -> None:
        self._directory = directory
        self._spool = spool
        self._budgets = budgets
        self._chance = chance
        self._files = files
        self._segment_bytes = segment_bytes
        self._ids = Ids(chance)
        self._reader = SegmentReader(directory, files)
        self._catalogue = Catalogue(directory, files)
        self._current: Appender | None = None
        self._lock: WriterLock | None = None
        self._writer: GroupWriter[_Keep | _Task, object] = GroupWriter(
            "captures", self._work, WAITING_LIMIT
        )

    def open(self) -> Damage:
        """
        Rebuild the index, cut off a torn end, and start the writer.

        :return: what could not be read; nothing acknowledged is ever among it after a crash.
        :raises StoreBusy: another process writes it.
        :raises StoreError: the directory cannot be used at all.
        """
        lock = WriterLock(self._directory / "lock")
        try:
            self._spool.open()
            with own_errors(str(self._directory)):
                self._files.make_directory(self._directory)
                damage = self._catalogue.rebuild()
        except BaseException:
            lock.release()
            raise
        self._lock = lock
        self._ids = Ids(self._chance, self._catalogue.last_id)
        self._writer.start()
        return damage

    def close(self) -> None:
        """Finish what waits and end the writer; safe to call twice."""
        self._writer.close()
        self._seal()
        if self._lock is not None:
            self._lock.release()

    def spool(self) -> SpooledBody:
        """Begin a body."""
        return self._spool.body()

    async def keep(self, envelope: Envelope, who: Identity, body: Body, time: float) -> Capture:
        """
        Append the message and free its body; returns only after fdatasync.

        :raises StoreFull: no room on the disk or in its budget; nothing was kept.
        :raises StoreError: the disk is broken; nothing was kept.
        """
        if not isinstance(body, SpooledBody):
            raise TypeError("a body of this store's own spool is wanted")
        capture = Capture(self._ids.at(time), time, envelope, who, body.size, "")
        body.lend()
        kept = await self._writer.run(_Keep(capture, body), finally_=body.give_back)
        assert isinstance(kept, Capture)
        return kept

    def captures(self) -> Iterator[Capture]:
        """All captures, oldest first."""
        return self._reader.captures()

    def joined(self) -> Iterator[Joined]:
        """All messages with all their recipients; see :meth:`SegmentReader.joined`."""
        return self._reader.joined()

    def read(self, capture_id: str) -> bytes:
        """
        The body, byte-exact.

        :raises KeyError: when there is none. :raises StoreCorrupt: when its hash differs.
        """
        return self._reader.read(capture_id)

    @property
    def bytes(self) -> int:
        """Bytes of all segments on the disk."""
        return self._catalogue.bytes + (self._current.size if self._current else 0)

    def bytes_since(self, time: float) -> int:
        """Bytes of messages captured since then; to go on with a day's budget after a start."""
        numbers = self._catalogue.numbers_since(time)
        if not numbers:
            return 0
        kept = self._reader.after(Cursor(numbers[0]), verify=False)
        return sum(entry.capture.size for entry in kept if entry.capture.time >= time)

    async def prune(self, before: float) -> Pruned:
        """
        Delete whole segments whose newest capture is older, one at a time.

        :raises StoreError: the disk is broken.
        """
        pruned = Pruned()
        older = await self._writer.run(lambda: self._seal_older(before))
        for line in cast("list[SegmentLine]", older):
            freed = await self._writer.run(partial(self._catalogue.remove, line.number))
            pruned += Pruned(line.records, cast("int", freed))
        return pruned

    async def forget(self, trace: Trace) -> int:
        """
        Erase every message that names the address, in its envelope or its body.

        A message goes as a whole, with all its parts, and its place on the disk is
        overwritten.  One segment at a time, so captures go on meanwhile.

        :return: how many captures are gone. :raises StoreError: the disk is broken; ask again.
        """
        await self._writer.run(self._seal)
        keys: set[tuple[str, ...]] = set()
        for line in self._catalogue.lines():
            keys |= cast("set[tuple[str, ...]]", await self._on_segment(line, trace_keys, trace))
        erased = 0
        for line in self._catalogue.lines() if keys else ():
            erased += cast("int", await self._on_segment(line, erase_keys, keys))
        return erased

    async def _on_segment(
        self, line: SegmentLine, step: Callable[[File, Any], object], argument: object
    ) -> object:
        def task() -> object:
            path = self._directory / segment_name(line.number)
            with own_errors(path.name), closing(self._files.open(path, writable=True)) as file:
                return step(file, argument)

        return await self._writer.run(task)

    # The writer thread from here on

    def _seal_older(self, before: float) -> list[SegmentLine]:
        if self._current is not None and 0 < self._current.newest < before:
            self._seal()
        return self._catalogue.older(before)

    def _work(self, jobs: Sequence[_Keep | _Task]) -> Sequence[object]:
        keeps = [job for job in jobs if isinstance(job, _Keep)]
        outcomes = iter(self._keep_group(keeps) if keeps else ())
        return [next(outcomes) if isinstance(job, _Keep) else _attempt(job) for job in jobs]

    def _keep_group(self, keeps: Sequence[_Keep]) -> Sequence[Capture | Exception]:
        """Append all, sync once; each one's outcome."""
        try:
            segment = self._segment()
            room = self._room()
        except StoreError as error:
            return [error] * len(keeps)
        start = segment.size
        outcomes: list[Capture | Exception] = []
        for keep in keeps:
            try:
                outcomes.append(self._append(segment, keep, room - (segment.size - start)))
            except StoreError as error:
                outcomes.append(error)
        if segment.size == start:
            return outcomes
        try:
            segment.sync()
        except StoreError as error:
            self._give_up(segment, start)
            return [error] * len(keeps)
        return outcomes

    def _append(self, segment: Appender, keep: _Keep, room: int) -> Capture:
        """Append one message, or a reference to its body when the segment has it."""
        size, crc, digest = _measure(keep.body)
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
            self._seal()
        if self._current is None:
            number = self._catalogue.next_number()
            marker = self._chance(MARKER_BYTES)
            self._current = begin_segment(self._files, self._directory, number, marker)
        return self._current

    def _seal(self) -> None:
        """Leave the current segment alone from now on."""
        if self._current is not None:
            self._current.close()
            self._catalogue.add(self._current)
            self._current = None

    def _give_up(self, segment: Appender, start: int) -> None:
        """After a failed sync: take the group back and never write to this segment again."""
        # When even that fails, what is left there was never acknowledged.
        with suppress(StoreError):
            segment.take_back(start)
        self._seal()


def trace_keys(file: File, trace: Trace) -> set[tuple[str, ...]]:
    """What joins the captures of a segment that name an address."""
    segment = open_segment(file)
    if segment is None:
        return set()
    return {
        join_key(meta.capture)
        for place, meta in segment.metas(Meta)
        if trace.in_capture(meta.capture) or trace.in_body(segment.body(place))
    }


def erase_keys(file: File, keys: set[tuple[str, ...]]) -> int:
    """Erase the captures of a segment that have one of these keys; how many there were."""
    segment = open_segment(file)
    if segment is None:
        return 0
    places = [place for place, meta in segment.metas(Meta) if join_key(meta.capture) in keys]
    if places:
        erase(file, places, segment.marker)
    return len(places)


def _attempt(task: _Task) -> object:
    try:
        return task()
    except OSError as error:
        return StoreError(str(error))
    except StoreError as error:
        return error


def _measure(body: SpooledBody) -> tuple[int, int, str]:
    """Size, checksum and hash of a body."""
    size, crc, digest = 0, 0, hashlib.sha256()
    for chunk in body.chunks():
        size += len(chunk)
        crc = zlib.crc32(chunk, crc)
        digest.update(chunk)
    return size, crc, digest.hexdigest()
