"""
The journal as others see it: read-only, in short transactions, while the edge writes.

Each question is one statement that takes at most :data:`LIMIT` rows and is broken off after
200 ms, so no reader ever keeps the write-ahead log from being folded in.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final, Self

from honeypost.ports import Clock, Decoy, Entry
from honeypost.stores.rows import SELECT, SELECT_NUMBERED, from_row
from honeypost.stores.sqlite import open_other, translated, used_bytes

LIMIT: Final = 1000
"""Most entries of one answer; ask again with the id of the last one."""
QUESTION_SECONDS: Final = 0.2
"""An answer that takes longer is broken off."""
STEPS_BETWEEN: Final = 10_000
"""SQLite's own steps between two looks at the clock (about 1 ms)."""


class JournalView:
    """
    Reads a journal that another process writes (or one that nobody does).

    Use as a context manager or call :meth:`close`; not for use by two threads at once.

    :raises StoreError: there is none yet, or it cannot be read.
    """

    def __init__(self, path: Path, clock: Clock = time.monotonic) -> None:
        self._name = path.name
        self._clock = clock
        self._deadline = 0.0
        self._connection = open_other(path)
        self._connection.set_progress_handler(self._late, STEPS_BETWEEN)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; safe to call twice."""
        self._connection.close()

    def entries(
        self,
        after_id: str = "",
        *,
        kinds: Collection[str] = (),
        account: str = "",
        client: str = "",
        network: str = "",
        session: str = "",
        capture: str = "",
        since: float = 0.0,
        limit: int = LIMIT,
    ) -> list[Entry]:
        """
        Entries in the order in which they were written, all conditions met.

        :param after_id: the id of the last entry seen; ``""`` begins with the oldest.
        :param limit: at most so many, and never more than :data:`LIMIT`.
        :raises StoreError: it cannot be read, or not within 200 ms.
        """
        rows = self._matching(
            {
                "account": account,
                "client": client,
                "network": network,
                "session": session,
                "capture": capture,
            },
            after_id=after_id,
            kinds=kinds,
            since=since,
            limit=min(limit, LIMIT),
        )
        return [entry for row in rows if (entry := from_row(row)) is not None]

    def all_entries(self) -> Iterator[Entry]:
        """Every entry, oldest first, asked for in many short questions."""
        behind = 0
        while rows := self._ask(_NEXT, (behind, LIMIT)):
            behind = rows[-1][0]
            yield from (entry for row in rows if (entry := from_row(row[1:])) is not None)

    def decoys(self) -> list[Decoy]:
        """All decoys, in the order of their adoption."""
        rows = self._ask("SELECT * FROM decoys ORDER BY adopted_at, account")
        return [Decoy(*row) for row in rows]

    def counts(self, since: float = 0.0) -> dict[str, int]:
        """How many events of each kind there are."""
        question = "SELECT kind, count(*) FROM events WHERE time >= ? GROUP BY kind ORDER BY kind"
        return dict(self._ask(question, (since,)))

    def count_before(self, before: float) -> int:
        """How many events are older."""
        return int(self._ask("SELECT count(*) FROM events WHERE time < ?", (before,))[0][0])

    def bytes(self) -> int:
        """Bytes that the journal takes."""
        return used_bytes(self._connection)

    def last_id(self) -> str:
        """Id of the newest entry, ``""`` when there is none."""
        rows = self._ask("SELECT id FROM events ORDER BY number DESC LIMIT 1")
        return str(rows[0][0]) if rows else ""

    def _matching(
        self,
        equal: dict[str, str],
        *,
        after_id: str,
        kinds: Collection[str],
        since: float,
        limit: int,
    ) -> list[Any]:
        conditions = [(f"{column} = ?", value) for column, value in equal.items() if value]
        parameters: list[Any] = [value for _, value in conditions]
        clauses = [clause for clause, _ in conditions]
        if kinds:
            clauses.append(f"kind IN ({', '.join('?' * len(kinds))})")
            parameters += kinds
        if since:
            clauses.append("time >= ?")
            parameters.append(since)
        if after_id:
            clauses.append(_AFTER)
            parameters += (after_id, after_id)
        where = f" WHERE {' AND '.join(clauses)}" if clauses else ""
        return self._ask(f"{SELECT}{where} ORDER BY number LIMIT ?", (*parameters, limit))

    def _ask(self, question: str, parameters: Sequence[Any] = ()) -> list[Any]:
        self._deadline = self._clock() + QUESTION_SECONDS
        with translated(self._name), closing(self._connection.execute(question, parameters)) as c:
            return c.fetchall()

    def _late(self) -> int:
        """Called by SQLite now and then; 1 breaks the question off."""
        return int(self._clock() > self._deadline)


_NEXT: Final = f"{SELECT_NUMBERED} WHERE number > ? ORDER BY number LIMIT ?"
_AFTER: Final = """number > coalesce(
    (SELECT number FROM events WHERE id = ?),
    (SELECT min(number) - 1 FROM events WHERE id > ?), 9223372036854775807)"""
"""Behind an entry, or behind its place when retention has taken it."""
