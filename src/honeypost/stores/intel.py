"""
What the worker found out: reports on captures, lineages, and how far it has read.

One SQLite file that only the worker writes.  Everything here can be made again from the
journal and the segments, so a worker that dies loses nothing; a report is kept once per
capture, whoever asks twice.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import msgspec

from honeypost.engine.janitor import Pruned
from honeypost.engine.traces import Trace
from honeypost.extract.report import Link, Report
from honeypost.intel.lineage import Lineage, Lineages
from honeypost.ports import Capture, Entry
from honeypost.stores import noted
from honeypost.stores.lock import WriterLock
from honeypost.stores.sqlite import (
    fold_log,
    give_back,
    lock_path,
    open_other,
    open_own,
    transaction,
    translated,
    used_bytes,
)

LIMIT: Final = 1000
"""Most rows of one answer."""
BATCH: Final = 1000
"""Rows deleted or looked at in one transaction."""
LINEAGE_CURSOR: Final = "lineage"

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
)


@dataclass(frozen=True, slots=True)
class Finding:
    """The report on one capture."""

    capture: str
    time: float
    account: str
    report: Report


class _Reading:
    """What both the worker and the others ask."""

    _connection: sqlite3.Connection
    _name: str

    def finding(self, capture_id: str) -> Finding | None:
        """The report on a capture, ``None`` when there is none (yet)."""
        rows = self._ask(f"{_FINDINGS} WHERE capture = ?", (capture_id,))
        return _finding(rows[0]) if rows else None

    def findings(
        self, *, account: str = "", domain: str = "", after: str = "", limit: int = LIMIT
    ) -> list[Finding]:
        """
        Reports by the age of their captures, oldest first.

        :param domain: only captures with a link to that domain.
        :param after: behind this capture; ``""`` begins with the oldest.
        """
        question = f"{_FINDINGS} WHERE capture > ?"
        parameters: list[Any] = [after]
        if account:
            question += " AND account = ?"
            parameters.append(account)
        if domain:
            question += " AND capture IN (SELECT capture FROM links WHERE domain = ?)"
            parameters.append(domain)
        rows = self._ask(f"{question} ORDER BY capture LIMIT ?", (*parameters, min(limit, LIMIT)))
        return [_finding(row) for row in rows]

    def links(self, capture_id: str) -> tuple[Link, ...]:
        """The links of a capture."""
        finding = self.finding(capture_id)
        return finding.report.links if finding else ()

    def lineage(self, account: str) -> Lineage | None:
        """The lineage of an account, ``None`` when nothing is known."""
        rows = self._ask("SELECT state FROM lineages WHERE account = ?", (account,))
        return msgspec.json.decode(rows[0][0], type=Lineage) if rows else None

    def lineages(self) -> Lineages:
        """All lineages, least recently touched first, with the cursor they were folded to."""
        rows = self._ask("SELECT account, state FROM lineages ORDER BY position")
        known = {account: msgspec.json.decode(state, type=Lineage) for account, state in rows}
        return Lineages(self.cursor(LINEAGE_CURSOR), known)

    def entries(
        self, after_id: str = "", *, kinds: Collection[str] = (), limit: int = LIMIT
    ) -> list[Entry]:
        """Events that the worker noted, oldest first."""
        with translated(self._name):
            return noted.entries(self._connection, after_id, kinds, min(limit, LIMIT))

    def cursor(self, name: str) -> str:
        """How far something was read, ``""`` when it was not."""
        rows = self._ask("SELECT value FROM cursors WHERE name = ?", (name,))
        return str(rows[0][0]) if rows else ""

    def counts(self) -> dict[str, int]:
        """Totals: ``reports``, ``reports_with_errors``, ``links``, ``lineages``."""
        return {name: int(self._ask(question)[0][0]) for name, question in _COUNTS.items()}

    def count_before(self, before: float) -> int:
        """How many reports are on older captures."""
        return int(self._ask("SELECT count(*) FROM reports WHERE time < ?", (before,))[0][0])

    def count_naming(self, trace: Trace) -> int:
        """How many reports, lineages and events name an address."""
        return sum(1 for table, key in _NAMING for _ in self._naming(table, key, trace))

    def _naming(self, table: str, key: str, trace: Trace) -> Iterator[tuple[str]]:
        """Keys of the rows that name an address."""
        behind = ""
        question = f"SELECT * FROM {table} WHERE {key} > ? ORDER BY {key} LIMIT ?"  # noqa: S608 - ours
        while rows := self._ask(question, (behind, BATCH)):
            behind = rows[-1][0]
            for row in rows:
                if trace.in_text("\0".join(map(str, row)).encode()):
                    yield (row[0],)

    def _ask(self, question: str, parameters: Collection[Any] = ()) -> list[Any]:
        with translated(self._name):
            return self._connection.execute(question, tuple(parameters)).fetchall()

    def close(self) -> None:
        """Close the file; safe to call twice."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class IntelView(_Reading):
    """
    Reads what the worker has found, while it writes or not.

    :raises StoreError: there is nothing yet, or it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._name = path.name
        self._connection = open_other(path)


ORDERED: Final = "PRAGMA synchronous=NORMAL"
"""A transaction may be lost with the power, but none without those after it (WAL)."""
DURABLE: Final = "PRAGMA synchronous=FULL"


class IntelStore(_Reading):
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
        self._lock = WriterLock(lock_path(path))
        try:
            self._connection = open_own(path, STEPS)
            self._connection.execute(ORDERED)
        except BaseException:
            self._lock.release()
            raise

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
        position = self._ask("SELECT coalesce(max(position), 0) FROM lineages")[0][0]
        rows = [
            (name, position + number, msgspec.json.encode(known[name]).decode())
            for number, name in enumerate(names, 1)
        ]
        with self.batch():
            self._connection.executemany("INSERT OR REPLACE INTO lineages VALUES (?, ?, ?)", rows)
            self._drop_lineages(known)
            self.set_cursor(LINEAGE_CURSOR, lineages.cursor)

    async def prune(self, before: float) -> Pruned:
        """Delete reports on captures that are older."""
        used, count = used_bytes(self._connection), 0
        while deleted := self._prune_some(before):
            count += deleted
        return Pruned(count, max(0, used - used_bytes(self._connection)))

    async def forget(self, trace: Trace) -> int:
        """Delete every report, lineage and event that names the address; how many there were."""
        with translated(self._name):
            self._connection.execute(DURABLE)
            try:
                deleted = sum(self._forget_in(table, key, trace) for table, key in _NAMING)
                fold_log(self._connection)
            finally:
                self._connection.execute(ORDERED)
        return deleted

    def _drop_lineages(self, known: Collection[str]) -> None:
        """Delete those that are not followed any more."""
        kept = {row[0] for row in self._ask("SELECT account FROM lineages")}
        gone = [(name,) for name in kept.difference(known)]
        self._connection.executemany("DELETE FROM lineages WHERE account = ?", gone)

    def _prune_some(self, before: float) -> int:
        question = "SELECT capture FROM reports WHERE time < ? LIMIT ?"
        captures = self._ask(question, (before, BATCH))
        with self.batch():
            self._connection.executemany("DELETE FROM links WHERE capture = ?", captures)
            self._connection.executemany("DELETE FROM reports WHERE capture = ?", captures)
            noted.prune(self._connection, before)
        with translated(self._name):
            give_back(self._connection, BATCH)
        return len(captures)

    def _forget_in(self, table: str, key: str, trace: Trace) -> int:
        found = list(self._naming(table, key, trace))
        with self.batch():
            self._connection.executemany(f"DELETE FROM {table} WHERE {key} = ?", found)  # noqa: S608 - ours
            if table == "reports":
                self._connection.executemany("DELETE FROM links WHERE capture = ?", found)
        return len(found)


_NAMING: Final = (("reports", "capture"), ("lineages", "account"), ("events", "id"))
"""Tables that may name somebody, with their keys."""
_FINDINGS: Final = "SELECT capture, time, account, report FROM reports"
_COUNTS: Final = {
    "reports": "SELECT count(*) FROM reports",
    "reports_with_errors": "SELECT count(*) FROM reports WHERE errors > 0",
    "links": "SELECT count(*) FROM links",
    "lineages": "SELECT count(*) FROM lineages",
}


def _finding(row: tuple[Any, ...]) -> Finding:
    capture, time, account, report = row
    return Finding(capture, time, account, msgspec.json.decode(report, type=Report))
