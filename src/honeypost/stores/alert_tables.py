"""
Tables of the alerts in the worker's file; what they are for: :mod:`honeypost.stores.alerts`.

Apart from it because the store makes them and those that use them need the store.
"""

from __future__ import annotations

import sqlite3
from typing import Final

TABLES: Final = """
    CREATE TABLE alert_ledgers (kind TEXT PRIMARY KEY, state TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE alert_lines (
        text TEXT NOT NULL, kind TEXT NOT NULL, times INTEGER NOT NULL, last REAL NOT NULL,
        PRIMARY KEY (text, kind)) WITHOUT ROWID;
    CREATE TABLE alert_mails (
        id TEXT PRIMARY KEY, time REAL NOT NULL, open INTEGER NOT NULL,
        state TEXT NOT NULL) WITHOUT ROWID;
    CREATE INDEX alert_mails_by_time ON alert_mails (time)
    """

NAMING: Final = (("alert_lines", "text"), ("alert_mails", "id"))
"""Tables that may name somebody, with their keys."""


def prune(connection: sqlite3.Connection, before: float) -> None:
    """Delete mails that are done and older."""
    connection.execute("DELETE FROM alert_mails WHERE time < ? AND NOT open", (before,))
