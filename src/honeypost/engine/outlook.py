"""
What would have been done, who would have met it by mistake, and what is to be expected.

Worked out from the joined observations each time somebody asks, so that a name that logs in
for the first time today changes what is said about last week.

*Diverted* is a session that would have found a decoy instead of an unknown user: a refused
login at a name that can be a decoy's (form, domain, keyed share), that nobody was known to
have, that is not one slip away from a user's, and that had been refused as often before as
this name needs.  A log holds no passwords, so every refusal counts as a new guess and every
guess as good enough to win: the true number is lower, never higher.  Who logs in on the day of
a refusal is taken for known on that day (the user database would have known him); who logs in
on a later day only is counted as one of the site's users who *would have been diverted*.

The forecast is a pace and a measured number: 22 guesses bring half of all sites their first
decoy, 194 bring it to nine of ten.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from honeypost.decide.decoys import Rules
from honeypost.decide.names import split_account
from honeypost.engine.roster import Roster
from honeypost.ports import Reality

HALF_GUESSES = 22
NINE_TENTHS_GUESSES = 194
"""
Guesses until half, and nine of ten, sites have their first decoy.

By bench/time_to_win.py: attackers' own pairs of 2019 in 101 random orders, default settings;
the same at 26, 100 and 500 guesses a day.
"""

PACE_DAYS = 7
"""The pace is that of the last so many days."""


@dataclass(frozen=True, slots=True)
class DayOfLog:
    """What came in on one day."""

    day: int
    """Number since 1970, UTC."""
    accepted: int
    refused: int
    probes: int
    """Recipients that do not exist."""
    relays: int
    sources: int
    """Networks that were refused something, about."""


@dataclass(frozen=True, slots=True)
class Guessed:
    """Refused logins at one name (as typed, lower case) on one day."""

    day: int
    name: str
    tries: int


@dataclass(frozen=True, slots=True)
class Missed:
    """Refused logins at one name from one place; times are Unix time."""

    name: str
    place: str
    first: float
    last: float
    tries: int
    home: int
    """1 when users logged in from there, else 0."""


@dataclass(frozen=True, slots=True)
class Seen:
    """All that is known of a site, as the store gives it."""

    days: Sequence[DayOfLog] = ()
    guesses: Sequence[Guessed] = ()
    misses: Sequence[Missed] = ()
    users: Mapping[str, int] = field(default_factory=dict)
    """Names that logged in, and the day of their first login."""
    standings: Mapping[str, str] = field(default_factory=dict)
    """What the site's own sources said of canonical names."""


@dataclass(frozen=True, slots=True)
class Diverted:
    """Sessions that would have found a decoy."""

    sessions: int = 0
    names: tuple[str, ...] = ()
    """The decoys there would be, in the order of their opening."""
    user_sessions: int = 0
    """Of the sessions, those at names that turned out to be users'."""
    user_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NearMiss:
    """Somebody who was refused and may be one of the site's own."""

    name: str
    place: str
    tries: int
    last: float
    slip: bool
    """One slip away from a user's name; else from a network where users log in."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A name that was guessed at."""

    name: str
    tries: int
    standing: str
    """``user``, ``slip``, ``nobody``, or ``elsewhere`` (no decoy can have that name)."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """When the first decoy is to be expected after switching on."""

    per_day: float
    """Guesses a day at names that nobody has."""
    half_hours: float
    """Half of all sites have one by then; 0 when nothing is guessed at all."""
    nine_tenths_hours: float


class Outlook:
    """Answers about one site; ``rules`` are its rules about decoys."""

    def __init__(self, seen: Seen, rules: Rules) -> None:
        self._seen = seen
        self._rules = rules
        self._since: dict[str, int] = {}
        for name, day in seen.users.items():
            local = self._local(name)
            self._since[local] = min(day, self._since.get(local, day))
        self._roster = Roster(self._since)

    def diverted(self) -> Diverted:
        """Say which sessions would have found a decoy, and whose they were."""
        totals: Counter[str] = Counter()
        sessions: Counter[str] = Counter()
        opened: dict[str, None] = {}
        for day, tries in self._by_day():
            totals.update(tries)
            ripe = [name for name in tries if name not in opened and self._ripe(name, totals, day)]
            ripe.sort(key=lambda name: (-tries[name], name))
            opened.update(dict.fromkeys(ripe[: self._rules.settings.new_per_day]))
            for name in opened.keys() & tries.keys():
                if not self._known(name, day):
                    beyond = totals[name] - self._rules.needed(name)
                    sessions[name] += min(tries[name], beyond)
        yours = tuple(name for name in opened if self._local(name) in self._since)
        return Diverted(
            sum(sessions.values()), tuple(opened), sum(sessions[name] for name in yours), yours
        )

    def near_misses(self) -> list[NearMiss]:
        """List refused logins that may be users' own mistakes, slips first, then the latest."""
        found = []
        for miss in self._seen.misses:
            standing = self._standing(miss.name)
            if standing == "slip" or (standing != "user" and miss.home):
                slip = standing == "slip"
                found.append(NearMiss(miss.name, miss.place, miss.tries, miss.last, slip))
        return sorted(found, key=lambda miss: (not miss.slip, -miss.last, miss.name, miss.place))

    def most_wanted(self, since: int) -> list[Wanted]:
        """List the names that were refused most from this day on."""
        tries: Counter[str] = Counter()
        for guess in self._seen.guesses:
            if guess.day >= since:
                tries[self._account(guess.name) or guess.name] += guess.tries
        ranked = sorted(tries.items(), key=lambda item: (-item[1], item[0]))
        return [Wanted(name, count, self._standing(name)) for name, count in ranked]

    def forecast(self, today: int) -> Forecast:
        """Say when the first decoy is to be expected, from the pace of the last days."""
        looked = [day.day for day in self._seen.days if today - PACE_DAYS < day.day <= today]
        if not looked:
            return Forecast(0.0, 0.0, 0.0)
        wanted = self.most_wanted(min(looked))
        guesses = sum(name.tries for name in wanted if name.standing == "nobody")
        per_day = guesses / (today - min(looked) + 1)
        if not guesses:
            return Forecast(0.0, 0.0, 0.0)
        return Forecast(per_day, 24 * HALF_GUESSES / per_day, 24 * NINE_TENTHS_GUESSES / per_day)

    def _by_day(self) -> Iterable[tuple[int, Counter[str]]]:
        days: dict[int, Counter[str]] = {}
        for guess in self._seen.guesses:
            if account := self._account(guess.name):
                days.setdefault(guess.day, Counter())[account] += guess.tries
        return sorted(days.items())

    def _ripe(self, account: str, totals: Counter[str], day: int) -> bool:
        return (
            totals[account] > self._rules.needed(account)
            and self._rules.exists(account)
            and not self._known(account, day)
            and not self._near_another(self._local(account))
        )

    def _known(self, account: str, day: int) -> bool:
        """Was it known for a user's on that day?"""
        told = self._seen.standings.get(account) == Reality.REAL
        return told or self._since.get(self._local(account), day + 1) <= day

    def _near_another(self, local: str) -> bool:
        if local not in self._since:
            return self._roster.resembles(local)
        return Roster(self._since.keys() - {local}).resembles(local)

    def _standing(self, name: str) -> str:
        account = self._account(name)
        local = self._local(name)
        if local in self._since or self._seen.standings.get(account) == Reality.REAL:
            return "user"
        if self._roster.resembles(local):
            return "slip"
        return "nobody" if account else "elsewhere"

    def _account(self, name: str) -> str:
        return self._rules.account(name.encode("utf-8", "replace"))

    def _local(self, name: str) -> str:
        """A name that is real in one domain is real in every other (see ``SiteNames``)."""
        return split_account(name)[0]
