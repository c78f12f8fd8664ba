"""
What outside parts fulfil for the engine.  Stores, sinks and name sources implement these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from honeypost.events import Event
from honeypost.model import Envelope, Identity

Clock = Callable[[], float]
"""Seconds since 1970, UTC.  ``time.time`` in production, a hand-wound one in tests."""

Chance = Callable[[int], bytes]
"""So many random bytes.  ``os.urandom`` in production."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the journal: an event with its identity and time."""

    id: str
    """Sortable by time, unique over restarts (UUIDv7, hex)."""
    time: float
    """Seconds since 1970, UTC."""
    event: Event
    who: Identity | None
    """``None`` for what the site itself did (grants stopped, budget exceeded)."""


class Sink(Protocol):
    """Takes journal entries; a sink that raises is isolated, counted and logged."""

    def write(self, entries: Sequence[Entry]) -> None: ...


class EventLog(Protocol):
    """The durable journal of one process (its own file, one writer)."""

    def append(self, entry: Entry) -> None:
        """Queue an entry; it is on disk within a second, or at the next ``flush``."""

    async def flush(self) -> None:
        """
        Return when everything appended so far is durable.

        :raises StoreError: when it cannot be; the caller answers as a full server would.
        """


@dataclass(frozen=True, slots=True)
class Decoy:
    """A decoy account: one name, one secret, on every port, for at least its frozen time."""

    account: str
    secret: str
    marker: str
    adopted_at: float
    frozen_until: float


class DecoyStore(Protocol):
    """Decoys survive restarts; all of them fit in memory (capped per day)."""

    def all(self) -> Iterable[Decoy]: ...

    async def adopt(self, decoy: Decoy) -> None:
        """
        Keep it; returns when it is durable.

        :raises StoreError: when it cannot be kept (the guess is then refused).
        """


@dataclass(frozen=True, slots=True)
class Capture:
    """The index entry of one captured message; the body is asked for apart."""

    id: str
    time: float
    """When it was acknowledged."""
    envelope: Envelope
    who: Identity
    size: int
    sha256: str
    """Of the body as kept (after our own header was taken off)."""


class Body(Protocol):
    """A body being spooled: in memory up to a named limit, then in a file."""

    @property
    def size(self) -> int: ...

    def write(self, data: bytes) -> None:
        """
        Add bytes.

        :raises StoreFull: when neither memory nor disk may hold more.
        """

    def head(self, limit: int) -> bytes:
        """The first ``limit`` bytes (fewer when there are no more), not removed."""

    def skip(self, count: int) -> None:
        """Leave the first ``count`` bytes out of what is kept; nothing is copied."""

    def abandon(self) -> None:
        """Free what it holds; safe to call twice."""


class CaptureStore(Protocol):
    """Append-only, group-committed, rebuilt from its own segments."""

    def spool(self) -> Body: ...

    async def keep(self, envelope: Envelope, who: Identity, body: Body, time: float) -> Capture:
        """
        Append the message; returns only after fdatasync.

        :raises StoreFull: no room (answer 4xx). :raises StoreError: any other failure.
        """

    def captures(self) -> Iterator[Capture]:
        """All captures, oldest first."""

    def read(self, capture_id: str) -> bytes:
        """
        The body, byte-exact.

        :raises KeyError: when there is none. :raises StoreCorrupt: when its hash differs.
        """


class Reality(StrEnum):
    """Is there a real user, alias or map entry of that name?"""

    REAL = "real"
    UNKNOWN = "unknown"
    """For sure nobody: every source that was configured has said so."""
    UNSURE = "unsure"
    """Some source could not be asked.  Who cannot be told is not a decoy."""


class RealNames(Protocol):
    """Asks the site's user database and every Postfix map."""

    async def reality(self, account: str) -> Reality:
        """
        Judge ``local@domain`` in all its forms: with and without domain and extension, and
        its near-misses (edit distance 1 to a real name).  Never raises; takes at most the
        time it was configured with, then says ``UNSURE``.
        """


class Containment(Protocol):
    """Is what keeps decoy mail in still what was attached, and has everybody loaded it?"""

    def doubt(self) -> str:
        """
        Why no decoy login may be granted now, in words for the operator; ``""`` when it may.

        Cheap enough for every grant (no more than 5 ms, no subprocess).
        """


class Actuator(Protocol):
    """Carries penalties out; never raises and never waits."""

    def impose(self, network: str, seconds: int) -> None:
        """Keep a network (IPv4 address, IPv6 /64 or /48) from new sessions for so long."""

    def lift(self, network: str) -> None:
        """Let it in again now."""
