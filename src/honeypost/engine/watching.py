"""
What a stretch of a real server's log adds to what is known of the site.

Theory of operation
===================

Watching must survive crashes, rotated files and logs handed over twice, so a stretch of log is
first folded into a :class:`Picture` of sums, earliest and latest times and sets, and the
picture is then added to the store in one transaction with the place where reading goes on.
All of these can be joined in any order and in any portions; what became of each account is
worked out from the joined whole (:mod:`honeypost.engine.outlook`), never line by line.

A picture is as large as its stretch, and a stretch is what is polled at once.

A login with the marker of a decoy is an attacker's who won; to take it for a user's would
make his network a good one and the marker a real name.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from honeypost.decide.places import place
from honeypost.engine.distinct import Distinct
from honeypost.engine.logevents import Kind, LogEvent, Outcome
from honeypost.engine.readiness import DAY
from honeypost.engine.tally import Refusals
from honeypost.model import neighbourhood, printable

NAME_LIMIT = 320
"""Bytes of a name that are kept: 64 + @ + 255, RFC 5321, 4.5.3.1."""

AHEAD_SECONDS = DAY
"""A line that claims to be written so much later than now has no usable time."""


QUIET_DAYS = 2
"""Days without a line, between two lines of one log, that count as looked at."""


@dataclass(slots=True)
class Span:
    """From the first to the last time, Unix time; joined by stretching."""

    first: float
    last: float

    def stretch(self, time: float) -> None:
        """Have it reach to this time as well."""
        self.first = min(self.first, time)
        self.last = max(self.last, time)


@dataclass(slots=True)
class DayCount:
    """What came in on one day (UTC)."""

    span: Span
    """The first and the last line of that day that was read."""
    accepted: int = 0
    refusals: Refusals = field(default_factory=Refusals)
    probes: int = 0
    """Recipients that do not exist."""
    relays: int = 0
    """Recipients elsewhere, asked for by strangers."""
    sources: Distinct = field(default_factory=Distinct)
    """Networks of attackers (IPv4 address, IPv6 /64) that were refused anything."""


@dataclass(slots=True)
class Tries:
    """Refused logins at one name from one place, and when."""

    span: Span
    refusals: Refusals = field(default_factory=Refusals)


class Picture:
    """
    What one stretch of log says; ``marker_domain`` is that of decoys' logins.

    :param now: Unix time; lines from the future are left out.
    :param reached: time of the newest line of the stretch before this one, 0 for none.
    """

    def __init__(self, marker_domain: str, now: float, reached: float = 0.0) -> None:
        self.reached = reached
        """Time of the newest line so far."""
        self._marker = f"@{marker_domain}"
        self._until = now + AHEAD_SECONDS
        self.days: dict[int, DayCount] = {}
        """By the number of the day since 1970."""
        self.users: dict[str, Span] = {}
        """Names that logged in, as typed, in lower case."""
        self.homes: dict[tuple[str, str], Span] = {}
        """Name and place (see :mod:`honeypost.decide.places`) of each good login."""
        self.guessed: dict[tuple[int, str], Refusals] = {}
        """Refusals by day and name."""
        self.misses: dict[tuple[str, str], Tries] = {}
        """Refusals by name and place."""

    def look(self, time: float) -> None:
        """Note that the log was read up to this moment, whether it said anything or not."""
        if 0 < time <= self._until:
            self._reach(time)

    def take(self, event: LogEvent, time: float | None) -> None:
        """Count what a line says; a line without a usable time counts nowhere."""
        if time is None or not 0 < time <= self._until:
            return
        self._reach(time)
        match event.kind, event.outcome:
            case Kind.LOGIN, Outcome.ACCEPTED:
                self._accepted(event, time)
            case Kind.LOGIN, Outcome.REFUSED:
                self._refused(event, time)
            case Kind.RECIPIENT, Outcome.UNKNOWN:
                self._attacked(event, time).probes += 1
            case Kind.RECIPIENT, Outcome.RELAY_DENIED:
                self._attacked(event, time).relays += 1
            case _:
                pass

    def _accepted(self, event: LogEvent, time: float) -> None:
        name = folded(event.name)
        if not name or name.endswith(self._marker):
            return
        self._day(time).accepted += 1
        self.users.setdefault(name, Span(time, time)).stretch(time)
        if home := place(event.client):
            self.homes.setdefault((name, home), Span(time, time)).stretch(time)

    def _refused(self, event: LogEvent, time: float) -> None:
        day = self._attacked(event, time)
        day.refusals.add(event)
        name = folded(event.name)
        if not name:
            return
        self.guessed.setdefault((number(time), name), Refusals()).add(event)
        if origin := place(event.client):
            tries = self.misses.setdefault((name, origin), Tries(Span(time, time)))
            tries.span.stretch(time)
            tries.refusals.add(event)

    def _attacked(self, event: LogEvent, time: float) -> DayCount:
        day = self._day(time)
        if event.client:
            day.sources.add(neighbourhood(event.client))
        return day

    def _reach(self, time: float) -> None:
        """Go on to this time; a silent day or two on the way were looked at as well."""
        self._day(time)
        silent = range(number(self.reached) + 1, number(time))
        if len(silent) <= QUIET_DAYS:
            for day in silent:
                self._day(day * DAY)
        self.reached = max(self.reached, time)

    def _day(self, time: float) -> DayCount:
        day = self.days.get(number(time))
        if day is None:
            day = self.days[number(time)] = DayCount(Span(time, time))
        day.span.stretch(time)
        return day


def number(time: float) -> int:
    """
    Give the number of a day since 1970, in UTC.

    >>> number(86_399.9), number(86_400.0)
    (0, 1)
    """
    return int(time // DAY)


def folded(name: bytes) -> str:
    """
    Give a name as it is kept: lower case, printable, at most :data:`NAME_LIMIT` bytes of it.

    >>> folded(b"Bob@Example.org")
    'bob@example.org'
    """
    return printable(name.strip().lower(), NAME_LIMIT)
