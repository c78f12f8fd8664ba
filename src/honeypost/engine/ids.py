"""
Ids that sort by time: UUIDv7 (RFC 9562, 5.7) as 32 hex digits.

The 12 bits behind the milliseconds are a counter (RFC 9562, 6.2, method 1), so ids made by
one process never go backwards, not even when the clock does.
"""

from __future__ import annotations

from typing import Final

from honeypost.ports import Chance

COUNTER_LIMIT: Final = 1 << 12
RANDOM_BYTES: Final = 8
VARIANT: Final = 0b10 << 62


class Ids:
    """
    Makes ids from given times; not for use by two threads at once.

    >>> ids = Ids(bytes)
    >>> ids.at(1.0)
    '0000000003e870008000000000000000'
    >>> ids.at(0.5) > ids.at(0.1)
    False
    """

    def __init__(self, chance: Chance, last: str = "") -> None:
        """:param last: the newest id there is already; all further ones sort behind it."""
        self._chance = chance
        self._milliseconds, self._counter = _position(last)

    def at(self, time: float) -> str:
        """Make the next id for this time (seconds since 1970, UTC)."""
        milliseconds = int(time * 1000)
        if milliseconds > self._milliseconds:
            self._milliseconds, self._counter = milliseconds, 0
        else:
            carry, self._counter = divmod(self._counter + 1, COUNTER_LIMIT)
            self._milliseconds += carry
        random = int.from_bytes(self._chance(RANDOM_BYTES), "big") & ((1 << 62) - 1)
        upper = self._milliseconds << 16 | 0x7000 | self._counter
        return f"{upper << 64 | VARIANT | random:032x}"


def _position(last: str) -> tuple[int, int]:
    """Milliseconds and counter of an id, before all times when there is none."""
    if not last:
        return -1, 0
    upper = int(last[:16], 16)
    return upper >> 16, upper & (COUNTER_LIMIT - 1)
