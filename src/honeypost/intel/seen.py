"""
A set of networks of fixed size, for what cannot be listed one by one.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

SEEN_BYTES = 4_096
"""Size of the filter for further networks; made only for an account that has more."""

SEEN_MARKS = 4
"""Bits that one network sets in it."""


@dataclass(slots=True)
class Seen:
    """Which further networks were met: a Bloom filter, errs towards yes."""

    bits: bytearray = field(default_factory=bytearray)

    def add(self, network: str) -> None:
        """Remember a network."""
        if not self.bits:
            self.bits = bytearray(SEEN_BYTES)
        for place in _places(network):
            self.bits[place // 8] |= 1 << place % 8

    def __contains__(self, network: str) -> bool:
        if not self.bits:
            return False
        return all(self.bits[place // 8] & 1 << place % 8 for place in _places(network))


def _places(network: str) -> list[int]:
    hashed = hashlib.blake2b(network.encode(), digest_size=4 * SEEN_MARKS).digest()
    numbers = (hashed[start : start + 4] for start in range(0, len(hashed), 4))
    return [int.from_bytes(number, "big") % (8 * SEEN_BYTES) for number in numbers]
