"""
Fakes of every port, in memory: for our own tests and for those of plugin authors.

They keep their promises (an adopted decoy stays, a captured body is given back byte for
byte) and each can be told to fail, so that the unhappy paths are as easy to test as the
happy one.  Nothing here is imported by production code.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from honeypost.decide.names import is_near_miss, split_account, strip_extension
from honeypost.errors import StoreError, StoreFull
from honeypost.events import Event
from honeypost.model import Envelope, Identity
from honeypost.ports import Body, Capture, Decoy, Entry, Reality

E = TypeVar("E", bound=Event)

SPRING_2026 = 1_772_366_400.0
"""2026-03-01 12:00 UTC: where a :class:`ManualClock` starts unless it is told."""


class ManualClock:
    """A clock that moves only when it is told to."""

    def __init__(self, now: float = SPRING_2026) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        """Let so many seconds pass."""
        self.now += seconds


class CountingChance:
    """Random bytes that are not: 0, 1, 2, ... padded; the same in every run."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, size: int) -> bytes:
        self.calls += 1
        return self.calls.to_bytes(max(size, 8), "big")[-size:] if size else b""


class MemoryEventLog:
    """An :class:`~honeypost.ports.EventLog`; ``durable`` is what a crash now would leave."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.durable: list[Entry] = []
        self.flushes = 0
        self.failure: StoreError | None = None

    def append(self, entry: Entry) -> None:
        self.entries.append(entry)

    async def flush(self) -> None:
        if self.failure is not None:
            raise self.failure
        self.flushes += 1
        self.durable = list(self.entries)


class MemoryJournal:
    """What the engine notes events in: binds time, id and identity as the real journal does."""

    def __init__(self, clock: ManualClock, log: MemoryEventLog | None = None) -> None:
        self.clock = clock
        self.log = log or MemoryEventLog()

    def note(self, event: Event, who: Identity | None) -> None:
        """Append the event with the time of the clock and the next id."""
        number = len(self.log.entries)
        self.log.append(Entry(f"{number:032x}", self.clock(), event, who))

    async def flush(self) -> None:
        """Make everything noted so far durable."""
        await self.log.flush()

    @property
    def entries(self) -> list[Entry]:
        """All entries, oldest first."""
        return self.log.entries

    @property
    def events(self) -> list[Event]:
        """All events, oldest first."""
        return [entry.event for entry in self.log.entries]

    def of(self, kind: type[E]) -> list[E]:
        """All events of one class, oldest first."""
        return [event for event in self.events if isinstance(event, kind)]


class MemoryDecoys:
    """A :class:`~honeypost.ports.DecoyStore`."""

    def __init__(self, decoys: Iterable[Decoy] = ()) -> None:
        self.kept = list(decoys)
        self.failure: StoreError | None = None

    def all(self) -> Iterable[Decoy]:
        return tuple(self.kept)

    async def adopt(self, decoy: Decoy) -> None:
        if self.failure is not None:
            raise self.failure
        self.kept.append(decoy)


class MemoryBody:
    """A :class:`~honeypost.ports.Body` that lives in memory up to a limit in bytes."""

    def __init__(self, limit: int = 1 << 20) -> None:
        self.limit = limit
        self.data = bytearray()
        self.abandoned = False

    @property
    def size(self) -> int:
        return len(self.data)

    def write(self, data: bytes) -> None:
        if len(self.data) + len(data) > self.limit:
            raise StoreFull(f"a body may hold {self.limit} bytes")
        self.data += data

    def head(self, limit: int) -> bytes:
        return bytes(self.data[:limit])

    def skip(self, count: int) -> None:
        del self.data[:count]

    def abandon(self) -> None:
        self.abandoned = True
        self.data.clear()


class MemoryCaptures:
    """A :class:`~honeypost.ports.CaptureStore`; ``failure`` makes every ``keep`` raise."""

    def __init__(self, body_limit: int = 1 << 20) -> None:
        self.body_limit = body_limit
        self.index: list[Capture] = []
        self.bodies: dict[str, bytes] = {}
        self.failure: StoreError | None = None

    def spool(self) -> MemoryBody:
        return MemoryBody(self.body_limit)

    async def keep(self, envelope: Envelope, who: Identity, body: Body, time: float) -> Capture:
        if self.failure is not None:
            raise self.failure
        assert isinstance(body, MemoryBody)
        data = bytes(body.data)
        digest = hashlib.sha256(data).hexdigest()
        capture = Capture(f"c{len(self.index):08d}", time, envelope, who, len(data), digest)
        self.index.append(capture)
        self.bodies[capture.id] = data
        return capture

    def captures(self) -> Iterator[Capture]:
        return iter(tuple(self.index))

    def read(self, capture_id: str) -> bytes:
        return self.bodies[capture_id]


@dataclass
class RealNamesTable:
    """A :class:`~honeypost.ports.RealNames` that knows a list; ``unsure`` plays an outage."""

    names: Sequence[str] = ()
    """Real names, ``local`` or ``local@domain``."""
    unsure: bool = False
    asked: list[str] = field(default_factory=list)

    async def reality(self, account: str) -> Reality:
        self.asked.append(account)
        if self.unsure:
            return Reality.UNSURE
        real = any(resembles(account, name) for name in self.names)
        return Reality.REAL if real else Reality.UNKNOWN


def resembles(account: str, name: str) -> bool:
    """Is the account that real name, in any of its forms, or a near-miss of it?"""
    local, domain = split_account(account.lower())
    real_local, real_domain = split_account(name.lower())
    if real_domain and domain and real_domain != domain:
        return False
    return is_near_miss(strip_extension(local), strip_extension(real_local))


@dataclass
class Fence:
    """A :class:`~honeypost.ports.Containment` whose doubt is set by hand."""

    reason: str = ""

    def doubt(self) -> str:
        return self.reason
