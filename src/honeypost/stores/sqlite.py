"""
One SQLite file, the way each of our processes keeps its own.

WAL, so that others read while one writes; ``synchronous=FULL``, so that a commit is on the
disk when it returns (NORMAL would lose the last ones with the power); a bounded WAL; deleted
content overwritten (``secure_delete``), since ``forget`` promises it.  The schema's version
is ``user_version``: steps are numbered, run forwards only, each in one transaction, and a
file of a later version is refused rather than guessed at.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from honeypost.errors import StoreCorrupt, StoreError, StoreFull
from honeypost.stores.files import DISK, PRIVATE, own_errors

WAL_PAGES: Final = 1000
"""The log is folded into the database at so many pages (4 MB)."""
WAL_BYTES: Final = 16 * 1024 * 1024
"""And cut back to this when a reader had kept it longer."""
BUSY_SECONDS: Final = 0.2
"""Longest wait for a lock; nobody holds one longer."""

Steps = Sequence[str]
"""SQL scripts; the n-th one leads from version n-1 to version n."""


def lock_path(path: Path) -> Path:
    """
    Where the lock of a database lies: beside it.

    >>> lock_path(Path("/data/edge/journal.db")).name
    'journal.db.lock'
    """
    return path.with_name(f"{path.name}.lock")


def open_own(path: Path, steps: Steps) -> sqlite3.Connection:
    """
    Open the file that this process writes; make or migrate it.

    :raises StoreCorrupt: it is no database, damaged, or of a later version.
    :raises StoreFull: no room. :raises StoreError: it cannot be opened.
    """
    with own_errors(str(path)):
        DISK.make_directory(path.parent)
        path.touch(PRIVATE)
    with translated(path.name):
        connection = sqlite3.connect(
            path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            _prepare(connection)
            _migrate(connection, steps, path.name)
        except BaseException:
            connection.close()
            raise
        return connection


def open_other(path: Path) -> sqlite3.Connection:
    """
    Open another process's file for reading only, whether that process runs or not.

    :raises StoreError: there is none, or it cannot be read.
    """
    with translated(path.name):
        try:
            return _read_only(path, "mode=ro")
        except sqlite3.OperationalError:
            # Closed in good order there is no -shm file, and who may not write the
            # directory cannot make one; then nobody writes and the file is all there is.
            if not path.exists() or path.with_name(f"{path.name}-wal").exists():
                raise
            return _read_only(path, "immutable=1")


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Turn SQLite's errors into ours."""
    try:
        yield
    except sqlite3.Error as error:
        raise _translation(error, what) from error


@contextmanager
def transaction(connection: sqlite3.Connection, begin: str = "BEGIN IMMEDIATE") -> Iterator[None]:
    """All or nothing; durable when it ends without an error."""
    connection.execute(begin)
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # After a full disk SQLite has often rolled back by itself already.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def used_bytes(connection: sqlite3.Connection) -> int:
    """Bytes of the file that hold something."""
    pages = _number(connection, "PRAGMA page_count") - _number(connection, "PRAGMA freelist_count")
    return pages * _number(connection, "PRAGMA page_size")


def give_back(connection: sqlite3.Connection, pages: int) -> None:
    """Shorten the file by at most so many free pages; not inside a transaction."""
    # execute() would stop after the first page: only executescript() steps to the end.
    connection.executescript(f"PRAGMA incremental_vacuum({pages})")


def fold_log(connection: sqlite3.Connection) -> None:
    """
    Fold the write-ahead log in and cut it, so that nothing deleted is left in it.

    Not inside a transaction.  As long as a reader needs the log this does nothing.
    """
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _prepare(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(f"PRAGMA wal_autocheckpoint={WAL_PAGES}")
    connection.execute(f"PRAGMA journal_size_limit={WAL_BYTES}")
    connection.execute("PRAGMA secure_delete=ON")
    connection.execute("PRAGMA trusted_schema=OFF")


def _migrate(connection: sqlite3.Connection, steps: Steps, name: str) -> None:
    version = _number(connection, "PRAGMA user_version")
    if version > len(steps):
        raise StoreCorrupt(f"{name}: made by a later Honeypost (schema {version})")
    for number, step in enumerate(steps[version:], version + 1):
        with transaction(connection):
            for statement in filter(str.strip, step.split(";")):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version={number}")


def _read_only(path: Path, mode: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?{mode}", uri=True, timeout=BUSY_SECONDS, isolation_level=None
    )
    try:
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _number(connection: sqlite3.Connection, question: str) -> int:
    return int(connection.execute(question).fetchone()[0])


def _translation(error: sqlite3.Error, what: str) -> StoreError:
    code = getattr(error, "sqlite_errorcode", None) or 0
    # The low byte is the kind of error, the rest says more about it.
    match code & 0xFF:
        case sqlite3.SQLITE_FULL:
            return StoreFull(f"{what}: {error}")
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return StoreCorrupt(f"{what}: {error}")
        case _:
            return StoreError(f"{what}: {error}")
