"""
Writing what was observed: pictures are joined to the tables of :mod:`.observations`.

Every statement joins (sum, earliest, latest), so it does not matter in which order or in what
portions a log was folded.  A picture comes into force together with the place where reading goes
on; whatever ends the worker, no line is counted twice and none is left out.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from honeypost.engine.distinct import Distinct
from honeypost.engine.janitor import Pruned
from honeypost.engine.readiness import DAY
from honeypost.engine.traces import Trace
from honeypost.engine.watching import DayCount, Picture
from honeypost.ports import Reality
from honeypost.stores.intel import IntelStore
from honeypost.stores.observations import (
    MOST_GUESSES,
    MOST_HOMES,
    MOST_MISSES,
    MOST_USERS,
    SAID,
    STATE,
    USERS_SHED,
    expired,
    tracing,
)

HEADROOM: Final = 0.9
"""A full table is brought down to this share, so that not every picture has to shed."""

_STRETCH: Final = "first = min(first, excluded.first), last = max(last, excluded.last)"
_REFUSALS: Final = "front = front + excluded.front, behind = behind + excluded.behind"

_DAY: Final = f"""
    INSERT INTO observed_days VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (day) DO UPDATE SET
    {_STRETCH}, {_REFUSALS}, accepted = accepted + excluded.accepted,
    probes = probes + excluded.probes, relays = relays + excluded.relays,
    sources = excluded.sources
    """  # noqa: S608 - ours
_USER: Final = f"""
    INSERT INTO observed_users VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET {_STRETCH}
    """  # noqa: S608 - ours
_HOME: Final = f"""
    INSERT INTO observed_homes VALUES (?, ?, ?, ?)
    ON CONFLICT (name, place) DO UPDATE SET {_STRETCH}
    """  # noqa: S608 - ours
_GUESS: Final = f"""
    INSERT INTO observed_guesses VALUES (?, ?, ?, ?)
    ON CONFLICT (day, name) DO UPDATE SET {_REFUSALS}
    """  # noqa: S608 - ours
_MISS: Final = f"""
    INSERT INTO observed_misses VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (name, place) DO UPDATE SET {_STRETCH}, {_REFUSALS}
    """  # noqa: S608 - ours

_NEW_DAY: Final = "NOT IN (SELECT day FROM main.observed_days)"
_LEARN: Final = (
    # WHERE true: else SQLite takes ON for a join's (its manual, "Parsing Ambiguity").
    f"""INSERT INTO main.observed_users SELECT * FROM other.observed_users WHERE true
    ON CONFLICT (name) DO UPDATE SET {_STRETCH}""",  # noqa: S608 - ours
    f"""INSERT INTO main.observed_homes SELECT * FROM other.observed_homes WHERE true
    ON CONFLICT (name, place) DO UPDATE SET {_STRETCH}""",  # noqa: S608 - ours
    f"""INSERT INTO main.observed_guesses SELECT * FROM other.observed_guesses
    WHERE day {_NEW_DAY} ON CONFLICT (day, name) DO UPDATE SET {_REFUSALS}""",  # noqa: S608 - ours
    f"""INSERT INTO main.observed_misses SELECT * FROM other.observed_misses
    WHERE CAST(first / {DAY} AS INTEGER) {_NEW_DAY} AND CAST(last / {DAY} AS INTEGER) {_NEW_DAY}
    ON CONFLICT (name, place) DO UPDATE SET {_STRETCH}, {_REFUSALS}""",  # noqa: S608 - ours
    "INSERT OR IGNORE INTO main.observed_days SELECT * FROM other.observed_days",
)
"""Joins another store's tables; the days come last, as they say what is new."""

_SHED: Final = (
    ("guesses", MOST_GUESSES, "day, name", "max(front, behind), day"),
    (
        "misses",
        MOST_MISSES,
        "name, place",
        "EXISTS (SELECT 1 FROM observed_homes AS h WHERE h.place = observed_misses.place), last",
    ),
    ("homes", MOST_HOMES, "name, place", "last"),
    ("users", MOST_USERS, "name", "last"),
)
"""Table, its limit, its key, and what goes first."""


class Watched:
    """
    The observations, for the one process that writes them.

    :param homes_days: how much longer than the rest the places of good logins are kept.
    """

    def __init__(self, intel: IntelStore, homes_days: int = 0) -> None:
        self._intel = intel
        self._homes_seconds = homes_days * DAY

    @property
    def state(self) -> str:
        """How far the log was read, ``""`` at first."""
        return self._intel.cursor(STATE)

    @property
    def said(self) -> str:
        """JSON of what the status shows of each log, ``""`` at first."""
        return self._intel.cursor(SAID)

    @property
    def last(self) -> float:
        """The latest moment that was looked at, 0 when nothing was."""
        return float(self._intel.ask("SELECT coalesce(max(last), 0) FROM observed_days")[0][0])

    def add(self, picture: Picture, state: str, said: str = "") -> None:
        """
        Join a picture, and remember how far the log was read: both or neither.

        :param said: JSON of what the status shows of each log.
        """
        with self._intel.batch():
            self._join(picture)
            self._intel.set_cursor(STATE, state)
            self._intel.set_cursor(SAID, said)

    def learn(self, other: Path) -> None:
        """
        Join what was observed elsewhere, in one transaction; twice is as good as once.

        A day that was looked at already is not counted again; who logged in from where on
        such a day is learned all the same, as that cannot be counted twice.

        :param other: a store with observations that nobody writes.
        """
        self._intel.ask("ATTACH ? AS other", (str(other),))
        try:
            with self._intel.batch():
                for statement in _LEARN:
                    self._intel.change(statement, [()])
                self._shed_all()
        finally:
            self._intel.ask("DETACH other")

    def stand(self, name: str, reality: Reality, now: float) -> None:
        """Keep what the site's own sources said of a guessed name."""
        row = (name, str(reality), now)
        self._intel.change("INSERT OR REPLACE INTO observed_standings VALUES (?, ?, ?)", [row])

    def users(self) -> frozenset[str] | None:
        """Names that ever logged in; ``None`` when there were too many to keep."""
        if self._intel.cursor(USERS_SHED):
            return None
        return frozenset(name for (name,) in self._intel.ask("SELECT name FROM observed_users"))

    async def prune(self, before: float) -> Pruned:
        """Delete figures and refusals that are older, and places that are much older."""
        used, gone = self._intel.bytes, 0
        for condition, bound in expired(before, before - self._homes_seconds):
            gone += self._intel.change(f"DELETE FROM observed_{condition}", [(bound,)])  # noqa: S608 - ours
        self._intel.shrink()
        return Pruned(gone, max(0, used - self._intel.bytes))

    async def forget(self, trace: Trace) -> int:
        """Delete every row that names the address; how many there were."""
        with self._intel.durably(), self._intel.batch():
            return sum(
                self._intel.change(f"DELETE FROM observed_{condition}", [bound])  # noqa: S608 - ours
                for condition, bound in list(tracing(self._intel.ask, trace))
            )

    def _join(self, picture: Picture) -> None:
        change = self._intel.change
        change(_DAY, [self._day(day, count) for day, count in picture.days.items()])
        change(_USER, [(name, span.first, span.last) for name, span in picture.users.items()])
        change(_HOME, [(*key, span.first, span.last) for key, span in picture.homes.items()])
        change(_GUESS, [(*key, sums.front, sums.behind) for key, sums in picture.guessed.items()])
        change(
            _MISS,
            [
                (
                    *key,
                    tries.span.first,
                    tries.span.last,
                    tries.refusals.front,
                    tries.refusals.behind,
                )
                for key, tries in picture.misses.items()
            ],
        )
        self._shed_all()

    def _shed_all(self) -> None:
        for table, limit, key, order in _SHED:
            self._shed(table, limit, key, order)

    def _day(self, day: int, count: DayCount) -> tuple[Any, ...]:
        known = self._intel.ask("SELECT sources FROM observed_days WHERE day = ?", (day,))
        sources = Distinct(bytes(count.sources.registers))
        sources.join(known[0][0] if known else b"")
        return (
            day,
            count.span.first,
            count.span.last,
            count.accepted,
            count.refusals.front,
            count.refusals.behind,
            count.probes,
            count.relays,
            bytes(sources.registers),
        )

    def _shed(self, table: str, limit: int, key: str, order: str) -> None:
        rows = int(self._intel.ask(f"SELECT count(*) FROM observed_{table}")[0][0])  # noqa: S608 - ours
        if rows <= limit:
            return
        self._intel.change(
            f"DELETE FROM observed_{table} WHERE ({key}) IN"  # noqa: S608 - ours
            f" (SELECT {key} FROM observed_{table} ORDER BY {order} LIMIT ?)",
            [(rows - int(limit * HEADROOM),)],
        )
        if table == "users":
            self._intel.set_cursor(USERS_SHED, "1")
