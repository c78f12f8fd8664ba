"""
What stands behind ``honeypost up``: prepares the site, binds sockets, keeps processes alive.

Theory of operation
===================

The supervisor never speaks to a client.  It makes what the others only read (secrets,
certificate), binds the listeners, and starts each process by exec of a fresh interpreter, so
that none inherits memory of another.  The edge is handed the sockets and leaves the host's
network; as the supervisor keeps them open, clients that come while the edge is started again
wait in the kernel instead of being refused.

A child that dies is started again after a pause that doubles from ``PAUSE_SECONDS`` to
``PAUSE_SECONDS_MOST``; one that has lived for ``STEADY_SECONDS`` begins from the shortest.
A child that does not come up the first time ends the whole: that is a problem of the
configuration, and whoever called shall see it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, Final

from honeypost.app import certificate
from honeypost.app.presence import Claim, Presence
from honeypost.config.schema import Config, Paths
from honeypost.config.secrets import create_if_missing
from honeypost.errors import ConfigError, ConfigProblem, NotReady
from honeypost.net.listener import files_of, where
from honeypost.net.tasks import Tasks

READY_SECONDS: Final = 30.0
"""A child that does not answer for so long after its start is taken for dead."""

STOP_SECONDS: Final = 10.0
"""A child that does not end for so long after SIGTERM is killed."""

PAUSE_SECONDS: Final = 0.5
PAUSE_SECONDS_MOST: Final = 60.0
STEADY_SECONDS: Final = 60.0

LINE_BYTES: Final = 64 * 1024
"""Longest line that a child may print."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Program:
    """What to run."""

    name: str
    arguments: tuple[str, ...]
    """For the interpreter."""
    descriptors: tuple[int, ...] = ()
    """To be inherited."""


def pause_after(deaths: int) -> float:
    """
    How long to wait before the next start, in seconds.

    >>> [pause_after(deaths) for deaths in (1, 2, 3, 20)]
    [0.5, 1.0, 2.0, 60.0]
    """
    return float(min(PAUSE_SECONDS_MOST, PAUSE_SECONDS * 2 ** min(deaths - 1, 10)))


class Child:
    """One program that is kept running."""

    def __init__(self, program: Program, say: Say) -> None:
        self.program = program
        self._say = say
        self._process: asyncio.subprocess.Process | None = None
        self.deaths = 0
        """In a row, without a steady life between them."""

    @property
    def pid(self) -> int:
        """Of the running process, 0 between two."""
        return self._process.pid if self._process is not None else 0

    async def start(self) -> dict[str, Any]:
        """
        Run it until it says that it is ready.

        :returns: the line it printed.
        :raises NotReady: when it ended or kept silent; it is not running then.
        """
        program = self.program
        self._process = process = await asyncio.create_subprocess_exec(
            sys.executable,
            *program.arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            pass_fds=program.descriptors,
            limit=LINE_BYTES,
            start_new_session=True,  # Ctrl-C is for us; the children end when we say so
        )
        assert process.stdout is not None
        try:
            async with asyncio.timeout(READY_SECONDS):
                line = await process.stdout.readline()
            ready = json.loads(line)
        except (TimeoutError, ValueError) as error:
            await self.stop()
            raise NotReady(f"the {program.name} did not come up") from error
        return dict(ready)

    async def keep(self, changed: Callable[[], None]) -> None:
        """Start it again whenever it dies; ``changed`` is called after each start."""
        while True:
            born = time.monotonic()
            code = await self._wait()
            steady = time.monotonic() - born >= STEADY_SECONDS
            self.deaths = 1 if steady else self.deaths + 1
            pause = pause_after(self.deaths)
            self._say(f"the {self.program.name} ended ({code}); starting again in {pause:g} s")
            await asyncio.sleep(pause)
            with contextlib.suppress(NotReady):
                await self.start()
                changed()

    async def stop(self) -> None:
        """End it; safe to call when it has ended."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _wait(self) -> int:
        assert self._process is not None
        assert self._process.stdout is not None
        while await self._process.stdout.read(LINE_BYTES):
            pass  # nobody reads what a child says after it is ready
        return await self._process.wait()


@dataclass
class Supervisor:
    """Runs the processes of one data folder."""

    config: Config
    paths: Paths
    sockets: Mapping[str, Sequence[socket.socket]]
    """The bound listeners by name."""
    programs: Sequence[Program]
    claim: Claim
    say: Say
    """Tells the operator one line."""
    config_file: Path | None = None
    """Where the configuration was read, for whoever asks later."""
    started: float = field(default_factory=time.time)

    async def run(self, ready: Callable[[Mapping[str, Any]], None]) -> None:
        """
        Run until SIGTERM or SIGINT.

        :param ready: told once, when all answer.
        :raises NotReady: when one does not come up the first time.
        """
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopped.set)
        self._children = [Child(program, self.say) for program in self.programs]
        tasks = Tasks()
        try:
            starting = tasks.start(self._start_all(), "start")
            stop = tasks.start(stopped.wait(), "signal")
            await asyncio.wait({starting, stop}, return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                starting.result()
                self._announce()
                ready({"ready": True, "listeners": self._listeners(), "pids": self._pids()})
                for child in self._children:
                    tasks.start(child.keep(self._announce), f"keep {child.program.name}")
                await stop
        finally:
            await tasks.settle(0)
            await asyncio.gather(*(child.stop() for child in self._children))
            for path in files_of(chain(*self.sockets.values())):
                path.unlink(missing_ok=True)

    async def _start_all(self) -> None:
        starting = [child.start() for child in self._children]
        # Also when one has failed: a child that is half started could not be stopped.
        outcomes = await asyncio.gather(*starting, return_exceptions=True)
        for child, told in zip(self._children, outcomes, strict=True):
            if isinstance(told, BaseException):
                raise told
            if why := told.get("not_isolated"):
                self.say(f"the {child.program.name} runs in the network of this host: {why}")

    def _announce(self) -> None:
        file = str(self.config_file or "")
        self.claim.announce(Presence(self.started, self._listeners(), self._pids(), file))

    def _listeners(self) -> dict[str, list[str]]:
        return {name: [where(each) for each in bound] for name, bound in self.sockets.items()}

    def _pids(self) -> dict[str, int]:
        children = {child.program.name: child.pid for child in self._children}
        return {"up": os.getpid(), **children}


def prepare(config: Config, paths: Paths) -> None:
    """
    Make what every process only reads: folders, secrets, certificate.

    :raises ConfigError: when what is there is unusable, or the secrets are missing beside
        what hangs on them. :raises OSError: cannot be written.
    """
    _refuse_lost_secrets(paths)
    for folder in (paths.data, paths.journal.parent, paths.intel.parent):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    create_if_missing(paths.secrets, os.urandom)
    if not config.tls.certificate:
        certificate.create_if_missing(paths.tls, config.site.hostname, time.time, os.urandom)


def _refuse_lost_secrets(paths: Paths) -> None:
    """
    Make no new key for old stores.

    Other accounts would exist from now on, refused secrets could win, and the decoys that
    attackers know would bear markers that no containment has heard of.
    """
    if paths.journal.exists() and not paths.secrets.exists():
        reason = f"is missing, but {paths.journal} hangs on it; restore it from a backup"
        raise ConfigError([ConfigProblem(str(paths.secrets), "file", reason)])


def programs(
    data: Path, config: Path | None, sockets: Mapping[str, Sequence[socket.socket]]
) -> list[Program]:
    """Say what to run for a data folder, and with which sockets; without any, nobody is faced."""
    common = ("--data", str(data), *(("--config", str(config)) if config else ()))
    named = [(name, each.fileno()) for name, bound in sockets.items() for each in bound]
    options = [f"--fd={name}={descriptor}" for name, descriptor in named]
    edge = Program(
        "edge",
        ("-m", "honeypost.app.edge", *common, "--isolate", "--supervised", *options),
        tuple(descriptor for _, descriptor in named),
    )
    worker = Program("worker", ("-m", "honeypost.app.worker", *common, "--supervised"))
    return [edge, worker] if sockets else [worker]
