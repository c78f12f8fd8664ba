import sqlite3
from contextlib import closing

import pytest

from honeypost.errors import StoreCorrupt, StoreError, StoreFull
from honeypost.stores.sqlite import open_other, open_own, transaction, translated, used_bytes

STEPS = ("CREATE TABLE t (a INTEGER)", "ALTER TABLE t ADD COLUMN b TEXT; CREATE TABLE u (c)")


def pragma(connection, name):
    return connection.execute(f"PRAGMA {name}").fetchone()[0]


def test_a_new_file_is_durable_bounded_and_private(tmp_path):
    path = tmp_path / "edge" / "x.db"
    with closing(open_own(path, STEPS)) as connection:
        assert pragma(connection, "journal_mode") == "wal"
        assert pragma(connection, "synchronous") == 2
        assert pragma(connection, "secure_delete") == 1
        assert 0 < pragma(connection, "journal_size_limit") < 1 << 30
        assert 0 < pragma(connection, "wal_autocheckpoint") < 10_000
        assert pragma(connection, "user_version") == 2
        assert used_bytes(connection) > 0
    assert path.stat().st_mode & 0o777 == 0o640


def test_its_logs_are_readable_for_whom_the_file_is(tmp_path):
    path = tmp_path / "x.db"
    with closing(open_own(path, STEPS)):
        for name in ("x.db-wal", "x.db-shm"):
            assert path.with_name(name).stat().st_mode & 0o777 == 0o640


def test_an_old_file_is_brought_up_to_date_and_keeps_its_rows(tmp_path):
    with closing(open_own(tmp_path / "x.db", STEPS[:1])) as connection:
        connection.execute("INSERT INTO t VALUES (7)")
    with closing(open_own(tmp_path / "x.db", STEPS)) as connection:
        assert connection.execute("SELECT a, b FROM t").fetchall() == [(7, None)]
        assert connection.execute("SELECT * FROM u").fetchall() == []


def test_a_step_that_fails_leaves_the_version_before(tmp_path):
    with closing(open_own(tmp_path / "x.db", STEPS[:1])):
        pass
    with pytest.raises(StoreError):
        open_own(tmp_path / "x.db", (STEPS[0], "CREATE TABLE u (c); BROKEN"))
    with closing(open_own(tmp_path / "x.db", STEPS)) as connection:
        assert pragma(connection, "user_version") == 2


def test_a_later_version_is_refused(tmp_path):
    open_own(tmp_path / "x.db", STEPS).close()
    with pytest.raises(StoreCorrupt, match="later"):
        open_own(tmp_path / "x.db", STEPS[:1])


def test_a_file_that_is_no_database(tmp_path):
    (tmp_path / "x.db").write_bytes(b"no database at all" * 1000)
    with pytest.raises(StoreCorrupt):
        open_own(tmp_path / "x.db", STEPS)
    with pytest.raises(StoreCorrupt):
        open_other(tmp_path / "x.db")


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError):
        open_own(tmp_path / "file" / "x.db", STEPS)


def test_a_missing_file_is_said_so_and_not_made(tmp_path):
    with pytest.raises(StoreError):
        open_other(tmp_path / "x.db")
    assert list(tmp_path.iterdir()) == []


def test_a_reader_sees_what_is_committed_and_cannot_write(tmp_path):
    with (
        closing(open_own(tmp_path / "x.db", STEPS)) as own,
        closing(open_other(tmp_path / "x.db")) as other,
    ):
        own.execute("INSERT INTO t VALUES (1, 'x')")
        assert other.execute("SELECT a FROM t").fetchall() == [(1,)]
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            other.execute("DELETE FROM t")


def test_a_closed_file_is_read_where_nothing_can_be_written(tmp_path, monkeypatch):
    open_own(tmp_path / "x.db", STEPS).close()
    real = sqlite3.connect

    def no_shared_memory(database, **settings):
        if "mode=ro" in str(database):
            raise sqlite3.OperationalError("unable to open database file")
        return real(database, **settings)

    monkeypatch.setattr(sqlite3, "connect", no_shared_memory)
    with closing(open_other(tmp_path / "x.db")) as other:
        assert other.execute("SELECT * FROM t").fetchall() == []


def test_a_transaction_is_all_or_nothing(tmp_path):
    with closing(open_own(tmp_path / "x.db", STEPS)) as connection:

        def fail_after(statement):
            with transaction(connection):
                connection.execute(statement)
                raise ZeroDivisionError

        # SQLite rolls back by itself when the disk is full.
        for statement in ("INSERT INTO t VALUES (1, 'x')", "ROLLBACK"):
            with pytest.raises(ZeroDivisionError):
                fail_after(statement)
        assert connection.execute("SELECT * FROM t").fetchall() == []


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (sqlite3.SQLITE_FULL, StoreFull),
        (sqlite3.SQLITE_CORRUPT, StoreCorrupt),
        (sqlite3.SQLITE_NOTADB, StoreCorrupt),
        (sqlite3.SQLITE_IOERR_FSYNC, StoreError),
        (None, StoreError),
    ],
)
def test_errors_become_ours(code, kind):
    error = sqlite3.OperationalError("odd")
    if code is not None:
        error.sqlite_errorcode = code
    with pytest.raises(StoreError, match=r"x\.db: odd") as caught, translated("x.db"):
        raise error
    assert type(caught.value) is kind
