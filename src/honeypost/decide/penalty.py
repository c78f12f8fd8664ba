"""
How long a network that fails to log in stays away, and who never has to.

Theory of operation
===================

A penalty is a pause, not a judgement: it costs a guesser who comes back his time and a user who
mistyped a minute.  What decides is the *network* (:func:`honeypost.model.neighbourhood`): an
IPv4 address, an IPv6 /64.  An IPv4 address is never widened, since a /24 belongs to hundreds of
customers; several /64 of one /48 that are under penalty make it one of the /48, since a host is
given that much for nothing.

- The first failure is free.  From the second on each failure costs one rung of the ladder; a
  failure while a penalty stands (on a session that was open before) costs no further one.
- The same wrong secret again is a device with an old password, not a guess: it counts once.
  Dovecot's own penalty forgives the last two secrets; we remember :data:`SECRETS`.
- After each quiet ``decay`` one failure and one rung are forgotten.
- Jitter makes a pause longer by chance, never longer than the next rung: thresholds that can
  be learned are learned within a handful of attempts (Drasar and Medkova, 2018).

Chance and time come in as arguments, so that every verdict can be computed again.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_network
from typing import Final

from honeypost.model import canonical_address

COUNTED_FROM: Final = 2
"""The failure that costs the first pause."""

SECRETS: Final = 8
"""Wrong secrets remembered of a network; repeating any of them counts once."""

SITE_BITS: Final = 48
"""IPv6 prefix that several :data:`HOST_BITS` networks are taken together to."""

HOST_BITS: Final = 64

WIDEN_AT: Final = 3
"""So many /64 of one /48 under penalty at once are one penalised /48."""


class Outcome(StrEnum):
    """What a failed login means for its network."""

    FREE = "free"
    """The first one."""
    REPEATED = "repeated"
    """A wrong secret that was counted before."""
    STANDING = "standing"
    """Counted, but the network is under a penalty already."""
    IMPOSED = "imposed"
    """A penalty begins."""


@dataclass(frozen=True, slots=True)
class Ladder:
    """The named times, from the first penalty to the longest."""

    seconds: tuple[int, ...]
    """Ascending."""
    jitter_share: float
    decay_seconds: float

    def pause(self, rung: int, chance: float) -> float:
        """
        Give the length of a penalty in seconds.

        :param rung: from 1; beyond the last it stays the last.
        :param chance: ``0 <= chance < 1``.

        >>> ladder = Ladder((60, 300), 0.25, 86400)
        >>> ladder.pause(1, 0.0), ladder.pause(1, 0.8), ladder.pause(7, 0.0)
        (60.0, 72.0, 300.0)
        """
        rung = min(rung, len(self.seconds))
        pause = self.seconds[rung - 1] * (1 + self.jitter_share * chance)
        return min(pause, self.seconds[rung]) if rung < len(self.seconds) else pause


class Record:
    """What is remembered of one network: some hundred bytes, whatever it does."""

    __slots__ = ("failures", "rung", "seen_at", "tags", "until")

    def __init__(self, rung: int = 0, failures: int = 0, until: float = 0.0) -> None:
        self.failures = failures
        """Failed logins that count, less what decayed."""
        self.rung = rung
        """Penalties had, less what decayed."""
        self.until = until
        """End of the latest penalty, Unix time; 0 when there was none."""
        self.seen_at = until
        self.tags: tuple[str, ...] = ()
        """Of the wrong secrets, oldest first."""

    def standing(self, now: float) -> bool:
        """Is it under a penalty?"""
        return now < self.until

    def empty(self) -> bool:
        """Is there nothing left to remember?"""
        return not (self.failures or self.rung)


def fail(record: Record, tag: str, now: float, ladder: Ladder, chance: float) -> Outcome:
    """
    Count a failed login of a network; its record says afterwards until when it pauses.

    :param tag: tells login and secret together from others; ``""`` when nobody knows them.
    """
    decay(record, now, ladder)
    record.seen_at = max(record.seen_at, now)
    if tag and tag in record.tags:
        return Outcome.REPEATED
    if tag:
        record.tags = (*record.tags, tag)[-SECRETS:]
    record.failures += 1
    if record.standing(now):
        return Outcome.STANDING
    if record.failures < COUNTED_FROM:
        return Outcome.FREE
    record.rung = min(record.rung + 1, len(ladder.seconds))
    record.until = now + ladder.pause(record.rung, chance)
    return Outcome.IMPOSED


def decay(record: Record, now: float, ladder: Ladder) -> None:
    """Forget one failure and one rung for each quiet while; a clock set back forgets none."""
    quiet = now - max(record.seen_at, record.until)
    steps = int(quiet // ladder.decay_seconds)
    if steps <= 0 or record.empty():
        return
    record.failures = max(0, record.failures - steps)
    record.rung = max(0, record.rung - steps)
    record.seen_at = now
    if not record.failures:
        record.tags = ()


def site_of(network: str) -> str:
    """
    Name the /48 that an IPv6 /64 belongs to, ``""`` for IPv4.

    >>> site_of("2001:db8:1:2::/64"), site_of("192.0.2.7")
    ('2001:db8:1::/48', '')
    """
    if ":" not in network:
        return ""
    return str(IPv6Network(network).supernet(new_prefix=SITE_BITS))


def may_be_punished(address: str) -> bool:
    """
    Can a penalty on it be meant for a remote client?  The host itself and its link never have one.

    >>> may_be_punished("192.0.2.7"), may_be_punished("127.0.0.1"), may_be_punished("fe80::1")
    (True, False, False)
    """
    try:
        parsed = canonical_address(address)
    except ValueError:
        return False
    return not (
        parsed.is_loopback or parsed.is_link_local or parsed.is_multicast or parsed.is_unspecified
    )


def covers(network: str) -> str:
    """
    Bring a network to the form in which it may be under a penalty, ``""`` when it may not.

    An IPv4 address, an IPv6 /64 or /48, and no part of the host's own or of its link.

    >>> covers("192.0.2.7/32"), covers("192.0.2.0/24"), covers("2001:db8::/64")
    ('192.0.2.7', '', '2001:db8::/64')
    """
    try:
        parsed = ip_network(network)
    except ValueError:
        return ""
    first = parsed.network_address
    if not may_be_punished(str(first)) or _is_mapped(first):
        return ""
    if isinstance(first, IPv4Address):
        return str(first) if parsed.num_addresses == 1 else ""
    return str(parsed) if parsed.prefixlen in (HOST_BITS, SITE_BITS) else ""


def _is_mapped(address: IPv4Address | IPv6Address) -> bool:
    """``::/64`` holds loopback and every mapped IPv4 address."""
    return isinstance(address, IPv6Address) and int(address) >> HOST_BITS == 0
