"""
Parts for tests of the asyncio shell: a core that does what it is told, a director that is a
table, a journal that is a list, time that is wound by hand, a transport that is a recorder.
"""

from __future__ import annotations

import asyncio
import itertools
import ssl
from collections.abc import Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from honeypost.app.certificate import create_if_missing
from honeypost.config.endpoints import endpoint
from honeypost.events import Event, SessionClosed
from honeypost.model import Client, Envelope, Identity, Protocol, Recipient
from honeypost.net.limits import Admission
from honeypost.net.listener import Listener, bind
from honeypost.net.service import Service
from honeypost.net.tasks import Tasks
from honeypost.net.tls import server_context
from honeypost.proto.effects import Close, Effect, Emit, Send
from honeypost.questions import LoginVerdict, Question, Verdict
from honeypost.testing.memory import MemoryBody

ENVELOPE = Envelope(b"a@x.test", (Recipient(b"b@y.test"),), account="info@example.org")
CLOSED = SessionClosed("lost", 0, 0, 0, 0)
PATIENCE_SECONDS = 10.0


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait until something holds; fail when it does not within the patience."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110 what is waited for has no event to wait on
            await asyncio.sleep(0.001)


class Wind:
    """A timer that is wound by hand."""

    def __init__(self) -> None:
        self.now = 0.0
        self.set: list[tuple[float, Callable[[], None], Timed]] = []

    def __call__(self, seconds: float, callback: Callable[[], None]) -> Timed:
        timed = Timed()
        self.set.append((self.now + seconds, callback, timed))
        return timed

    @property
    def pending(self) -> list[float]:
        return [due for due, _, timed in self.set if not timed.cancelled]

    def advance(self, seconds: float) -> None:
        self.now += seconds
        due = [each for each in self.set if each[0] <= self.now]
        self.set = [each for each in self.set if each[0] > self.now]
        for _, callback, timed in due:
            if not timed.cancelled:
                callback()


class Timed:
    def __init__(self) -> None:
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class ListJournal:
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.noted: list[tuple[Event, Identity | None]] = []

    def note(self, event: Event, who: Identity | None) -> None:
        self.noted.append((event, who))

    @property
    def kinds(self) -> list[str]:
        return [event.kind() for event, _ in self.noted]


class TableDirector:
    """Answers from a function; counts the bodies that it gave out."""

    def __init__(self, decide: Callable[[Question], Any] | None = None) -> None:
        self.decide = decide or (lambda _: LoginVerdict())
        self.asked: list[tuple[Question, Identity, bytes | None]] = []
        self.bodies: list[MemoryBody] = []
        self.body_limit = 1 << 20
        self.spool_error: Exception | None = None

    def spool(self) -> MemoryBody:
        if self.spool_error is not None:
            raise self.spool_error
        self.bodies.append(MemoryBody(self.body_limit))
        return self.bodies[-1]

    async def answer(self, question: Question, who: Identity, body: Any = None) -> Verdict:
        self.asked.append((question, who, bytes(body.data) if body else None))
        verdict = self.decide(question)
        return await verdict if asyncio.iscoroutine(verdict) else verdict


class ScriptedCore:
    """Does what the test says: ``on[b"LINE"]`` gives the effects of a chunk of input."""

    def __init__(self) -> None:
        self.holding = False
        self.calls: list[Any] = []
        self.greeting: Sequence[Effect] = [Send(b"hello\n")]
        self.on: dict[bytes, Any] = {}
        self.at_answer: Callable[[Any], Sequence[Effect]] = lambda _: ()
        self.at_secured: Sequence[Effect] = ()
        self.at_woken: Sequence[Effect] = ()
        self.at_eof: Sequence[Effect] = [Emit(CLOSED), Close()]

    def open(self) -> Sequence[Effect]:
        self.calls.append("open")
        return self.greeting

    def receive(self, data: bytes) -> Sequence[Effect]:
        self.calls.append(data)
        made = self.on.get(data, [Send(b"echo " + data)])
        return made() if callable(made) else made

    def answer(self, verdict: Any) -> Sequence[Effect]:
        self.calls.append(verdict)
        self.holding = False
        return self.at_answer(verdict)

    def secured(self) -> Sequence[Effect]:
        self.calls.append("secured")
        self.holding = False
        return self.at_secured

    def woken(self) -> Sequence[Effect]:
        self.calls.append("woken")
        return self.at_woken

    def eof(self) -> Sequence[Effect]:
        self.calls.append("eof")
        return self.at_eof


class RecordingTransport(asyncio.Transport):
    """A socket that only remembers."""

    def __init__(self, peername: Any = ("192.0.2.7", 40001)) -> None:
        super().__init__({"peername": peername})
        self.written: list[bytes] = []
        self.reading = True
        self.closed = False
        self.aborted = False
        self.unsent = 1
        """Bytes that the client has not taken."""

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self.high = high

    def write(self, data: Any) -> None:
        self.written.append(bytes(data))

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = self.aborted = True

    def pause_reading(self) -> None:
        assert self.reading
        self.reading = False

    def resume_reading(self) -> None:
        assert not self.reading
        self.reading = True


@dataclass
class Stage:
    """Everything that a service is made of, at hand for the test."""

    director: TableDirector = field(default_factory=TableDirector)
    journal: ListJournal = field(default_factory=ListJournal)
    tasks: Tasks = field(default_factory=Tasks)
    timer: Wind = field(default_factory=Wind)
    admission: Admission = field(default_factory=lambda: Admission(100, 100, lambda: 0.0))
    cores: list[Any] = field(default_factory=list)

    def service(
        self,
        new_core: Callable[[], Any] = ScriptedCore,
        protocol: Protocol = Protocol.SUBMISSION,
        **more: Any,
    ) -> Service:
        numbers = itertools.count(1)

        def made(_: Identity) -> Any:
            self.cores.append(new_core())
            return self.cores[-1]

        given = {
            "name": str(protocol),
            "protocol": protocol,
            "new_core": made,
            "director": self.director,
            "journal": self.journal,
            "tasks": self.tasks,
            "admission": self.admission,
            "new_session": lambda: f"s{next(numbers)}",
            "timer": self.timer,
            "clock": lambda: self.timer.now,
        }
        return Service(**{**given, **more})


@asynccontextmanager
async def serving(service: Service, where: str = "127.0.0.1:0") -> Any:
    """Serve on a real socket; gives its listener."""
    listener = Listener(service, [bind(endpoint(where))])
    await listener.start()
    try:
        yield listener
    finally:
        listener.stop()
        await service.tasks.settle(1)
        await eventually(lambda: not service.connections)


def own_certificate(folder: Path) -> ssl.SSLContext:
    """Make a certificate and the server's context with it."""
    create_if_missing(folder, "mail.example.org", lambda: 1_790_000_000.0, bytes)
    return server_context(folder / "certificate.pem", folder / "key.pem")


LOOPBACKS = ("127.0.0.1:0", "[::1]:0")
CLIENT = Client("192.0.2.7", 40001)
