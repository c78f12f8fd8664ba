"""
How many connections we hold: all together, and from one neighbourhood.

The counts live in one dictionary that has at most as many keys as there are open
connections, so the memory does not grow with the number of attackers.  IPv6 counts by /64
(:func:`honeypost.model.neighbourhood`): an attacker changes addresses there for free.
"""

from __future__ import annotations

from honeypost.model import Client
from honeypost.ports import Clock

NOTES_PER_MINUTE = 60
"""Rejections told to the journal; a flood must not fill the disk with its own description."""

TOTAL = "connections"
PER_NETWORK = "connections_per_network"


class Admission:
    """Lets connections in while both budgets hold."""

    __slots__ = ("_clock", "_minute", "_networks", "_noted", "_open", "_per_network", "_total")

    def __init__(self, total: int, per_network: int, clock: Clock) -> None:
        self._total = total
        self._per_network = per_network
        self._clock = clock
        self._networks: dict[str, int] = {}
        self._open = 0
        self._minute = 0
        self._noted = 0

    @property
    def open(self) -> int:
        """Connections that are in."""
        return self._open

    @property
    def total(self) -> int:
        """The budget of connections."""
        return self._total

    def enter(self, client: Client) -> str:
        """
        Count a connection in.

        :returns: ``""``, or the name of the budget that is used up; it then counts as not in.
        """
        if self._open >= self._total:
            return TOTAL
        count = self._networks.get(client.network, 0)
        if count >= self._per_network:
            return PER_NETWORK
        self._networks[client.network] = count + 1
        self._open += 1
        return ""

    def leave(self, client: Client) -> None:
        """Count a connection out that ``enter`` has let in."""
        network = client.network
        count = self._networks[network] - 1
        if count:
            self._networks[network] = count
        else:
            del self._networks[network]
        self._open -= 1

    def worth_noting(self) -> bool:
        """May one more rejection be told to the journal in this minute?"""
        minute = int(self._clock() // 60)
        if minute != self._minute:
            self._minute, self._noted = minute, 0
        self._noted += 1
        return self._noted <= NOTES_PER_MINUTE
