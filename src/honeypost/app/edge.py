"""
The process that attackers, Postfix and Dovecot talk to: its composition root.

It answers, counts and stores.  It opens no connection, resolves no name and parses no mail;
with ``--isolate`` it runs in an empty network namespace and serves sockets that
``honeypost up`` or systemd bound for it.

``python -m honeypost.app.edge --data DIR [--config F] [--isolate] [--fd name=N ...]`` prints
one line of JSON when it answers, and ends on SIGTERM: no more connections, what is being kept
is kept, the journal is flushed.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import logging
import os
import resource
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from honeypost.app.bus import Bell
from honeypost.app.services import Floor, Parts, build_services
from honeypost.app.standalone import containment, real_names
from honeypost.app.status import EventCount, StatusFile
from honeypost.config.load import load
from honeypost.config.schema import Config, Paths, SiteSecrets
from honeypost.config.secrets import read
from honeypost.engine.captures import Captures
from honeypost.engine.director import Director
from honeypost.engine.janitor import Janitor, Part
from honeypost.engine.journal import Journal
from honeypost.errors import HoneypostError, UsageError
from honeypost.events import DecoyAdopted, LoginRefused, LoginReported, MessageCaptured
from honeypost.net import activation, namespace
from honeypost.net.lag import LagMeter
from honeypost.net.listener import Listener, bind_all, where
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

OPEN_FILES: Final = 4096
"""Wanted limit of descriptors: connections, spooled bodies, segments."""

DAY_SECONDS: Final = 86_400

REMEMBERED: Final = tuple(
    event.kind() for event in (LoginRefused, DecoyAdopted, LoginReported, MessageCaptured)
)
"""What the director builds its memory from."""

log = logging.getLogger(__name__)


class Edge:
    """The parts of the running process."""

    def __init__(self, config: Config, secrets: SiteSecrets, paths: Paths) -> None:
        self.config = config
        self.paths = paths
        self.tasks = Tasks()
        self.store = JournalStore(paths.journal, most_bytes=config.budgets.journal_bytes)
        self.segments = SegmentStore(
            paths.segments, Spool(paths.spool, config.budgets), config.budgets, os.urandom
        )
        self._secrets = secrets
        self.counts = EventCount()
        self.lag = LagMeter(time.monotonic)
        self.listeners: list[Listener] = []

    def open(self) -> None:
        """Open the stores and build everything on them."""
        for store in (self.paths.journal, self.paths.segments, self.paths.spool):
            store.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.store.open()
        self.segments.open()
        self.bell = Bell(self.paths.bus)
        self.journal = Journal(
            self.store, time.time, os.urandom, (self.counts, self.bell), self.store.last_id
        )
        self.director = self._new_director()
        self.director.restore(remembered(self.paths))
        self.janitor = self._new_janitor()
        self.floor: Floor = build_services(self._parts())

    async def listen(self, sockets: activation.Sockets) -> None:
        """Serve the sockets; what nobody passed us is bound here."""
        for name, bound in sockets.items():
            service = self.floor.services.get(name)
            if service is None:
                raise UsageError(f"there is no listener {name!r}")
            listener = Listener(service, bound)
            await listener.start()
            self.listeners.append(listener)
        self.sweeping = self.tasks.start(self.janitor.run(), "janitor")
        self.lag.start()
        self.status = StatusFile(self.paths.journal.with_name("status.json"), self.report)
        self.status.start()

    async def close(self) -> None:
        """End: nobody new, what is being kept is kept, everything is flushed."""
        self.sweeping.cancel()
        for listener in self.listeners:
            listener.stop()
        if cancelled := await self.tasks.settle(STOP_SECONDS):
            log.warning("%d answers were not ready in time", cancelled)
        self.lag.stop()
        self.status.stop()
        self.store.close()
        self.segments.close()
        self.bell.close()

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
            "captures_bytes": self.segments.bytes,
            "captures_bytes_limit": budgets.disk_bytes,
            "journal_dropped": self.store.dropped,
            "sink_failures": self.journal.failures,
            "events": dict(self.counts.kinds),
            "cpu_seconds": round(time.process_time(), 3),
        }

    _since = time.time()

    def _new_director(self) -> Director:
        midnight = time.time() // DAY_SECONDS * DAY_SECONDS
        captures = Captures(
            self.segments,
            self.journal,
            self.config.budgets,
            time.time,
            self._secrets.header.encode(),
            account_of=lambda marker: self.director.account_of(marker),  # noqa: PLW0108 made later
            spent_today=self.segments.bytes_since(midnight),
        )
        return Director(
            self.config,
            self._secrets,
            decoys=self.store,
            captures=captures,
            journal=self.journal,
            names=real_names(self.config, self.paths),
            containment=containment(self.config),
            clock=time.time,
            queue_id=QueueIds(self._secrets.key, os.urandom),
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
            chance=os.urandom,
            context=server_context(certificate, key),
        )


def remembered(paths: Paths) -> Iterator[Entry]:
    """Read what the director shall remember, oldest first, page by page."""
    with JournalView(paths.journal) as view:
        last = ""
        while page := view.entries(last, kinds=REMEMBERED):
            yield from page
            last = page[-1].id


async def serve(edge: Edge, sockets: activation.Sockets, isolated: str) -> None:
    """Run until SIGTERM or SIGINT."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    edge.open()
    await edge.listen(sockets)
    # What there is now lives as long as the process: the collector need not look at it again.
    gc.collect()
    gc.freeze()
    _say_ready(edge, isolated)
    await stopped.wait()
    await edge.close()


def _say_ready(edge: Edge, isolated: str) -> None:
    line = {
        "ready": True,
        "listeners": {
            listener.service.name: [where(bound) for bound in listener.sockets]
            for listener in edge.listeners
        },
        "pid": os.getpid(),
        "not_isolated": isolated,
    }
    print(json.dumps(line), flush=True)  # noqa: T201 whoever started us reads it


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line; a wrong one ends the process with code 2."""
    parser = argparse.ArgumentParser(prog="honeypost-edge", description=__doc__.splitlines()[1])
    parser.add_argument("--data", type=Path, required=True, help="folder with the stores")
    parser.add_argument("--config", type=Path, help="TOML file")
    parser.add_argument("--fd", action="append", default=[], help="listener=descriptor")
    parser.add_argument("--isolate", action="store_true", help="leave the host's network")
    parser.add_argument("--supervised", action="store_true", help="end with the parent")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    """Be the edge; gives the exit code."""
    logging.basicConfig(format="edge: %(levelname)s: %(message)s", level=logging.WARNING)
    options = parse(arguments)
    os.umask(0o077)
    try:
        config = load(options.config, os.environ)
        paths = Paths(options.data)
        sockets = activation.from_systemd(os.environ, os.getpid())
        sockets |= activation.from_options(options.fd)
        if not sockets:
            sockets = bind_all(config.listeners)
        isolated = namespace.enter_empty_network() if options.isolate else "not asked for"
        if options.supervised:
            # After the namespace: a change of credentials would undo it (prctl(2)).
            namespace.end_with_parent()
        _raise_descriptor_limit()
        edge = Edge(config, read(paths.secrets), paths)
        asyncio.run(serve(edge, sockets, isolated))
    except (HoneypostError, OSError) as error:
        print(f"edge: {error}", file=sys.stderr)  # noqa: T201 the operator's screen
        return 2 if isinstance(error, UsageError) else 1
    return 0


def _raise_descriptor_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
