"""
Sums per network and per account that do not grow with the number of attackers.

Both are remembered up to a limit, the least recent go first and are counted as forgotten.
The names of a network and the networks of an account are told apart up to a limit too.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, ItemsView
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from honeypost.engine.logevents import Kind, LogEvent, Outcome

MOST_NETWORKS = 50_000
"""Networks remembered; about 1 KiB each."""

MOST_ACCOUNTS = 20_000
"""Accounts remembered; as many as the edge remembers (``budgets.accounts``)."""

MOST_MEMBERS = 64
"""Names of one network, and networks of one account, told apart; beyond it "64 or more"."""

T = TypeVar("T")


@dataclass(slots=True)
class Refusals:
    """Refused logins; one may be written twice, in front and behind."""

    front: int = 0
    """That smtpd or a login process wrote."""
    behind: int = 0
    """That Dovecot's auth process wrote."""

    @property
    def tries(self) -> int:
        """Refused tries: the larger count, as one try may stand in both."""
        return max(self.front, self.behind)

    def add(self, event: LogEvent) -> None:
        """Count a refused login."""
        if event.behind:
            self.behind += event.tries
        else:
            self.front += event.tries


@dataclass(slots=True)
class Logins:
    """Logins that were let in and that were refused."""

    accepted: int = 0
    refusals: Refusals = field(default_factory=Refusals)

    @property
    def refused(self) -> int:
        """Refused tries."""
        return self.refusals.tries

    def add(self, event: LogEvent) -> None:
        """Count a login; one that nobody judged counts neither way."""
        if event.outcome is Outcome.ACCEPTED:
            self.accepted += 1
        elif event.outcome is Outcome.REFUSED:
            self.refusals.add(event)


@dataclass(slots=True)
class Network:
    """What one neighbourhood (IPv4 address or IPv6 /64) did."""

    logins: Logins = field(default_factory=Logins)
    probes: int = 0
    """Recipients it asked for that do not exist."""
    names: set[bytes] = field(default_factory=set)
    first: float | None = None
    last: float | None = None

    @property
    def refusals(self) -> int:
        """Refused logins and unknown recipients together."""
        return self.logins.refused + self.probes

    def add(self, event: LogEvent, time: float | None) -> None:
        """Count what it did."""
        if time is not None:
            if self.first is None or time < self.first:
                self.first = time
            if self.last is None or time > self.last:
                self.last = time
        if event.kind is Kind.RECIPIENT and event.outcome is Outcome.UNKNOWN:
            self.probes += 1
        elif event.kind is Kind.LOGIN:
            self.logins.add(event)
            if event.name and len(self.names) < MOST_MEMBERS:
                self.names.add(event.name.lower())

    def pairs(self) -> int:
        """Count the names tried with and without their domain, as spraying bots do."""
        full = (name.rpartition(b"@")[0] for name in self.names if b"@" in name)
        return sum(1 for local in full if local in self.names)


@dataclass(slots=True)
class Account:
    """What was done to one account."""

    logins: Logins = field(default_factory=Logins)
    networks: set[str] = field(default_factory=set)
    """Networks that were refused at it."""

    def add(self, event: LogEvent, network: str) -> None:
        """Count a login."""
        self.logins.add(event)
        if network and event.outcome is Outcome.REFUSED and len(self.networks) < MOST_MEMBERS:
            self.networks.add(network)


class Recent(Generic[T]):
    """The most recently touched things, up to a limit; ``forgotten`` counts the others."""

    def __init__(self, limit: int, make: Callable[[], T]) -> None:
        self._limit = limit
        self._make = make
        self._kept: OrderedDict[str, T] = OrderedDict()
        self.forgotten = 0

    def touch(self, key: str) -> T:
        """Give the thing, made anew when it is not there."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
            return found
        made = self._kept[key] = self._make()
        if len(self._kept) > self._limit:
            self._kept.popitem(last=False)
            self.forgotten += 1
        return made

    def get(self, key: str) -> T | None:
        """Give the thing when it is remembered; does not touch it."""
        return self._kept.get(key)

    def items(self) -> ItemsView[str, T]:
        """Give what is remembered, least recent first."""
        return self._kept.items()

    def __len__(self) -> int:
        return len(self._kept)


def counted(members: Collection[object]) -> str:
    """Give the size of a bounded set in words: ``64 or more`` when it is full."""
    return f"{MOST_MEMBERS} or more" if len(members) >= MOST_MEMBERS else str(len(members))
