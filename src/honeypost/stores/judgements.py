"""
Which senders to unknown addresses are told: the worker's own file.

The worker files every withheld recipient here together with its cursor, works them off, and
puts each judgement beside it; the edge reads it at every RCPT of a later try.  All of it can
be found out again from the captures, so what a loss of power takes is no loss.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from honeypost.decide.disclosure import Judgement
from honeypost.engine.janitor import Pruned
from honeypost.engine.traces import Trace
from honeypost.errors import StoreError
from honeypost.ports import Capture
from honeypost.stores.lock import locked
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

STEPS: Final = (
    """
    CREATE TABLE withheld (
        capture TEXT NOT NULL, recipient BLOB NOT NULL, time REAL NOT NULL,
        next_try REAL NOT NULL, tries INTEGER NOT NULL,
        told INTEGER, near INTEGER NOT NULL, why TEXT NOT NULL,
        PRIMARY KEY (capture, recipient)) WITHOUT ROWID;
    CREATE INDEX withheld_open ON withheld (next_try) WHERE told IS NULL;
    CREATE INDEX withheld_by_time ON withheld (time);
    CREATE TABLE cursors (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID
    """,
)
CURSOR: Final = "captures"
BATCH: Final = 1000
_ASK: Final = "SELECT told, why, near FROM withheld WHERE capture = ? AND recipient = ?"


@dataclass(frozen=True, slots=True)
class Open:
    """A recipient that is not judged yet."""

    capture: str
    recipient: bytes
    time: float
    """When the message came."""
    tries: int
    """How often DNS did not answer."""


class JudgementStore:
    """
    For the one process that writes; one thread at a time.

    :raises StoreBusy: another process writes it. :raises StoreError: it cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self._name = path.name
        with locked(lock_path(path)) as self._lock:
            self._connection = open_own(path, STEPS)

    @property
    def cursor(self) -> str:
        """How far the captures were read, ``""`` when none was."""
        rows = self._ask("SELECT value FROM cursors WHERE name = ?", (CURSOR,))
        return str(rows[0][0]) if rows else ""

    def file(self, captures: Iterable[Capture], cursor: str) -> None:
        """Take in new captures, and how far that was; all or nothing."""
        rows = [
            (capture.id, recipient.address, capture.time, capture.time)
            for capture in captures
            for recipient in capture.envelope.recipients
        ]
        with translated(self._name), transaction(self._connection):
            self._connection.executemany(
                "INSERT OR IGNORE INTO withheld VALUES (?, ?, ?, ?, 0, NULL, 0, '')", rows
            )
            self._connection.execute(
                "INSERT OR REPLACE INTO cursors VALUES (?, ?)", (CURSOR, cursor)
            )

    def due(self, now: float, limit: int) -> list[Open]:
        """Give those to be judged now, the longest due first."""
        rows = self._ask(
            "SELECT capture, recipient, time, tries FROM withheld"
            " WHERE told IS NULL AND next_try <= ? ORDER BY next_try LIMIT ?",
            (now, limit),
        )
        return [Open(*row) for row in rows]

    def postpone(self, found: Open, next_try: float) -> None:
        """Have it come up again then."""
        self._change("next_try = ?, tries = tries + 1", (next_try,), found)

    def judge(self, found: Open, judgement: Judgement) -> None:
        """Put a judgement down, for good."""
        values = (judgement.told, judgement.near, judgement.why)
        self._change("told = ?, near = ?, why = ?", values, found)

    async def prune(self, before: float) -> Pruned:
        """See :class:`honeypost.engine.janitor.Expiring`."""
        used, count = used_bytes(self._connection), 0
        with translated(self._name):
            with transaction(self._connection):
                count = self._connection.execute(
                    "DELETE FROM withheld WHERE time < ?", (before,)
                ).rowcount
            give_back(self._connection, BATCH)
        return Pruned(count, max(0, used - used_bytes(self._connection)))

    async def forget(self, trace: Trace) -> int:
        """See :class:`honeypost.engine.janitor.Expiring`."""
        rows = self._ask("SELECT capture, recipient FROM withheld")
        found = [row for row in rows if trace.in_text(bytes(row[1]))]
        with translated(self._name):
            with transaction(self._connection):
                self._connection.executemany(
                    "DELETE FROM withheld WHERE capture = ? AND recipient = ?", found
                )
            fold_log(self._connection)
        return len(found)

    def close(self) -> None:
        """Close the file; safe to call twice."""
        self._connection.close()
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _change(self, what: str, values: Sequence[Any], found: Open) -> None:
        with translated(self._name), transaction(self._connection):
            self._connection.execute(
                f"UPDATE withheld SET {what} WHERE capture = ? AND recipient = ?",  # noqa: S608 - ours
                (*values, found.capture, found.recipient),
            )

    def _ask(self, question: str, parameters: Sequence[Any] = ()) -> list[Any]:
        with translated(self._name):
            return self._connection.execute(question, parameters).fetchall()


class JudgementView:
    """
    Reads it while the worker writes, or before there is a worker at all.

    Opened for each question: it costs half a millisecond, and what a reader kept open would not
    outlive the worker's own mending of the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def judgement(self, capture_id: str, recipient: bytes) -> Judgement | None:
        """The judgement, ``None`` as long as there is none or it cannot be read."""
        rows = self._rows(_ASK, (capture_id, recipient))
        if not rows or rows[0][0] is None:
            return None
        told, why, near = rows[0]
        return Judgement(bool(told), why, bool(near))

    def all_of(self, capture_id: str) -> dict[bytes, Judgement]:
        """Every judgement on a message by recipient, for a screen."""
        rows = self._rows(
            "SELECT recipient, told, why, near FROM withheld"
            " WHERE capture = ? AND told IS NOT NULL",
            (capture_id,),
        )
        return {bytes(who): Judgement(bool(told), why, bool(near)) for who, told, why, near in rows}

    def _rows(self, question: str, parameters: Sequence[Any]) -> list[Any]:
        if not self._path.exists():
            return []
        try:
            connection = open_other(self._path)
        except StoreError:
            return []
        try:
            return connection.execute(question, parameters).fetchall()
        except sqlite3.Error:
            return []
        finally:
            connection.close()
