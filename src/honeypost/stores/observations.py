"""
What is known of a site from its own log: tables in the worker's file, and reading them.

Everything is bounded by rows, whoever attacks: refusals by day and name, refusals by name and
place, the places of good logins, and the names that ever logged in.  Days are counted in UTC.
Nothing here holds a single address: places are /24 and /48 networks
(:mod:`honeypost.decide.places`), and attackers' networks are only counted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from honeypost.config.schema import Observe
from honeypost.decide.places import place
from honeypost.engine.distinct import Distinct
from honeypost.engine.outlook import DayOfLog, Guessed, Missed
from honeypost.engine.readiness import DAY, WINDOW_DAYS, Observed
from honeypost.engine.traces import Trace
from honeypost.engine.watching import number
from honeypost.stores.findings import IntelView

MOST_GUESSES: Final = 20_000
"""Refusals by day and name kept, about 60 bytes each; the fewest refusals go first."""
MOST_MISSES: Final = 20_000
"""Refusals by name and place kept; those from no user's network go first, the oldest of them."""
MOST_HOMES: Final = 50_000
"""Places of good logins kept; the least recent go first."""
MOST_USERS: Final = 20_000
"""Names that logged in kept; beyond it nobody can be told from a user any more."""

STATE: Final = "observed"
"""Name of the cursor that says how far the log was read."""
SAID: Final = "observed-said"
"""Name of the cursor that holds what the status shows of each log."""
USERS_SHED: Final = "observed-users-shed"
"""Set when there were more names than are kept."""

TABLES: Final = """
    CREATE TABLE observed_days (
        day INTEGER PRIMARY KEY, first REAL NOT NULL, last REAL NOT NULL,
        accepted INTEGER NOT NULL, front INTEGER NOT NULL, behind INTEGER NOT NULL,
        probes INTEGER NOT NULL, relays INTEGER NOT NULL, sources BLOB NOT NULL);
    CREATE TABLE observed_users (
        name TEXT PRIMARY KEY, first REAL NOT NULL, last REAL NOT NULL) WITHOUT ROWID;
    CREATE TABLE observed_homes (
        name TEXT NOT NULL, place TEXT NOT NULL, first REAL NOT NULL, last REAL NOT NULL,
        PRIMARY KEY (name, place)) WITHOUT ROWID;
    CREATE INDEX observed_homes_by_place ON observed_homes (place, last);
    CREATE INDEX observed_homes_by_time ON observed_homes (last);
    CREATE TABLE observed_guesses (
        day INTEGER NOT NULL, name TEXT NOT NULL, front INTEGER NOT NULL,
        behind INTEGER NOT NULL, PRIMARY KEY (day, name)) WITHOUT ROWID;
    CREATE TABLE observed_misses (
        name TEXT NOT NULL, place TEXT NOT NULL, first REAL NOT NULL, last REAL NOT NULL,
        front INTEGER NOT NULL, behind INTEGER NOT NULL,
        PRIMARY KEY (name, place)) WITHOUT ROWID;
    CREATE TABLE observed_standings (
        name TEXT PRIMARY KEY, reality TEXT NOT NULL, asked REAL NOT NULL) WITHOUT ROWID
    """

NAMED: Final = ("users", "homes", "guesses", "misses", "standings")
"""Tables that name somebody."""
PLACED: Final = ("homes", "misses")
"""Tables that tell a place."""


@dataclass(frozen=True, slots=True)
class LogState:
    """A log that is followed."""

    log: str
    """File, or ``journal``."""
    newest: float
    """Time of the newest line read, 0 for none."""
    problem: str
    """Why it cannot be read now, ``""`` when it can."""
    since: float = 0.0
    """Older lines were seen in another log already."""


class Observations(IntelView):
    """Reads what was observed, while the worker writes or not; like every view read-only."""

    def observed(self, now: float) -> Observed:
        """How much was looked at in the last 30 days, for the gate before the decoys."""
        oldest = number(now) - WINDOW_DAYS
        question = "SELECT min(first), max(last), count(*) FROM observed_days WHERE day >= ?"
        first, last, days = self.ask(question, (oldest,))[0]
        if not days:
            return Observed()
        (places,) = self.ask("SELECT count(DISTINCT place) FROM observed_homes")[0]
        (users,) = self.ask("SELECT count(*) FROM observed_users")[0]
        missing = number(last) - number(first) + 1 - days
        return Observed(first, last, missing, users, places)

    def days(self, since: int) -> list[DayOfLog]:
        """What came in on each day from this one on (number since 1970), oldest first."""
        rows = self.ask("SELECT * FROM observed_days WHERE day >= ? ORDER BY day", (since,))
        return [_day(row) for row in rows]

    def users(self) -> dict[str, int]:
        """Names that ever logged in (lower case, as typed), and the day of their first login."""
        return {name: number(first) for name, first in self.ask(_USERS)}

    def guesses(self, since: int) -> list[Guessed]:
        """Refused logins by day and name, oldest day first."""
        rows = self.ask(
            "SELECT day, name, max(front, behind) FROM observed_guesses WHERE day >= ?"
            " ORDER BY day, name",
            (since,),
        )
        return [Guessed(*row) for row in rows]

    def misses(self, since: float) -> list[Missed]:
        """Refused logins by name and place since then, and whether users logged in from there."""
        rows = self.ask(
            "SELECT name, place, first, last, max(front, behind), EXISTS ("
            "SELECT 1 FROM observed_homes AS home WHERE home.place = miss.place)"
            " FROM observed_misses AS miss WHERE last >= ? ORDER BY last DESC, name, place",
            (since,),
        )
        return [Missed(*row) for row in rows]

    def standings(self) -> dict[str, str]:
        """What the site's own sources said of guessed names: ``real``, ``unknown``, ``unsure``."""
        return dict(self.ask("SELECT name, reality FROM observed_standings"))

    def asked_since(self, since: float) -> frozenset[str]:
        """Names that the site's own sources were asked for since then."""
        rows = self.ask("SELECT name FROM observed_standings WHERE asked >= ?", (since,))
        return frozenset(name for (name,) in rows)

    def logs(self) -> list[LogState]:
        """Which logs are followed, and how that goes."""
        return states(self.cursor(SAID))

    def count_expired(self, now: float, kept: Observe) -> int:
        """How many rows a sweep would delete now."""
        return sum(
            int(self.ask(f"SELECT count(*) FROM observed_{condition}", (bound,))[0][0])  # noqa: S608 - ours
            for condition, bound in expired(now - kept.keep_days * DAY, now - kept.known_days * DAY)
        )

    def count_tracing(self, trace: Trace) -> int:
        """How many rows name an address."""
        return sum(
            int(self.ask(f"SELECT count(*) FROM observed_{condition}", bound)[0][0])  # noqa: S608 - ours
            for condition, bound in tracing(self.ask, trace)
        )


def states(said: str) -> list[LogState]:
    """Read what was kept of the logs that are followed; nothing from ``""``."""
    return msgspec.json.decode(said or "[]", type=list[LogState])


def expired(before: float, homes_before: float) -> tuple[tuple[str, float], ...]:
    """Give table, condition and bound of all that is older."""
    day = number(before)
    return (
        ("days WHERE day < ?", day),
        ("guesses WHERE day < ?", day),
        ("misses WHERE last < ?", before),
        ("standings WHERE asked < ?", before),
        ("homes WHERE last < ?", homes_before),
    )


Ask = Callable[[str, Collection[Any]], list[Any]]


def tracing(ask: Ask, trace: Trace) -> Iterator[tuple[str, tuple[str, ...]]]:
    """
    Give table, condition and parameters of all that names an address.

    A login without a domain is meant too: who is ``ann@example.org`` logs in as ``ann``.  Of an
    IP address its place is erased; what else is known of that place is learned anew.
    """
    local = trace.text.rpartition("@")[0]
    origin = _place(trace)
    for table in NAMED:
        names = [
            name
            for (name,) in ask(
                f"SELECT DISTINCT name FROM observed_{table} WHERE instr(name, ?) OR name = ?",  # noqa: S608 - ours
                (trace.text, local),
            )
            if name == local or trace.in_text(name.encode())
        ]
        condition = f"{table} WHERE (name IN (SELECT value FROM json_each(?))"  # noqa: S608 - ours
        if table in PLACED and origin:
            yield f"{condition} OR place = ?)", (json.dumps(names), origin)
        else:
            yield f"{condition})", (json.dumps(names),)


def _place(trace: Trace) -> str:
    try:
        return place(trace.text)
    except ValueError:
        return ""


_USERS: Final = "SELECT name, first FROM observed_users"


def read_observed(path: Path, now: float) -> Observed:
    """
    How much was looked at, for :func:`honeypost.engine.readiness.may_deceive`.

    :param path: the worker's file; one that is not there yet has looked at nothing.
    :raises StoreError: it cannot be read.
    """
    view = open_observations(path)
    if view is None:
        return Observed()
    with view:
        return view.observed(now)


def open_observations(path: Path) -> Observations | None:
    """
    Open what was observed; ``None`` when nothing was, or by an older version of us only.

    :raises StoreError: it cannot be read.
    """
    if not path.exists():
        return None
    view = Observations(path)
    if view.ask("SELECT 1 FROM sqlite_schema WHERE name = 'observed_days'"):
        return view
    view.close()
    return None


def _day(row: Collection[Any]) -> DayOfLog:
    day, _, _, accepted, front, behind, probes, relays, sources = row
    return DayOfLog(day, accepted, max(front, behind), probes, relays, len(Distinct(sources)))
