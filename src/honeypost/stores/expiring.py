"""
Taking events out of a journal, in steps that are short enough to stand between two commits.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from typing import Any, Final

from honeypost.engine.janitor import Pruned
from honeypost.engine.traces import Trace
from honeypost.stores.rows import SELECT_NUMBERED, from_row
from honeypost.stores.sqlite import used_bytes

BATCH: Final = 1000
"""Events deleted or looked at in one step (about 20 ms)."""


def prune_some(connection: sqlite3.Connection, before: float, most_bytes: int) -> Pruned | None:
    """Delete the oldest events that are too old or too many; ``None`` when there are none."""
    used = used_bytes(connection)
    if used > most_bytes:
        before = float("inf")
    deleted = connection.execute(_DELETE_OLDEST, (before, BATCH)).rowcount
    if not deleted:
        return None
    return Pruned(deleted, max(0, used - used_bytes(connection)))


def make_room(connection: sqlite3.Connection, kinds: Collection[str], count: int) -> int:
    """
    Delete so many of the oldest events: of the first of these kinds, of the next, of any.

    A flood thus displaces its own description before it displaces what was learnt of guesses.
    One kind after the other, since an index then gives the oldest without sorting all.
    """
    left = count
    for kind in kinds:
        left -= connection.execute(_DELETE_OF_KIND, (kind, left)).rowcount
    if left:
        left -= connection.execute(_DELETE_OLDEST, (float("inf"), left)).rowcount
    return count - left


def forget_some(connection: sqlite3.Connection, trace: Trace, behind: int) -> tuple[int, int]:
    """Look at some events; the number of the last one and how many were deleted."""
    rows = connection.execute(_NEXT, (behind, BATCH)).fetchall()
    found = [(row[0],) for row in rows if _names(trace, row[1:])]
    connection.executemany("DELETE FROM events WHERE number = ?", found)
    return (rows[-1][0] if rows else behind), len(found)


def _names(trace: Trace, row: tuple[Any, ...]) -> bool:
    entry = from_row(row)
    if entry is not None:
        return trace.in_entry(entry)
    return trace.in_text("\0".join(map(str, row)).encode())


_DELETE_OLDEST: Final = """DELETE FROM events WHERE number IN
    (SELECT number FROM events WHERE time < ? ORDER BY number LIMIT ?)"""
_DELETE_OF_KIND: Final = """DELETE FROM events WHERE number IN
    (SELECT number FROM events WHERE kind = ? ORDER BY time LIMIT ?)"""
_NEXT: Final = f"{SELECT_NUMBERED} WHERE number > ? ORDER BY number LIMIT ?"
