"""
The journal of the edge: events and decoys in one SQLite file, one writer thread.

Events gather for a fraction of a second and go in as one transaction; ``flush`` and ``adopt``
hurry the group along and return when it is on the disk.  The queue in front has a limit:
when the disk cannot follow a flood, events that say little (a connection came, a connection
went) are dropped first, and counted; a decoy or a capture is not.

A journal that cannot be opened or has broken is no reason to fall silent towards clients:
``append`` counts what it drops, ``flush`` and ``adopt`` raise, so sessions go on and nothing
new is promised.

Retention is swept once an hour; the size is seen to with every group, since an hour of a flood
would fill the disk.  At the limit each new event takes the place of old ones.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import astuple, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from honeypost.config.schema import Budgets
from honeypost.engine.janitor import Pruned
from honeypost.engine.traces import Trace
from honeypost.errors import StoreError
from honeypost.events import (
    ClientGreeted,
    RecipientProbed,
    SessionClosed,
    SessionOpened,
    SessionRejected,
    TlsStarted,
)
from honeypost.ports import Decoy, Entry
from honeypost.stores.expiring import BATCH, forget_some, make_room, prune_some
from honeypost.stores.group import GroupWriter
from honeypost.stores.lock import WriterLock, locked
from honeypost.stores.rows import INSERT, to_row
from honeypost.stores.sqlite import (
    fold_log,
    give_back,
    lock_path,
    open_own,
    transaction,
    translated,
    used_bytes,
)
from honeypost.stores.view import JournalView

__all__ = ["JournalStore", "JournalView"]

LINGER_SECONDS: Final = 0.25
"""An event that nobody waits for is on the disk so much later, at the latest."""
QUEUE_LIMIT: Final = 10_000
"""Events waiting; from half of it on those that say little are dropped."""
LITTLE: Final = (
    SessionOpened, SessionClosed, SessionRejected, ClientGreeted, TlsStarted, RecipientProbed,
)  # fmt: skip
"""Events that are dropped first."""

STEPS: Final = (
    """
    CREATE TABLE events (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE, time REAL NOT NULL, kind TEXT NOT NULL,
        session TEXT NOT NULL, client TEXT NOT NULL, port INTEGER NOT NULL,
        network TEXT NOT NULL, listener TEXT NOT NULL, protocol TEXT NOT NULL,
        account TEXT NOT NULL, capture TEXT NOT NULL, payload TEXT NOT NULL);
    CREATE INDEX events_by_kind ON events (kind, time);
    CREATE INDEX events_by_time ON events (time);
    CREATE INDEX events_by_session ON events (session) WHERE session <> '';
    CREATE INDEX events_by_client ON events (client) WHERE client <> '';
    CREATE INDEX events_by_network ON events (network) WHERE network <> '';
    CREATE INDEX events_by_account ON events (account) WHERE account <> '';
    CREATE INDEX events_by_capture ON events (capture) WHERE capture <> '';
    CREATE TABLE decoys (
        account TEXT PRIMARY KEY, secret TEXT NOT NULL, marker TEXT NOT NULL UNIQUE,
        adopted_at REAL NOT NULL, frozen_until REAL NOT NULL) WITHOUT ROWID
    """,
)

LITTLE_KINDS: Final = tuple(event.kind() for event in LITTLE)
ROOM_FOR_ONE: Final = 2
"""Old events that go for each new one at the limit: new ones may be the larger."""


@dataclass(frozen=True, slots=True)
class _Flush:
    """Nothing to write; whoever waits for it waits for all before it."""


_Task = Callable[[sqlite3.Connection], object]


@dataclass(frozen=True, slots=True)
class _Outside:
    """Something that SQLite does only outside of a transaction."""

    task: _Task


_Job = Entry | Decoy | _Flush | _Outside | _Task


class JournalStore:
    """Implements :class:`honeypost.ports.EventLog` and :class:`honeypost.ports.DecoyStore`."""

    def __init__(
        self,
        path: Path,
        *,
        most_bytes: int = Budgets().journal_bytes,
        linger_seconds: float = LINGER_SECONDS,
        queue_limit: int = QUEUE_LIMIT,
    ) -> None:
        self._path = path
        self._most_bytes = most_bytes
        self._queue_limit = queue_limit
        self._connection: sqlite3.Connection | None = None
        self._lock: WriterLock | None = None
        self._decoys: tuple[Decoy, ...] = ()
        self._carried: list[Entry] = []
        self.last_id = ""
        """Id of the newest event when it was opened."""
        self.dropped = 0
        """Events that found no room or could not be written since the start."""
        self._writer: GroupWriter[_Job, object] = GroupWriter(
            "journal", self._work, queue_limit, linger_seconds
        )

    def open(self) -> None:
        """
        Open or make the file and read the decoys.

        :raises StoreBusy: another process writes it.
        :raises StoreError: it cannot be used; this object then keeps nothing and says so.
        """
        with locked(lock_path(self._path)) as lock:
            self._connect()
        self._lock = lock
        self._writer.start()

    def _connect(self) -> None:
        connection = open_own(self._path, STEPS)
        try:
            with translated(self._path.name):
                rows = connection.execute("SELECT * FROM decoys ORDER BY adopted_at, account")
                self._decoys = tuple(Decoy(*row) for row in rows)
                newest = connection.execute("SELECT max(id) FROM events").fetchone()
        except BaseException:
            connection.close()
            raise
        self.last_id = newest[0] or ""
        self._connection = connection

    def close(self) -> None:
        """Write what waits and close the file; safe to call twice."""
        self._writer.close()
        if self._connection is not None:
            with closing(self._connection):
                self._write_carried()
            self._connection = None
        if self._lock is not None:
            self._lock.release()

    def append(self, entry: Entry) -> None:
        """Queue an entry; never waits, never raises, drops (and counts) beyond the limit."""
        crowded = self._writer.pending >= self._queue_limit // 2
        wanted = self._writer.running and not (crowded and isinstance(entry.event, LITTLE))
        if not (wanted and self._writer.offer(entry)):
            self.dropped += 1

    async def flush(self) -> None:
        """
        Return when everything appended so far is durable.

        :raises StoreError: it is not; what could not be written is tried again later.
        """
        await self._writer.run(_Flush())

    def all(self) -> Iterable[Decoy]:
        """The decoys that there were when the file was opened."""
        return self._decoys

    async def adopt(self, decoy: Decoy) -> None:
        """
        Keep a decoy; returns when it is durable.

        :raises StoreError: it is not kept, also when the account or marker exists already.
        """
        await self._writer.run(decoy)

    async def run(self, task: _Task) -> Any:
        """
        Run something on the writer thread, in a transaction of its own; keep it under 200 ms.

        :raises StoreError: it failed and has changed nothing.
        """
        return await self._writer.run(task)

    async def prune(self, before: float) -> Pruned:
        """
        Delete events that are older, then the oldest ones until the budget holds.

        :raises StoreError: the disk is broken.
        """
        pruned = Pruned()
        some = partial(prune_some, before=before, most_bytes=self._most_bytes)
        while step := await self.run(some):
            await self._writer.run(_Outside(partial(give_back, pages=BATCH)))
            pruned += step
        return pruned

    async def forget(self, trace: Trace) -> int:
        """
        Delete every event that names the address, and overwrite where it was.

        A decoy of that name stays: we made it up, and its secret is promised to be frozen.

        :return: how many are gone. :raises StoreError: the disk is broken; ask again.
        """
        deleted, behind = 0, -1
        seen = 0
        while seen > behind:
            behind = seen
            step: tuple[int, int] = await self.run(partial(forget_some, trace=trace, behind=seen))
            seen, found = step
            deleted += found
        await self._writer.run(_Outside(fold_log))
        return deleted

    # The writer thread from here on

    def _work(self, jobs: Sequence[_Job]) -> Sequence[object]:
        entries = self._carried + [job for job in jobs if isinstance(job, Entry)]
        self._carried = []
        try:
            self._write(entries)
            written: Exception | None = None
        except StoreError as error:
            written = error
            self._carry(entries)
        return [self._outcome(job, written) for job in jobs]

    def _outcome(self, job: _Job, written: Exception | None) -> object:
        match job:
            case Entry() | _Flush():
                return written
            case Decoy():
                return self._attempt(lambda connection: _adopt(connection, job))
            case _Outside():
                return self._attempt(job.task, nullcontext())
            case _:
                return self._attempt(job)

    def _attempt(self, task: _Task, around: AbstractContextManager[None] | None = None) -> object:
        assert self._connection is not None, "the writer runs only while it is open"
        try:
            with translated(self._path.name), around or transaction(self._connection):
                return task(self._connection)
        except StoreError as error:
            return error

    def _write(self, entries: Sequence[Entry]) -> None:
        """Write a group, durably or not at all. :raises StoreError: not at all."""
        rows = []
        for entry in entries:
            try:
                rows.append(to_row(entry))
            except (ValueError, TypeError):
                self.dropped += 1
        if not rows:
            return
        assert self._connection is not None, "the writer runs only while it is open"
        with translated(self._path.name), transaction(self._connection):
            if used_bytes(self._connection) > self._most_bytes:
                make_room(self._connection, LITTLE_KINDS, ROOM_FOR_ONE * len(rows))
            self._connection.executemany(INSERT, rows)

    def _carry(self, entries: list[Entry]) -> None:
        """Keep what could not be written for the next group, within the limit."""
        self._carried = entries[: self._queue_limit]
        self.dropped += len(entries) - len(self._carried)

    def _write_carried(self) -> None:
        try:
            self._write(self._carried)
        except StoreError:
            self.dropped += len(self._carried)
        self._carried = []


def _adopt(connection: sqlite3.Connection, decoy: Decoy) -> None:
    connection.execute("INSERT INTO decoys VALUES (?, ?, ?, ?, ?)", astuple(decoy))
