"""
The process that takes captures apart and traces credentials: its composition root.

It reads what the edge writes and writes only its own file.  It opens no connection to anybody
but name servers and, for alerts, the host's own Postfix; the hostile bytes themselves are read by
a child that can do nothing else.  The edge
rings when there is something new; a ring that is lost costs ``LOOK_SECONDS``.

It also answers the edge, which may ask nobody: is there a real user of that name?
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from honeypost.app.alerting import open_alerting
from honeypost.app.child import Children
from honeypost.app.courtesy import Courtesy
from honeypost.app.importing import take_imports
from honeypost.app.judging import open_judging
from honeypost.app.late_bounce import is_served
from honeypost.app.mending import with_mend
from honeypost.app.observing import observer
from honeypost.app.presence import Presence, claimed
from honeypost.app.rounds import Rounds
from honeypost.app.standing import Standings
from honeypost.beside.names import SiteNames
from honeypost.beside.names_service import NamesService
from honeypost.config.load import load
from honeypost.config.schema import Config, Paths, SiteSecrets
from honeypost.config.secrets import read
from honeypost.decide.decoys import Rules
from honeypost.decide.secrets import Vocabulary
from honeypost.engine.janitor import Expiring, Janitor, Part, Pruned
from honeypost.engine.journal import Journal
from honeypost.engine.traces import Trace
from honeypost.errors import HoneypostError, StoreError
from honeypost.net import namespace
from honeypost.net.tasks import Tasks
from honeypost.stores.files import UMASK
from honeypost.stores.intel import IntelStore
from honeypost.stores.requests import request_folder
from honeypost.stores.watched import Watched

LOOK_SECONDS: Final = 1.0
"""Between two looks without a ring."""
STOP_SECONDS: Final = 1.0
"""What runs at the end may take so long."""
RING_MODE: Final = 0o660
"""The edge rings, as a user of our group; the folder keeps everybody else away."""
LOG_EVERY: Final = 100
"""A look that fails is logged the 1st and then every so many-th time."""

WITHOUT_INTEL: Final = (
    "the worker makes it again from the journal and the captures, but for what it saw in older logs"
)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Findings:
    """What the janitor sweeps: a part of the worker's store, of which some is in memory too."""

    intel: Expiring
    reread: Callable[[], None]

    async def prune(self, before: float) -> Pruned:
        """See :class:`honeypost.engine.janitor.Expiring`."""
        return await self.intel.prune(before)

    async def forget(self, trace: Trace) -> int:
        """See :class:`honeypost.engine.janitor.Expiring`."""
        count = await self.intel.forget(trace)
        self.reread()
        return count


class Ring(asyncio.DatagramProtocol):
    """The end of the bell: remembers that it was rung."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def datagram_received(self, data: bytes, addr: Any) -> None:  # noqa: ARG002 that it came says it
        self._rung.set()

    async def wait(self, seconds: float) -> None:
        """Wait for the next ring, at most so long."""
        # Not wait_for: before Python 3.12 it swallows a cancellation that comes with the ring.
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._rung.wait()
        self._rung.clear()


class Worker:
    """All parts of a running worker."""

    def __init__(self, config: Config, secrets: SiteSecrets, paths: Paths) -> None:
        self._config = config
        self._secrets = secrets
        self._paths = paths
        self._tasks = Tasks()
        self._stack = ExitStack()
        self.children = Children()
        self.names: NamesService | None = None
        self._standings: Standings | None = None

    async def open(self) -> None:
        """
        Open the store, warm the child, answer the edge and begin to look.

        :raises HoneypostError: it cannot be done.
        """
        intel = self._stack.enter_context(IntelStore(self._paths.intel))
        courtesy = Courtesy()
        self._observe(intel, courtesy)
        await self._serve_names()
        await self.children.warm()
        journal = Journal(intel, time.time, os.urandom, last_id=intel.last_id)
        note = partial(journal.note, who=None)
        self.rounds = Rounds(self._paths, intel, self.children, note, courtesy.give_way)
        findings = Part(Findings(intel, self.rounds.reread), self._config.retention.event_days)
        observations = Part(
            Findings(self._watched, self._observer.reread), self._config.observe.keep_days
        )
        requests = request_folder(self._paths, "worker")
        key = self._secrets.key
        parts = {"findings": findings, "observations": observations}
        if is_served(self._config):
            judging, parts["judgements"] = open_judging(
                self._config,
                self._paths,
                self._stack,
                note=note,
                ever_logged_in=self._observer.users,
            )
            self._tasks.start(keep_looking(judging.look, asyncio.sleep), "judging")
        alerting = open_alerting(self._config, self._paths, intel, os.urandom)
        self._tasks.start(keep_looking(alerting.look, asyncio.sleep), "alerts")
        janitor = Janitor(parts, time.time, key, requests=requests)
        ring = await self._hang_ring()
        self._tasks.start(janitor.run(), "janitor")
        self._tasks.start(keep_looking(self.rounds.look, ring.wait), "rounds")
        self._tasks.start(keep_looking(self._observer.look, asyncio.sleep), "observer")
        taking = partial(
            take_imports, self._paths.intel.parent, self._watched, self._observer.reread,
            courtesy.give_way,
        )  # fmt: skip
        self._tasks.start(keep_looking(taking, asyncio.sleep), "imports")
        if self._standings is not None:
            self._tasks.start(keep_looking(self._standings.look, asyncio.sleep), "standings")

    async def close(self) -> None:
        """End at once; a capture that is being taken apart is taken apart next time."""
        await self._tasks.settle(0)
        await self.children.close()
        if self.names is not None:
            await self.names.close()
        self._stack.close()

    def _observe(self, intel: IntelStore, courtesy: Courtesy) -> None:
        observe = self._config.observe
        self._watched = Watched(intel, observe.known_days - observe.keep_days)
        marker = self._secrets.marker_domain
        self._observer = observer(observe, self._watched, marker, courtesy.give_way)
        self._stack.callback(self._observer.close)

    def _ask_about_names(self, names: SiteNames) -> None:
        config = self._config
        nothing = Vocabulary(())  # secrets are not judged here
        rules = Rules(config.decoys, config.site.domains, self._secrets.key, nothing)
        self._standings = Standings(self._paths.intel, self._watched, rules, names, time.time)

    async def _serve_names(self) -> None:
        site, beside = self._config.site, self._config.beside
        if not (beside.userdb_socket or beside.maps or site.real_names):
            return
        names = SiteNames(
            userdb_socket=beside.userdb_socket,
            postfix_directory=beside.postfix_directory,
            maps=beside.maps,
            domains=site.domains,
            real_names=site.real_names,
            seconds=beside.names_seconds,
            ever_logged_in=self._observer.users,
        )
        self._ask_about_names(names)
        await names.prepare()
        self.names = NamesService(names)
        await self.names.listen(self._paths.names)
        self._stack.callback(self._paths.names.unlink, missing_ok=True)

    async def _hang_ring(self) -> Ring:
        try:
            self._paths.bus.unlink(missing_ok=True)
            transport, ring = await asyncio.get_running_loop().create_datagram_endpoint(
                Ring, local_addr=str(self._paths.bus), family=socket.AF_UNIX
            )
        except OSError as error:
            # A path of more than 107 bytes, for one; a lost ring costs a second, so does none.
            _log.warning("%s: %s; looking every %g s", self._paths.bus, error, LOOK_SECONDS)
            return Ring()
        self._paths.bus.chmod(RING_MODE)
        self._stack.callback(self._paths.bus.unlink, missing_ok=True)
        self._stack.callback(transport.close)
        return ring


async def keep_looking(
    look: Callable[[], Awaitable[int]], wait: Callable[[float], Awaitable[None]]
) -> None:
    """Look, wait for a ring or a second, look again; what fails is logged and tried again."""
    failures = 0
    while True:
        try:
            await look()
            failures = 0
        except (HoneypostError, OSError) as error:
            failures += 1
            if failures % LOG_EVERY == 1:
                _log.warning("looking failed (%d in a row): %s", failures, error)
        await wait(LOOK_SECONDS)


async def serve(worker: Worker, folder: Path, options: argparse.Namespace) -> None:
    """Run until SIGTERM or SIGINT; says so in ``folder``, unless a supervisor does."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    try:
        await worker.open()
        line = {
            "ready": True,
            "pid": os.getpid(),
            "protections": worker.children.protections,
            "names": worker.names is not None,
        }
        print(json.dumps(line), flush=True)  # noqa: T201 whoever started us reads it
        presence = Presence(time.time(), {}, {"worker": os.getpid()}, str(options.config or ""))
        with claimed(folder, presence, unless=options.supervised):
            await stopped.wait()
    finally:
        await worker.close()


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line; a wrong one ends the process with code 2."""
    parser = argparse.ArgumentParser(prog="honeypost-worker", description=__doc__.splitlines()[1])
    parser.add_argument("--data", type=Path, required=True, help="folder with the stores")
    parser.add_argument("--config", type=Path, help="TOML file")
    parser.add_argument("--supervised", action="store_true", help="end with the parent")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    """Be the worker; gives the exit code."""
    logging.basicConfig(format="worker: %(levelname)s: %(message)s", level=logging.WARNING)
    options = parse(arguments)
    os.umask(UMASK)
    try:
        if options.supervised:
            namespace.end_with_parent()
        namespace.leave_no_dump()
        paths = Paths(options.data)
        worker = Worker(load(options.config, os.environ), read(paths.secrets), paths)
        asyncio.run(serve(worker, paths.intel.parent, options))
    except StoreError as error:
        told = with_mend(error, Paths(options.data).intel, WITHOUT_INTEL)
        print(f"worker: {told}", file=sys.stderr)  # noqa: T201 the operator's screen
        return 1
    except (HoneypostError, OSError) as error:
        print(f"worker: {error}", file=sys.stderr)  # noqa: T201 the operator's screen
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
