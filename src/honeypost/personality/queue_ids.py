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

    ``key`` makes the inodes those of this site, the same after every restart.
    """

    def __init__(self, key: bytes) -> None:
        self._key = blake2b(key, digest_size=32, person=b"queue ids").digest()
        self._next_inode = LOWEST_INODE + self._number("first", 0) % INODE_RANGE
        self._made = 0
        self._named = 0
        self._free: list[int] = []
        self._in_flight: list[tuple[float, int]] = []

    def __call__(self, now: float) -> str:
        """Name a message that arrives now."""
        inode = self._take(now)
        delivered = now + self._delivery_seconds()
        heapq.heappush(self._in_flight, (delivered, inode))
        self._named += 1
        return queue_id(now, inode)

    def _take(self, now: float) -> int:
        """Take the lowest free inode, after giving back those of delivered messages."""
        flying = self._in_flight
        while flying and (flying[0][0] <= now or len(flying) >= IN_FLIGHT_MAX):
            heapq.heappush(self._free, heapq.heappop(flying)[1])
        if self._free:
            return heapq.heappop(self._free)
        inode = self._next_inode
        self._made += 1
        self._next_inode += 1 + self._number("gap", self._made) % GAP_MAX
        return inode

    def _delivery_seconds(self) -> float:
        share = self._number("delivery", self._named) / 2**32
        return DELIVERY_SECONDS_MIN + DELIVERY_SECONDS_RANGE * share * share

    def _number(self, purpose: str, index: int) -> int:
        """Give 32 bits that only the site can foresee."""
        text = f"{purpose} {index}".encode()
        return int.from_bytes(blake2b(text, key=self._key, digest_size=4).digest())
