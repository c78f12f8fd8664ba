"""The edge reads where users logged in from, and nothing else, from the worker's file."""

import sqlite3

import pytest

from honeypost.errors import StoreError
from honeypost.stores.homes import latest_homes
from honeypost.stores.observations import TABLES


def test_the_latest_login_of_each_place_comes_first(tmp_path):
    path = tmp_path / "intel.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(TABLES)
        rows = [
            ("ann", "192.0.2.0/24", 1.0, 10.0),
            ("bob", "192.0.2.0/24", 1.0, 30.0),
            ("ann", "2001:db8::/48", 1.0, 20.0),
            ("old", "203.0.113.0/24", 1.0, 4.0),
        ]
        connection.executemany("INSERT INTO observed_homes VALUES (?, ?, ?, ?)", rows)
    connection.close()
    assert latest_homes(path, 5.0, 10) == [("192.0.2.0/24", 30.0), ("2001:db8::/48", 20.0)]
    assert latest_homes(path, 5.0, 1) == [("192.0.2.0/24", 30.0)]


def test_a_worker_that_never_ran_has_seen_nobody(tmp_path):
    assert latest_homes(tmp_path / "none", 0.0, 10) == []


def test_a_file_without_the_table_is_told(tmp_path):
    path = tmp_path / "intel.db"
    sqlite3.connect(path).close()
    with pytest.raises(StoreError):
        latest_homes(path, 0.0, 10)
