"""
Networks from which somebody logged in for real, and networks that hold a won decoy.

Both are spared every penalty for a while after their latest login.  A user's network is kept
as the place where a user's addresses wander (:mod:`honeypost.decide.places`); a decoy's as
itself, or one won login would free a whole block of attackers.  Both are bounded; attackers
cannot fill the first, since it takes a real login to get into it.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

NETWORKS_LIMIT: Final = 20_000
"""Remembered of each; the longest without a login go first.  About 150 bytes each."""

OUTAGE_NETWORKS: Final = 3
"""So many users' networks that fail with nobody getting in between look like an outage."""

OUTAGE_SECONDS: Final = 600.0
"""A failure speaks for an outage no longer than that."""


class Recent:
    """Networks with the time of their latest login."""

    def __init__(self, lasts_seconds: float, limit: int = NETWORKS_LIMIT) -> None:
        self._lasts = lasts_seconds
        self._limit = limit
        self._latest: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._latest)

    def note(self, network: str, when: float) -> bool:
        """Remember a login; was the network a new one?"""
        known = self._latest.get(network)
        self._latest[network] = max(when, known or when)
        self._latest.move_to_end(network)
        if len(self._latest) > self._limit:
            self._latest.popitem(last=False)
        return known is None

    def has(self, network: str, now: float) -> bool:
        """Was there a login not too long ago?"""
        latest = self._latest.get(network)
        return latest is not None and now - latest < self._lasts


class Outage:
    """
    Suspects that the user database is down: users of several known networks fail, nobody gets in.

    Dovecot 2.3 reports such a failure as it reports a wrong password.  While it is suspected
    nobody has a penalty, or a site's own trouble would shut out its users.
    """

    def __init__(self) -> None:
        self._failed: OrderedDict[str, float] = OrderedDict()

    def failed(self, place: str, now: float) -> None:
        """Note that a known network failed."""
        self._failed[place] = now
        self._failed.move_to_end(place)
        if len(self._failed) > OUTAGE_NETWORKS:
            self._failed.popitem(last=False)

    def over(self) -> None:
        """Note that a user got in: the database answers."""
        self._failed.clear()

    def suspected(self, now: float) -> bool:
        """Is it likely that nobody could get in now?"""
        recent = [when for when in self._failed.values() if 0 <= now - when < OUTAGE_SECONDS]
        return len(recent) >= OUTAGE_NETWORKS
