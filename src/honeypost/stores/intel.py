"""
What the worker found out: reports on captures, lineages, and how far it has read.

One SQLite file that only the worker writes.  Everything here can be made again from the
journal and the segments, so a worker that dies loses nothing; a report is kept once per
capture, whoever asks twice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec

from honeypost.engine.janitor import Pruned
from honeypost.engine.traces import Trace
from honeypost.extract.report import Report
from honeypost.intel.lineage import Lineages
from honeypost.ports import Capture, Entry
from honeypost.stores import alert_tables, noted, observations
from honeypost.stores.findings import BATCH, LINEAGE_CURSOR, NAMING, Findings
from honeypost.stores.lock import locked
from honeypost.stores.sqlite import (
    fold_log,
    give_back,
    lock_path,
    open_own,
    transaction,
    translated,
    used_bytes,
)

STEPS: Final = (
    """
    CREATE TABLE reports (
        capture TEXT PRIMARY KEY, time REAL NOT NULL, account TEXT NOT NULL,
        errors INTEGER NOT NULL, report TEXT NOT NULL) WITHOUT ROWID;
    CREATE INDEX reports_by_account ON reports (account, capture);
    CREATE INDEX reports_by_time ON reports (time);
    CREATE TABLE links (
        capture TEXT NOT NULL, position INTEGER NOT NULL, domain TEXT NOT NULL,
        role TEXT NOT NULL, url TEXT NOT NULL, PRIMARY KEY (capture, position)) WITHOUT ROWID;
    CREATE INDEX links_by_domain ON links (domain, capture);
    CREATE TABLE lineages (
        account TEXT PRIMARY KEY, position INTEGER NOT NULL, state TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE cursors (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID
    """,
    noted.TABLE,
    observations.TABLES,
    alert_tables.TABLES,
)


ORDERED: Final = "PRAGMA synchronous=NORMAL"
"""A transaction may be lost with the power, but none without those after it (WAL)."""
DURABLE: Final = "PRAGMA synchronous=FULL"


class IntelStore(Findings):
    """
    The worker's own file.

    Every call is a transaction of its own unless it stands inside :meth:`batch`.  One thread at
    a time.  What a loss of power takes is found anew, together with the cursor behind it, so a
    report does not wait for the disk: it would take fdatasyncs from the edge.  What was
    forgotten stays so.

    :raises StoreBusy: another process writes it. :raises StoreError: it cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self._name = path.name
        with locked(lock_path(path)) as self._lock:
            self._connection = open_own(path, STEPS)
            self._connection.execute(ORDERED)

    def close(self) -> None:
        """Close the file; safe to call twice."""
        super().close()
        self._lock.release()

    @contextmanager
    def batch(self) -> Iterator[None]:
        """All writes inside come into force together, or none does."""
        if self._connection.in_transaction:
            yield
            return
        with translated(self._name), transaction(self._connection):
            yield

    def keep(self, capture: Capture, report: Report) -> bool:
        """Keep the report on a capture; ``False`` when there is one already."""
        row = (
            capture.id,
            capture.time,
            capture.envelope.account,
            len(report.errors),
            msgspec.json.encode(report).decode(),
        )
        links = [
            (capture.id, position, link.domain, link.role, link.url)
            for position, link in enumerate(report.links)
        ]
        with self.batch():
            added = self._connection.execute(
                "INSERT OR IGNORE INTO reports VALUES (?, ?, ?, ?, ?)", row
            ).rowcount
            if added:
                self._connection.executemany("INSERT INTO links VALUES (?, ?, ?, ?, ?)", links)
        return bool(added)

    @property
    def last_id(self) -> str:
        """Id of the newest event, ``""`` when there is none."""
        return noted.last_id(self._connection)

    def append(self, entry: Entry) -> None:
        """Keep an event, in the batch that it stands in."""
        with self.batch():
            noted.add(self._connection, entry)

    async def flush(self) -> None:
        """Nothing waits: each event comes into force with its batch."""

    def set_cursor(self, name: str, value: str) -> None:
        """Remember how far something was read."""
        with self.batch():
            self._connection.execute("INSERT OR REPLACE INTO cursors VALUES (?, ?)", (name, value))

    def save_lineages(self, lineages: Lineages, touched: Collection[str] | None = None) -> None:
        """
        Keep lineages together with their cursor.

        :param touched: accounts that have changed since the last time; ``None`` means all.
        """
        known = lineages.accounts
        names = known if touched is None else [name for name in touched if name in known]
        position = self.ask("SELECT coalesce(max(position), 0) FROM lineages")[0][0]
        rows = [
            (name, position + number, msgspec.json.encode(known[name]).decode())
            for number, name in enumerate(names, 1)
        ]
        with self.batch():
            self._connection.executemany("INSERT OR REPLACE INTO lineages VALUES (?, ?, ?)", rows)
            self._drop_lineages(known)
            self.set_cursor(LINEAGE_CURSOR, lineages.cursor)

    def change(self, statement: str, rows: Iterable[Sequence[Any]]) -> int:
        """Run a statement of another part of this file for each row; how many rows it changed."""
        with self.batch():
            return self._connection.executemany(statement, rows).rowcount

    @property
    def bytes(self) -> int:
        """Bytes of the file that hold something."""
        return used_bytes(self._connection)

    def shrink(self) -> None:
        """Shorten the file by some of its free pages; not inside a batch."""
        with translated(self._name):
            give_back(self._connection, BATCH)

    @contextmanager
    def durably(self) -> Iterator[None]:
        """What is deleted inside is off the disk when this ends; not inside a batch."""
        with translated(self._name):
            self._connection.execute(DURABLE)
            try:
                yield
                fold_log(self._connection)
            finally:
                self._connection.execute(ORDERED)

    async def prune(self, before: float) -> Pruned:
        """Delete reports on captures that are older."""
        used, count = self.bytes, 0
        while deleted := self._prune_some(before):
            count += deleted
        return Pruned(count, max(0, used - self.bytes))

    async def forget(self, trace: Trace) -> int:
        """Delete every report, lineage and event that names the address; how many there were."""
        with self.durably():
            return sum(self._forget_in(table, key, trace) for table, key in NAMING)

    def _drop_lineages(self, known: Collection[str]) -> None:
        """Delete those that are not followed any more."""
        kept = {row[0] for row in self.ask("SELECT account FROM lineages")}
        gone = [(name,) for name in kept.difference(known)]
        self._connection.executemany("DELETE FROM lineages WHERE account = ?", gone)

    def _prune_some(self, before: float) -> int:
        question = "SELECT capture FROM reports WHERE time < ? LIMIT ?"
        captures = self.ask(question, (before, BATCH))
        with self.batch():
            self._connection.executemany("DELETE FROM links WHERE capture = ?", captures)
            self._connection.executemany("DELETE FROM reports WHERE capture = ?", captures)
            noted.prune(self._connection, before)
            alert_tables.prune(self._connection, before)
        self.shrink()
        return len(captures)

    def _forget_in(self, table: str, key: str, trace: Trace) -> int:
        found = list(self.naming(table, key, trace))
        with self.batch():
            self._connection.executemany(f"DELETE FROM {table} WHERE {key} = ?", found)  # noqa: S608 - ours
            if table == "reports":
                self._connection.executemany("DELETE FROM links WHERE capture = ?", found)
        return len(found)
