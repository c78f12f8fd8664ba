"""
Networks that never have a penalty because somebody said so: settings, the operator, fail2ban.

Each source is replaced as a whole when it changes.  A penalty is spared when it would touch
any part of such a network: an allowed address inside an IPv6 /64 spares the /64.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final

NETWORKS_LIMIT: Final = 1024
"""Networks looked at of one source; each failed login is compared with all of them."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """One network and who allowed it."""

    network: str
    source: str
    """In words for the operator, as in ``honeypost allow``."""


@dataclass(frozen=True, slots=True)
class _Range:
    version: int
    first: int
    last: int
    source: str

    @classmethod
    def of(cls, network: IPv4Network | IPv6Network, source: str) -> _Range:
        first, last = int(network.network_address), int(network.broadcast_address)
        return cls(network.version, first, last, source)

    def touches(self, other: _Range) -> bool:
        return (
            self.version == other.version and self.first <= other.last and other.first <= self.last
        )


class Allowed:
    """All allowances by source."""

    def __init__(self) -> None:
        self._sources: dict[str, tuple[_Range, ...]] = {}

    def replace(self, owner: str, allowances: Iterable[Allowance]) -> None:
        """
        Take what one owner allows instead of what it allowed before.

        What is no network is passed over; more than :data:`NETWORKS_LIMIT` are not looked at.
        """
        ranges = tuple(_ranges(allowances))
        self._sources[owner] = ranges[:NETWORKS_LIMIT]

    def source_of(self, network: str) -> str:
        """Say who allows some part of an address or network, ``""`` when nobody does."""
        asked = next(_ranges([Allowance(network, "")]), None)
        if asked is None:
            return ""
        every = (known for ranges in self._sources.values() for known in ranges)
        return next((known.source for known in every if known.touches(asked)), "")


def _ranges(allowances: Iterable[Allowance]) -> Iterator[_Range]:
    for allowance in allowances:
        try:
            network = ip_network(allowance.network, strict=False)
        except ValueError:
            continue
        yield _Range.of(network, allowance.source)
