"""
Drives one protocol core over one connection.

Theory of operation
===================

The core says what shall be done (:mod:`honeypost.proto.effects`); the driver does it.  It
knows sockets, time and tasks, and nothing of any protocol.

*Order.*  Replies wait until input is needed and then leave in one write, so the replies to
pipelined commands are one segment, as Postfix's are, also when one of them took a question.
A reply that had to pause leaves at once.  Input is worked off in Postfix's portions, because
each is followed by a write.  While a question is open (:mod:`honeypost.net.asking`) the core
holds, and the driver reads no further from the socket, so what waits is in the kernel's
buffer and not in our memory.  The same stop is made while the client does not read.

*End.*  Whatever the reason, the core hears of it exactly once (its own ``Close`` or
``eof()``), timers are cancelled, a body that nobody took over is abandoned.  A core that
raises is a defect of ours: it is logged and its connection ends, no other.

*Fairness.*  One read buffer serves all connections (the loop reads for one at a time) and
bounds a step of the loop.  Who fills it, sends more than a portion of commands, or shakes
hands, goes through the turnstile (:mod:`honeypost.net.turnstile`) before it is looked at, and
again after each portion: 500 commands cost 10 ms, and 300 clients who sent so many at once
held up everybody for three seconds (measured).
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import ssl
from collections.abc import Callable, Sequence
from typing import cast

from honeypost.events import Event, SessionClosed, SessionOpened, SessionRejected, TlsStarted
from honeypost.model import Client, Identity, canonical_address
from honeypost.net.alarm import Alarm
from honeypost.net.asking import Asking
from honeypost.net.channel import Channel
from honeypost.net.reception import Reception
from honeypost.net.service import Service, Timed
from honeypost.net.tls import TlsLayer
from honeypost.proto.effects import (
    AbandonMessage,
    Ask,
    Close,
    Core,
    Effect,
    Emit,
    OpenMessage,
    Send,
    Spool,
    StartTls,
    Wake,
)
from honeypost.questions import Verdict

log = logging.getLogger(__name__)

READ_BYTES = 16 * 1024
"""Most that one step of the loop takes from a socket."""

PORTION_BYTES = 4096
"""
Input worked off before what was said is written; Postfix's own buffer is as large.  Of a body,
to which nothing is said, a whole read.
"""

HANDSHAKE_SECONDS = 300.0
"""Postfix: ``smtpd_starttls_timeout``."""

_BUFFER = bytearray(READ_BYTES)


class Driver(asyncio.BufferedProtocol):
    """One connection; made by the listener, alive until ``connection_lost``."""

    __slots__ = (
        "_asking",
        "_channel",
        "_closing",
        "_core",
        "_gone",
        "_handshake",
        "_input",
        "_paused",
        "_portion_bytes",
        "_queued",
        "_reception",
        "_service",
        "_stopping",
        "_stuck",
        "_wake",
        "who",
    )

    _core: Core
    _channel: Channel
    _asking: Asking
    who: Identity
    """Set when the connection is made, like those above."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._reception = Reception(service.director)
        self._closing = False
        self._gone = False
        self._stopping = False
        self._stuck = False
        self._queued = False
        self._paused = False
        self._input = b""
        self._portion_bytes = PORTION_BYTES
        self._wake = Alarm(service.timer, service.clock, self._woken)
        self._handshake: Timed | None = None

    # What the loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        service = self._service
        client = peer(transport)
        # uvloop's transports have all that asyncio.Transport has and do not derive from it.
        self._channel = Channel(cast(asyncio.Transport, transport), service.timer)
        self.who = Identity(service.new_session(), client, service.name, service.protocol)
        if budget := service.admission.enter(client):
            self._turn_away(budget)
            return
        service.connections.add(self)
        self._asking = Asking(service, self.who, self._reception, self._answered)
        self._core = service.new_core(self.who)
        self._note_session(SessionOpened())
        self._step(self._start_tls if service.implicit_tls else self._core.open)
        self._regulate()

    def get_buffer(self, sizehint: int) -> bytearray:  # noqa: ARG002 asyncio's signature
        return _BUFFER

    def buffer_updated(self, nbytes: int) -> None:
        if self._closing:
            return
        data = bytes(memoryview(_BUFFER)[:nbytes])
        full = nbytes == READ_BYTES or nbytes > self._portion_bytes
        if full or self._channel.shaking_hands:
            self._wait_turn()
        if self._channel.tls is None:
            self._input += data
        else:
            self._channel.tls.feed(data)
        if self._queued:
            self._regulate()
        else:
            self._pump()

    def _wait_turn(self) -> None:
        if not self._queued:
            self._queued = True
            self._service.turnstile.wait(self._next_turn)

    def _next_turn(self) -> None:
        """Go on after a full buffer, a portion full of commands, or with the handshake."""
        self._queued = False
        self._pump()

    def eof_received(self) -> bool:
        self._end()
        return True

    def pause_writing(self) -> None:
        self._stuck = True

    def resume_writing(self) -> None:
        self._stuck = False
        self._pump()

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 asyncio's signature
        self._end()
        self._channel.lost()
        if self in self._service.connections:
            self._service.connections.discard(self)
            self._service.admission.leave(self.who.client)

    def stop(self) -> None:
        """Close because the process ends; like Postfix, without a word."""
        self._stopping = True
        self._end()

    # Steps of the core

    def _step(self, step: Callable[..., Sequence[Effect]], *given: object) -> None:
        """Let the core take a step and carry out what it wants."""
        try:
            for effect in step(*given):
                self._carry_out(effect)
            if not self._core.holding:
                self._channel.flush()
        except Exception:
            log.exception("session %s: the core failed", self.who.session)
            self._close()

    def _carry_out(self, effect: Effect) -> None:
        match effect:
            case Send():
                self._send(effect.data)
            case Ask():
                self._asking.ask(effect.question)
            case Wake():
                self._paused = effect.hold
                self._wake.set(effect.after_seconds)
            case Emit():
                self._note(effect.event)
            case OpenMessage():
                self._portion_bytes = READ_BYTES
                self._reception.open()
            case Spool():
                self._portion_bytes = READ_BYTES
                self._reception.write(effect.data)
            case AbandonMessage():
                self._reception.abandon()
            case StartTls():
                self._start_tls()
            case Close():
                self._close()

    def _send(self, data: bytes) -> None:
        self._portion_bytes = PORTION_BYTES
        self._channel.send(data)
        if self._paused:
            self._paused = False
            self._channel.flush()

    def _answered(self, verdict: Verdict) -> None:
        self._step(self._core.answer, verdict)
        self._pump()

    def _woken(self) -> None:
        self._step(self._core.woken)
        self._pump()

    def _regulate(self) -> None:
        """Read only while the core takes input and the client takes output."""
        if not self._closing:
            holding = self._core.holding and not self._channel.shaking_hands
            self._channel.read_only_if(not (holding or self._stuck or self._queued))

    # TLS

    def _start_tls(self) -> Sequence[Effect]:
        if self._service.context is None:
            raise RuntimeError("the core asks for TLS on a listener that has no certificate")
        self._input = b""
        self._channel.start_tls(self._service.context)
        self._handshake = self._service.timer(HANDSHAKE_SECONDS, self._end)
        return ()

    def _pump(self) -> None:
        """Move what came in to the core, as long as it takes some; then read on, or not."""
        if not self._closing:
            self._move()
            self._regulate()

    def _move(self) -> None:
        tls = self._channel.tls
        if tls is None:
            self._drain(self._portion)
            return
        try:
            if tls.established or self._shake_hands(tls):
                self._drain(lambda: tls.read(self._portion_bytes))
                if tls.ended:
                    self._end()
        except ssl.SSLError as error:
            log.info("session %s: TLS failed: %s", self.who.session, error.reason)
            self._end()

    def _shake_hands(self, tls: TlsLayer) -> bool:
        done = tls.handshake()
        self._channel.flush()
        if done:
            self._note_session(TlsStarted(tls.version, tls.cipher))
            if self._handshake is not None:
                self._handshake.cancel()
            self._step(self._core.open if self._service.implicit_tls else self._core.secured)
        return done

    def _drain(self, read: Callable[[], bytes]) -> None:
        while not (self._closing or self._stuck or self._core.holding) and (data := read()):
            self._step(self._core.receive, data)
            if len(data) == self._portion_bytes == PORTION_BYTES:
                self._wait_turn()
                return

    def _portion(self) -> bytes:
        size = self._portion_bytes
        data, self._input = self._input[:size], self._input[size:]
        return data

    # The journal

    def _note_session(self, event: Event) -> None:
        if self._service.faces_clients:
            self._note(event)

    def _note(self, event: Event) -> None:
        if self._stopping and isinstance(event, SessionClosed):
            event = dataclasses.replace(event, reason="shutdown")
        self._service.journal.note(event, self.who)

    # The end

    def _turn_away(self, budget: str) -> None:
        self._closing = True
        if self._service.admission.worth_noting():
            self._note_session(SessionRejected(budget))
        self._channel.send(self._service.refusal(self.who.client))
        self._channel.close()

    def _end(self) -> None:
        """Tell the core that the client is gone, once, and close."""
        if not self._closing:
            self._gone = True
            self._step(self._core.eof)
            self._close()

    def _close(self) -> None:
        if self._closing:
            return
        self._closing = True
        self._reception.abandon()
        self._asking.give_up()
        for timed in (self._wake, self._handshake):
            if timed is not None:
                timed.cancel()
        self._channel.close(unread=bool(self._input), notify=not self._gone)
        self._input = b""


def peer(transport: asyncio.BaseTransport) -> Client:
    """Name the other end of a connection; a unix socket has no address."""
    name = transport.get_extra_info("peername")
    if not isinstance(name, tuple):
        return Client("")
    return Client(str(canonical_address(name[0])), name[1])
