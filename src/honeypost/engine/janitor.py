"""
Keeping what is kept small, and taking out what must go.

Each process has a janitor for its own stores, because only it writes them.  The janitor sweeps
at start and every hour (retention), and does what an operator asks for through
the folder of requests (``gc``, ``forget``) while the process runs.  Nothing it does may hold a
session up: the stores work in small steps.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from honeypost.engine.journal import LOG_EVERY, Journal
from honeypost.engine.traces import Trace
from honeypost.errors import HoneypostError
from honeypost.events import AddressForgotten
from honeypost.ports import Clock

SWEEP_SECONDS: Final = 3600
REQUEST_SECONDS: Final = 2
"""How often the folder of requests is looked at."""
DAY_SECONDS: Final = 86_400

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pruned:
    """What is gone."""

    count: int = 0
    bytes: int = 0

    def __add__(self, other: Pruned) -> Pruned:
        return Pruned(self.count + other.count, self.bytes + other.bytes)


class Expiring(Protocol):
    """A store that things can be taken out of."""

    async def prune(self, before: float) -> Pruned:
        """Delete what is older, and what is over the store's own budget."""

    async def forget(self, trace: Trace) -> int:
        """Delete every record that names the address; how many there were."""


@dataclass(frozen=True, slots=True)
class Part:
    """A store and how long it keeps things."""

    store: Expiring
    days: int


class Verb(StrEnum):
    """What can be asked of a running process."""

    SWEEP = "sweep"
    FORGET = "forget"


@dataclass(frozen=True, slots=True)
class Request:
    """One thing asked for."""

    id: str
    verb: Verb
    address: str = ""


class Requests(Protocol):
    """Where requests are left and answered."""

    def pending(self) -> Sequence[Request]:
        """Requests not yet done, oldest first."""

    def finish(self, request: Request, figures: Mapping[str, int]) -> None:
        """Say what came of it and take the request (and the address in it) away."""


class Janitor:
    """
    Sweeps the stores of one process.

    Keys of ``parts`` (``captures``, ``events``, ``findings``) name the figures.
    """

    def __init__(
        self,
        parts: Mapping[str, Part],
        clock: Clock,
        key: bytes,
        *,
        journal: Journal | None = None,
        requests: Requests | None = None,
    ) -> None:
        """
        :param key: the site's; makes the tag that remains of a forgotten address.
        :param journal: where that is noted; ``None`` in processes that write none.
        """
        self._parts = parts
        self._clock = clock
        self._key = key
        self._journal = journal
        self._requests = requests
        self._failures = 0

    async def sweep(self) -> dict[str, int]:
        """
        Delete what is older than its retention or over its budget.

        :return: how many of each part are gone, and ``bytes`` freed by all.
        :raises StoreError: a store is broken; the others were swept all the same.
        """
        figures: dict[str, int] = {"bytes": 0}

        async def prune(name: str, part: Part) -> None:
            pruned = await part.store.prune(self._clock() - part.days * DAY_SECONDS)
            figures[name] = pruned.count
            figures["bytes"] += pruned.bytes

        await self._each(prune)
        return figures

    async def forget(self, address: str) -> dict[str, int]:
        """
        Erase an address everywhere and note that it was, by a tag that reveals nothing.

        :return: how many of each part are gone.
        :raises ValueError: it is not an address. :raises StoreError: a store is broken; the
            others have forgotten it, so ask again.
        """
        trace = Trace(address)
        figures: dict[str, int] = {}
        if self._journal is not None:
            # What was noted a moment ago must be where it can be found.
            await self._journal.flush()

        async def forget(name: str, part: Part) -> None:
            figures[name] = await part.store.forget(trace)

        await self._each(forget)
        if self._journal is not None:
            captures, events = figures.get("captures", 0), figures.get("events", 0)
            self._journal.note(AddressForgotten(trace.tag(self._key), captures, events), None)
            await self._journal.flush()
        return figures

    async def attend(self) -> int:
        """
        Do what is asked for in the folder of requests; how many were done.  Never raises.

        What fails is tried again the next time; what makes no sense is answered with nothing.
        """
        done = 0
        if self._requests is None:
            return done
        for request in self._requests.pending():
            try:
                self._requests.finish(request, await self._do(request))
                done += 1
            except HoneypostError:
                self._failures += 1
                if self._failures % LOG_EVERY == 1:
                    _log.exception("janitor: %s failed; it is tried again", request.verb)
        return done

    async def run(self, pause: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        """Sweep at start and every hour, attend to requests in between; until cancelled."""
        next_sweep = self._clock()
        while True:
            if self._clock() >= next_sweep:
                next_sweep = self._clock() + SWEEP_SECONDS
                await self._sweep_or_log()
            await self.attend()
            await pause(REQUEST_SECONDS)

    async def _do(self, request: Request) -> dict[str, int]:
        if request.verb is Verb.SWEEP:
            return await self.sweep()
        try:
            return await self.forget(request.address)
        except ValueError:
            # The text itself stays out of the log: it was to be forgotten.
            _log.warning("janitor: request %s names no address", request.id)
            return {}

    async def _sweep_or_log(self) -> None:
        try:
            figures = await self.sweep()
        except HoneypostError:
            _log.exception("janitor: sweeping failed; next try in an hour")
        else:
            if any(figures.values()):
                _log.info("janitor: swept %s", figures)

    async def _each(self, do: Callable[[str, Part], Awaitable[None]]) -> None:
        """Do it to every part, also when one fails; raise the first failure afterwards."""
        failures: list[HoneypostError] = []
        for name, part in self._parts.items():
            try:
                await do(name, part)
            except HoneypostError as error:
                failures.append(error)
        if failures:
            raise failures[0]
