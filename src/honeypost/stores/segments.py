"""
The captures of the edge: append-only segments, one fdatasync per group of messages.

Theory of operation
===================

``keep`` hands the message to one writer thread (:mod:`honeypost.stores.group`).  The thread
takes all messages that wait at that moment, appends them to the current segment, calls
fdatasync once and then completes them all; only then does anybody say 250.  A segment that has
reached its size is left alone and the next one begun; so is one whose fdatasync failed, since
nobody knows then what the disk has (the kernel reports such an error once and may have dropped
the pages).

There is no other index than the segments: at start they are read through (heads and metas,
about 2 s for 100,000 captures), a torn end is cut off, damage is counted.  In memory remains
one line per segment, whatever the number of captures.

A message whose queue id, account and body are those of an earlier record of the same segment
is stored as a reference to it: Postfix hands a message with 1,000 recipients over in many
transactions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, Final, cast

from honeypost.config.schema import Budgets
from honeypost.engine.ids import Ids
from honeypost.engine.janitor import Pruned
from honeypost.engine.traces import Trace
from honeypost.model import Envelope, Identity
from honeypost.ports import Body, Capture, Chance
from honeypost.stores.catalogue import SegmentLine
from honeypost.stores.committer import Committer, Keep, Task
from honeypost.stores.erasing import Keys, erase_keys, trace_keys
from honeypost.stores.files import DISK, File, Files, own_errors
from honeypost.stores.group import GroupWriter
from honeypost.stores.lock import WriterLock, locked
from honeypost.stores.reader import Cursor, Damage, Joined, Kept, SegmentReader
from honeypost.stores.records import segment_name
from honeypost.stores.spool import Spool, SpooledBody

__all__ = ["Cursor", "Damage", "Joined", "Kept", "SegmentReader", "SegmentStore"]

SEGMENT_BYTES: Final = 16 * 1024 * 1024
"""A segment that has grown so far is not added to any more."""
WAITING_LIMIT: Final = 4096
"""Most messages that wait for the writer; the connection budget is far below."""

PACE_SECONDS: Final = 0.005
"""From the begin of a group to the next; alone, a message waits for nothing but the disk."""


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
        self._chance = chance
        self._files = files
        self._ids = Ids(chance)
        self._reader = SegmentReader(directory, files)
        self._committer = Committer(directory, budgets, chance, files, segment_bytes)
        self._catalogue = self._committer.catalogue
        self._lock: WriterLock | None = None
        self._writer: GroupWriter[Keep | Task, object] = GroupWriter(
            "captures", self._committer.work, WAITING_LIMIT, pace_seconds=PACE_SECONDS
        )
        spool.close_by(self._writer.offer)

    def open(self) -> Damage:
        """
        Rebuild the index, cut off a torn end, and start the writer.

        :return: what could not be read; nothing acknowledged is ever among it after a crash.
        :raises StoreBusy: another process writes it.
        :raises StoreError: the directory cannot be used at all.
        """
        with locked(self._directory / "lock") as lock:
            self._spool.open()
            with own_errors(str(self._directory)):
                self._files.make_directory(self._directory)
                damage = self._catalogue.rebuild()
        self._lock = lock
        self._ids = Ids(self._chance, self._catalogue.last_id)
        self._writer.start()
        return damage

    def close(self) -> None:
        """Finish what waits and end the writer; safe to call twice."""
        self._writer.close()
        self._committer.seal()
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
        kept = await self._writer.run(Keep(capture, body), finally_=body.give_back)
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
        return self._committer.bytes

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
        older = await self._writer.run(lambda: self._committer.seal_older(before))
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
        await self._writer.run(self._committer.seal)
        keys: Keys = set()
        for line in self._catalogue.lines():
            keys |= cast("Keys", await self._on_segment(line, trace_keys, trace))
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
