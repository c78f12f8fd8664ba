"""
How many connections we hold: all together, and from one neighbourhood; and no new ones while
the process holds too much memory.

The counts live in one dictionary that has at most as many keys as there are open
connections, so the memory does not grow with the number of attackers.  IPv6 counts by /64
(:func:`honeypost.model.neighbourhood`): an attacker changes addresses there for free.
"""

from __future__ import annotations

from honeypost.model import Client
from honeypost.net.memory import MemoryBudget
from honeypost.ports import Clock

NOTES_PER_MINUTE = 60
"""Rejections told to the journal; a flood must not fill the disk with its own description."""

TOTAL = "connections"
PER_NETWORK = "connections_per_network"
MEMORY = "memory_bytes"


class Admission:
    """Lets connections in while all budgets hold."""

    __slots__ = (
        "_clock",
        "_memory",
        "_minute",
        "_networks",
        "_noted",
        "_open",
        "_per_network",
        "_total",
    )

    def __init__(
        self, total: int, per_network: int, clock: Clock, memory: MemoryBudget | None = None
    ) -> None:
        """
        :param memory: while it is exceeded nobody comes in beside who is in.
        """
        self._memory = memory
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
        # One may always be in: memory that an allocator keeps must not shut us for good.
        if self._open and self._memory is not None and self._memory.exceeded:
            return MEMORY
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
