import sqlite3
from contextlib import closing

import pytest

from honeypost.engine.traces import Trace
from honeypost.events import GrantsStopped
from honeypost.ports import Entry
from honeypost.stores.expiring import BATCH, forget_some, prune_some
from honeypost.stores.journal import STEPS
from honeypost.stores.rows import INSERT, to_row
from honeypost.stores.sqlite import open_own, used_bytes

NOON = 1_772_366_400.0
ROOM = 1 << 40


@pytest.fixture
def connection(tmp_path):
    with closing(open_own(tmp_path / "journal.db", STEPS)) as made:
        yield made


def fill(connection: sqlite3.Connection, count, text="x"):
    rows = [
        to_row(Entry(f"{n:032x}", NOON + n, GrantsStopped(f"{text} {n}"), None))
        for n in range(count)
    ]
    connection.executemany(INSERT, rows)


def times(connection):
    return [row[0] - NOON for row in connection.execute("SELECT time FROM events ORDER BY number")]


def test_one_step_takes_a_bounded_number_and_the_oldest_first(connection):
    fill(connection, BATCH + 10)
    assert prune_some(connection, NOON + 5 * BATCH, ROOM).count == BATCH
    assert times(connection) == list(range(BATCH, BATCH + 10))


def test_nothing_left_to_take_is_none(connection):
    fill(connection, 5)
    assert prune_some(connection, NOON + 3, ROOM).count == 3
    assert prune_some(connection, NOON + 3, ROOM) is None
    assert times(connection) == [3, 4]


def test_what_is_young_goes_when_there_is_too_much(connection):
    fill(connection, 2 * BATCH)
    assert prune_some(connection, 0, used_bytes(connection)) is None
    assert prune_some(connection, 0, used_bytes(connection) - 1).count == BATCH


def test_forgetting_goes_on_where_it_was(connection):
    fill(connection, BATCH + 5, "ann@example.net")
    trace = Trace("ann@example.net")
    seen, found = forget_some(connection, trace, 0)
    assert (seen, found) == (BATCH, BATCH)
    assert forget_some(connection, trace, seen) == (BATCH + 5, 5)
    assert forget_some(connection, trace, BATCH + 5) == (BATCH + 5, 0)
