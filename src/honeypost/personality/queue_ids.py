"""
Queue ids as Postfix makes them, and the inodes of a queue directory that they give away.

A short queue id is the microsecond of the arrival in five hex digits and the inode of the
queue file in hex.  An attacker who sends two mails can check both: the microseconds against
the clock, the inodes against each other.  Random hex fails at once.

On a real host a queue file is removed when its message is delivered, and ext4 gives the
lowest free inode of the group to the next file.  So in a quiet queue two or three inodes
take turns, and under load the numbers climb and come back (seen on Postfix 3.7.11:
``037CD20C113, 043FE20C124, 0556820C113, 0612320C124``).  :class:`QueueIds` plays that
game: a message occupies its inode for as long as a delivery may take.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from hashlib import blake2b

MICROSECONDS = 1_000_000
IN_FLIGHT_MAX = 4096
"""Messages that occupy an inode at once; over that the oldest count as delivered."""

LOWEST_INODE = 0x20000
INODE_RANGE = 0x300000
GAP_MAX = 16
"""Other files of the same group lie between the inodes that are free."""
DELIVERY_SECONDS_MIN = 0.3
DELIVERY_SECONDS_RANGE = 3.0
SHARES = 2**16
"""Two random bytes choose one of so many."""


def queue_id(now: float, inode: int) -> str:
    """
    Build a short queue id.

    :param now: arrival, seconds since 1970.

    >>> queue_id(1700000000.25, 0x20C113)
    '3D09020C113'
    """
    return f"{int(now * MICROSECONDS) % MICROSECONDS:05X}{inode:X}"


class QueueIds:
    """
    Names the messages of one site; call it with the time of the arrival.

    ``key`` puts the queue where it is on this site's disk, after every restart again;
    ``chance`` gives random bytes: how long deliveries take and which inodes are free.
    """

    def __init__(self, key: bytes, chance: Callable[[int], bytes]) -> None:
        place = blake2b(key, digest_size=8, person=b"queue ids").digest()
        self._next_inode = LOWEST_INODE + int.from_bytes(place) % INODE_RANGE
        self._chance = chance
        self._free: list[int] = []
        self._in_flight: list[tuple[float, int]] = []

    def __call__(self, now: float) -> str:
        """Name a message that arrives now."""
        inode = self._take(now)
        delivered = now + self._delivery_seconds()
        heapq.heappush(self._in_flight, (delivered, inode))
        return queue_id(now, inode)

    def _take(self, now: float) -> int:
        """Take the lowest free inode, after giving back those of delivered messages."""
        flying = self._in_flight
        while flying and (flying[0][0] <= now or len(flying) >= IN_FLIGHT_MAX):
            heapq.heappush(self._free, heapq.heappop(flying)[1])
        if self._free:
            return heapq.heappop(self._free)
        inode = self._next_inode
        self._next_inode += 1 + self._share() * GAP_MAX // SHARES
        return inode

    def _delivery_seconds(self) -> float:
        """Most deliveries are quick, some are slow: the square of an even share."""
        return DELIVERY_SECONDS_MIN + DELIVERY_SECONDS_RANGE * (self._share() / SHARES) ** 2

    def _share(self) -> int:
        return int.from_bytes(self._chance(2))
