"""
The events that the worker notes, as a table of its file.

The edge's journal is a store of its own because sessions wait for it.  The worker's few events
(a capture was taken apart, a credential was handed over) stand beside the findings that they
tell of, and are durable with them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from typing import Final

from honeypost.ports import Entry
from honeypost.stores.rows import COLUMNS, INSERT, SELECT, from_row, to_row

TABLE: Final = f"""
    CREATE TABLE events ({", ".join(f"{column} NOT NULL" for column in COLUMNS)},
        PRIMARY KEY (id)) WITHOUT ROWID;
    CREATE INDEX events_by_time ON events (time)
    """


def add(connection: sqlite3.Connection, entry: Entry) -> None:
    """Keep an event, once however often it is told."""
    connection.execute(INSERT, to_row(entry))


def entries(
    connection: sqlite3.Connection, after_id: str, kinds: Collection[str], limit: int
) -> list[Entry]:
    """Events of these kinds (all when none is named) behind that id, oldest first."""
    question = f"{SELECT} WHERE id > ?"
    if kinds:
        question += f" AND kind IN ({', '.join('?' * len(kinds))})"
    rows = connection.execute(f"{question} ORDER BY id LIMIT ?", (after_id, *kinds, limit))
    return [entry for row in rows if (entry := from_row(row)) is not None]


def last_id(connection: sqlite3.Connection) -> str:
    """Id of the newest event, ``""`` when there is none."""
    return str(connection.execute("SELECT coalesce(max(id), '') FROM events").fetchone()[0])


def prune(connection: sqlite3.Connection, before: float) -> None:
    """Delete what is older."""
    connection.execute("DELETE FROM events WHERE time < ?", (before,))
