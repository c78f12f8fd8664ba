"""
The parts of the edge, put together: stores, director, janitor, listeners, and their end.

What was opened is closed in the opposite order, also when something in between could not be
opened.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from honeypost.app.bus import Bell
from honeypost.app.chance import Stock
from honeypost.app.late_bounce import new_bounces
from honeypost.app.penalties import Keeper
from honeypost.app.services import Floor, Parts, build_services
from honeypost.app.standalone import containment, real_names
from honeypost.app.status import EventCount, StatusFile
from honeypost.config.schema import Config, Paths, SiteSecrets
from honeypost.engine.captures import Captures
from honeypost.engine.director import Director
from honeypost.engine.janitor import Janitor, Part
from honeypost.engine.journal import Journal
from honeypost.engine.spending import Spending
from honeypost.errors import ConfigError, ConfigProblem, UsageError
from honeypost.events import (
    DecoyAdopted,
    DecoyEntered,
    LoginRefused,
    LoginReported,
    MessageCaptured,
    PenaltyImposed,
    PenaltyLifted,
)
from honeypost.model import Protocol
from honeypost.net import activation
from honeypost.net.lag import LagMeter
from honeypost.net.listener import Listener
from honeypost.net.tasks import Tasks
from honeypost.net.tls import server_context
from honeypost.personality.queue_ids import QueueIds
from honeypost.ports import Entry
from honeypost.stores.journal import JournalStore
from honeypost.stores.requests import request_folder
from honeypost.stores.segments import SegmentStore
from honeypost.stores.spool import Spool
from honeypost.stores.view import JournalView

STOP_SECONDS: Final = 5.0
"""How long what is being kept may take when the process ends."""

DAY_SECONDS: Final = 86_400

REMEMBERED: Final = tuple(
    event.kind()
    for event in (
        LoginRefused,
        DecoyAdopted,
        DecoyEntered,
        LoginReported,
        MessageCaptured,
        PenaltyImposed,
        PenaltyLifted,
    )
)
"""What the director builds its memory from."""

KEYED: Final = frozenset({Protocol.LOOKUP, Protocol.AUTHPOLICY})
"""Listeners that ask for a key."""

log = logging.getLogger(__name__)


class Edge:
    """The parts of the running process."""

    def __init__(
        self, config: Config, secrets: SiteSecrets, paths: Paths, sockets: activation.Sockets
    ) -> None:
        """
        :param sockets: the bound listeners by name.
        :raises ConfigError: when one of them needs a setting that is missing.
        """
        if not config.beside.script_key and KEYED & set(sockets):
            reason = "must be set: the lookup and authpolicy listeners let nobody in without it"
            raise ConfigError([ConfigProblem("configuration", "beside.script_key", reason)])
        self.sockets = sockets
        self.config = config
        self.paths = paths
        self.tasks = Tasks()
        self._chance = Stock(os.urandom)
        self.store = JournalStore(paths.journal, most_bytes=config.budgets.journal_bytes)
        self.segments = SegmentStore(
            paths.segments, Spool(paths.spool, config.budgets), config.budgets, self._chance
        )
        self._secrets = secrets
        self.counts = EventCount()
        self.lag = LagMeter(time.monotonic)
        self.listeners: list[Listener] = []
        self._since = time.time()
        self._sweeping: asyncio.Task[None] | None = None
        self._opened = ExitStack()

    def open(self) -> None:
        """
        Open the stores and build everything on them.

        :raises HoneypostError: a store, the certificate or a setting is unusable.
        """
        self.paths.journal.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.store.open()
        self._opened.callback(self.store.close)
        self.segments.open()
        self._opened.callback(self.segments.close)
        self.bell = Bell(self.paths.bus)
        self._opened.callback(self.bell.close)
        self.journal = Journal(
            self.store, time.time, self._chance, (self.counts, self.bell), self.store.last_id
        )
        self.keeper = Keeper(self.config, self._secrets.key, self.paths, self.journal, self._chance)
        self.director = self._new_director()
        self.director.restore(remembered(self.paths))
        self.bounces = new_bounces(
            self.config,
            self.paths,
            self.segments,
            spending=self._spending,
            journal=self.journal,
            director=self.director,
        )
        self.janitor = self._new_janitor()
        self.floor: Floor = build_services(self._parts())

    async def listen(self) -> None:
        """
        Serve the sockets.

        :raises UsageError: when there is no listener of that name.
        """
        for name, bound in self.sockets.items():
            service = self.floor.services.get(name)
            if service is None:
                raise UsageError(f"there is no listener {name!r}")
            listener = Listener(service, bound)
            await listener.start()
            self.listeners.append(listener)
        self._sweeping = self.tasks.start(self.janitor.run(), "janitor")
        self.keeper.start(self.tasks)
        self.lag.start()
        self._opened.callback(self.lag.stop)
        status = StatusFile(self.paths.status, self.report)
        status.start()
        self._opened.callback(status.stop)

    async def close(self) -> None:
        """End: nobody new, what is being kept is kept, everything is flushed."""
        if self._sweeping is not None:
            self._sweeping.cancel()
            self.keeper.stop()
        for listener in self.listeners:
            listener.stop()
        if cancelled := await self.tasks.settle(STOP_SECONDS):
            log.warning("%d answers were not ready in time", cancelled)
        self._opened.close()

    def report(self) -> dict[str, Any]:
        """Tell how it is going."""
        floor, budgets = self.floor, self.config.budgets
        return {
            "pid": os.getpid(),
            "since": self._since,
            "time": time.time(),
            "connections": floor.clients.open,
            "connections_limit": floor.clients.total,
            "peer_connections": floor.peers.open,
            "peer_connections_limit": floor.peers.total,
            "lag_seconds": round(self.lag.take_worst(), 4),
            "lag_worst_seconds": round(self.lag.worst_ever, 4),
            "memory_bytes": floor.memory.used,
            "memory_bytes_limit": floor.memory.limit,
            "captures_bytes": self.segments.bytes,
            "captures_bytes_limit": budgets.disk_bytes,
            "journal_dropped": self.store.dropped,
            "sink_failures": self.journal.failures,
            "events": dict(self.counts.kinds),
            "penalties": self.keeper.report(),
            "doubt": self.director.doubt(),
            "cpu_seconds": round(time.process_time(), 3),
        }

    def _new_director(self) -> Director:
        midnight = time.time() // DAY_SECONDS * DAY_SECONDS
        spent = self.segments.bytes_since(midnight)
        spending = Spending(self.config.budgets, self.journal, time.time, spent_today=spent)
        self._spending = spending
        captures = Captures(
            self.segments,
            self.journal,
            self.config.budgets,
            spending,
            clock=time.time,
            header=self._secrets.header.encode(),
            account_of=lambda marker: self.director.account_of(marker),  # noqa: PLW0108 made later
        )
        return Director(
            self.config,
            self._secrets,
            decoys=self.store,
            captures=captures,
            spending=spending,
            journal=self.journal,
            names=real_names(self.config, self.paths),
            containment=containment(self.config, self.sockets),
            clock=time.time,
            queue_id=QueueIds(self._secrets.key, self._chance),
            penalties=self.keeper.penalties,
            reported=Protocol.AUTHPOLICY in self.sockets,
        )

    def _new_janitor(self) -> Janitor:
        retention = self.config.retention
        parts = {
            "captures": Part(self.segments, retention.capture_days),
            "events": Part(self.store, retention.event_days),
        }
        requests = request_folder(self.paths, "edge")
        key = self._secrets.key
        return Janitor(parts, time.time, key, journal=self.journal, requests=requests)

    def _parts(self) -> Parts:
        tls, own = self.config.tls, self.paths.tls
        certificate = Path(tls.certificate) if tls.certificate else own / "certificate.pem"
        key = Path(tls.key) if tls.key else own / "key.pem"
        return Parts(
            config=self.config,
            secrets=self._secrets,
            director=self.director,
            journal=self.journal,
            tasks=self.tasks,
            chance=self._chance,
            context=server_context(certificate, key),
            bounces=self.bounces,
        )


def remembered(paths: Paths) -> Iterator[Entry]:
    """Read what the director shall remember, oldest first, page by page."""
    with JournalView(paths.journal) as view:
        last = ""
        while page := view.entries(last, kinds=REMEMBERED):
            yield from page
            last = page[-1].id
