"""
Reading what the worker found out: for the worker itself, and for the commands that ask.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import msgspec

from honeypost.engine.traces import Trace
from honeypost.extract.report import Link, Report
from honeypost.intel.lineage import Lineage, Lineages
from honeypost.ports import Entry
from honeypost.stores import alert_tables, noted
from honeypost.stores.sqlite import open_other, translated

LIMIT: Final = 1000
"""Most rows of one answer."""
BATCH: Final = 1000
"""Rows deleted or looked at in one transaction."""
LINEAGE_CURSOR: Final = "lineage"
NAMING: Final = (
    ("reports", "capture"),
    ("lineages", "account"),
    ("events", "id"),
    *alert_tables.NAMING,
)
"""Tables that may name somebody, with their keys."""
_FINDINGS: Final = "SELECT capture, time, account, report FROM reports"
_COUNTS: Final = {
    "reports": "SELECT count(*) FROM reports",
    "reports_with_errors": "SELECT count(*) FROM reports WHERE errors > 0",
    "links": "SELECT count(*) FROM links",
    "lineages": "SELECT count(*) FROM lineages",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """The report on one capture."""

    capture: str
    time: float
    account: str
    report: Report


class Findings:
    """What both the worker and the others ask."""

    _connection: sqlite3.Connection
    _name: str

    def finding(self, capture_id: str) -> Finding | None:
        """The report on a capture, ``None`` when there is none (yet)."""
        rows = self.ask(f"{_FINDINGS} WHERE capture = ?", (capture_id,))
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
        rows = self.ask(f"{question} ORDER BY capture LIMIT ?", (*parameters, min(limit, LIMIT)))
        return [_finding(row) for row in rows]

    def links(self, capture_id: str) -> tuple[Link, ...]:
        """The links of a capture."""
        finding = self.finding(capture_id)
        return finding.report.links if finding else ()

    def lineage(self, account: str) -> Lineage | None:
        """The lineage of an account, ``None`` when nothing is known."""
        rows = self.ask("SELECT state FROM lineages WHERE account = ?", (account,))
        return msgspec.json.decode(rows[0][0], type=Lineage) if rows else None

    def lineages(self) -> Lineages:
        """All lineages, least recently touched first, with the cursor they were folded to."""
        rows = self.ask("SELECT account, state FROM lineages ORDER BY position")
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
        rows = self.ask("SELECT value FROM cursors WHERE name = ?", (name,))
        return str(rows[0][0]) if rows else ""

    def counts(self) -> dict[str, int]:
        """Totals: ``reports``, ``reports_with_errors``, ``links``, ``lineages``."""
        return {name: int(self.ask(question)[0][0]) for name, question in _COUNTS.items()}

    def count_before(self, before: float) -> int:
        """How many reports are on older captures."""
        return int(self.ask("SELECT count(*) FROM reports WHERE time < ?", (before,))[0][0])

    def count_naming(self, trace: Trace) -> int:
        """How many reports, lineages and events name an address."""
        return sum(1 for table, key in NAMING for _ in self.naming(table, key, trace))

    def naming(self, table: str, key: str, trace: Trace) -> Iterator[tuple[str]]:
        """Keys of the rows that name an address."""
        behind = ""
        question = f"SELECT * FROM {table} WHERE {key} > ? ORDER BY {key} LIMIT ?"  # noqa: S608 - ours
        while rows := self.ask(question, (behind, BATCH)):
            behind = rows[-1][0]
            for row in rows:
                if trace.in_text("\0".join(map(str, row)).encode()):
                    yield (row[0],)

    def ask(self, question: str, parameters: Collection[Any] = ()) -> list[Any]:
        """Give all rows of an answer."""
        with translated(self._name):
            return self._connection.execute(question, tuple(parameters)).fetchall()

    def close(self) -> None:
        """Close the file; safe to call twice."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class IntelView(Findings):
    """
    Reads what the worker has found, while it writes or not.

    :raises StoreError: there is nothing yet, or it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._name = path.name
        self._connection = open_other(path)


def _finding(row: tuple[Any, ...]) -> Finding:
    capture, time, account, report = row
    return Finding(capture, time, account, msgspec.json.decode(report, type=Report))
