"""
How many conversations a client, and its network, hold with Postfix at once.

Postfix tells a policy service when somebody asks, and never when he has gone.  But each of its
smtpd processes serves one client at a time and asks on a connection of its own (measured on
Postfix 3.7.11), so one connection stands for one client: the one that it asked about last, as
long as that was not long ago.  This errs low, never high: a conversation that is silent for
``FRESH_SECONDS`` is not counted.

What Postfix's own anvil cannot do: count a network (IPv4 /24, IPv6 /48; anvil learned it in 3.8
for all services alike), and leave alone the networks of users.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from honeypost.decide.places import place
from honeypost.engine.grants import Notebook
from honeypost.events import BudgetExceeded
from honeypost.model import Client
from honeypost.ports import Clock

FRESH_SECONDS: Final = 10.0
SESSIONS_LIMIT: Final = 512
"""Connections remembered; Postfix has 100 processes unless it is told otherwise."""
TELL_SECONDS: Final = 60.0
"""That a network was over is told once in so many seconds."""


@dataclass(frozen=True, slots=True)
class _Conversation:
    time: float
    client: str
    place: str


class Crowds:
    """Counts who converses; bounded whatever comes."""

    def __init__(
        self,
        per_client: int,
        per_network: int,
        *,
        clock: Clock,
        journal: Notebook,
        spared: Callable[[Client], bool],
    ) -> None:
        """:param spared: whose conversations are not counted: networks of users above all."""
        self._per_client, self._per_network = per_client, per_network
        self._clock, self._journal, self._spared = clock, journal, spared
        self._open: OrderedDict[str, _Conversation] = OrderedDict()
        self._told_at = -TELL_SECONDS

    def __len__(self) -> int:
        return len(self._open)

    def admit(self, session: str, client: Client) -> bool:
        """
        May this conversation go on?  One that may not counts as over.

        :param session: the connection on which Postfix asks.
        """
        now = self._clock()
        self._open.pop(session, None)
        if self._spared(client):
            return True
        self._forget(now)
        over = self._over(client)
        if over:
            self._tell(*over, now)
            return False
        self._open[session] = _Conversation(now, client.network, place(client.address))
        return True

    def _forget(self, now: float) -> None:
        while self._open:
            oldest = next(iter(self._open))
            fresh = 0 <= now - self._open[oldest].time < FRESH_SECONDS
            if fresh and len(self._open) < SESSIONS_LIMIT:
                return
            del self._open[oldest]

    def _over(self, client: Client) -> tuple[str, int] | None:
        """Name the budget that is used up, and its size."""
        network, home = client.network, place(client.address)
        held = self._open.values()
        if sum(each.client == network for each in held) >= self._per_client:
            return "client_conversations", self._per_client
        if sum(each.place == home for each in held) >= self._per_network:
            return "network_conversations", self._per_network
        return None

    def _tell(self, budget: str, limit: int, now: float) -> None:
        if now - self._told_at >= TELL_SECONDS:
            self._told_at = now
            self._journal.note(BudgetExceeded(budget, limit), None)
