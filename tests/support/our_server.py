"""
Our side on real sockets, set up as the real Postfix of the parity tests is.

Listener, driver, TLS layer and cores are those of the edge; only the director is a table
(:class:`support.smtp_peers.Table`).  It runs in a loop and a thread of its own, so that the
tests can talk to it as they talk to Postfix: with plain blocking sockets.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from honeypost.config.endpoints import endpoint
from honeypost.model import Identity
from honeypost.net.limits import Admission
from honeypost.net.listener import Listener, bind
from honeypost.net.service import Service
from honeypost.net.tasks import Tasks
from honeypost.net.tls import server_context
from honeypost.proto.effects import Core
from honeypost.questions import Question, Verdict
from honeypost.testing.memory import MemoryBody
from support.net_parts import ListJournal, eventually
from support.real_postfix import SERVICES, free_port
from support.smtp_peers import Table, our_core, our_protocol

CONNECTIONS = 1000
BODY_BYTES = 16 << 20
PATIENCE_SECONDS = 10


class Director:
    """Answers from the table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def spool(self) -> MemoryBody:
        return MemoryBody(BODY_BYTES)

    async def answer(self, question: Question, who: Identity, body: Any = None) -> Verdict:
        await asyncio.sleep(0)  # an answer comes in a later turn of the loop, as the edge's do
        return self._table.decide(question)


class OurServer:
    """All services of the real one, each on a port of both loopbacks."""

    def __init__(self, certificate: Path, key: Path) -> None:
        self.ports = {name: free_port() for name in SERVICES}
        self._context = server_context(certificate, key)
        self._loop = asyncio.new_event_loop()
        self._listeners: list[Listener] = []
        self._thread = threading.Thread(target=self._loop.run_forever)

    def start(self) -> None:
        self._thread.start()
        self._run(self._listen())

    def stop(self) -> None:
        self._run(self._unlisten())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_SECONDS)
        self._loop.close()

    def _run(self, work: Any) -> None:
        done: Future[None] = asyncio.run_coroutine_threadsafe(work, self._loop)
        done.result(PATIENCE_SECONDS)

    async def _listen(self) -> None:
        numbers = itertools.count(1)
        self._tasks = Tasks()
        for name, port in self.ports.items():
            service = Service(
                name=name,
                protocol=our_protocol(name),
                new_core=self._core_maker(name),
                director=Director(Table()),
                journal=ListJournal(),
                tasks=self._tasks,
                admission=Admission(CONNECTIONS, CONNECTIONS, lambda: 0.0),
                new_session=lambda: f"s{next(numbers)}",
                context=self._context,
                implicit_tls=name == "submissions",
            )
            where = [endpoint(f"127.0.0.1:{port}"), endpoint(f"[::1]:{port}")]
            listener = Listener(service, [bind(each) for each in where])
            await listener.start()
            self._listeners.append(listener)

    @staticmethod
    def _core_maker(name: str) -> Any:
        def made(_: Identity) -> Core:
            return our_core(name)

        return made

    async def _unlisten(self) -> None:
        for listener in self._listeners:
            listener.stop()
        await self._tasks.settle(1)
        for listener in self._listeners:
            await eventually(lambda listener=listener: not listener.service.connections)
