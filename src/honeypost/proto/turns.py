"""
Whose turn is it: what leaves now, and what makes input wait.

Theory of operation
===================

A core adds effects in order.  A pause before a reply (``Wake`` with ``hold=True``) keeps
back everything behind it until the core is woken, also further pauses.  An open question,
a handshake and a pause make :attr:`Turns.holding` true; the core then works off no input,
so that the replies to pipelined commands stay in order (RFC 2920, section 3.2).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, cast

from honeypost.events import Event
from honeypost.proto.effects import (
    AbandonMessage,
    Ask,
    Close,
    Effect,
    Emit,
    OpenMessage,
    Send,
    Spool,
    StartTls,
    Wake,
)
from honeypost.questions import Question, Verdict

Continuation = Callable[[Any], None]
"""Takes the verdict to the question that was asked."""

_LASTING = (Emit, OpenMessage, Spool, AbandonMessage)
"""Effects that matter when the client is gone."""


class Turns:
    """The effects of one core, in order, and what is outstanding."""

    def __init__(self) -> None:
        self._waiting: deque[Effect] = deque()
        self._leaving: list[Effect] = []
        self._then: Continuation | None = None
        self._paused = False
        self._handshake = False
        self.closed = False
        self.holding = False
        """Must input wait?  Kept, since it is asked ten times as often as it changes."""
        self.bytes_out = 0

    @property
    def paused(self) -> bool:
        """Is a pause before a reply running?"""
        return self._paused

    @property
    def in_handshake(self) -> bool:
        """Was a TLS handshake asked for that is not done yet?"""
        return self._handshake

    def do(self, effect: Effect) -> None:
        """Have an effect carried out after all that came before it."""
        if self._paused or self.closed:
            self._waiting.append(effect)
        else:
            self._leave(effect)

    def send(self, data: bytes) -> None:
        """Write bytes to the client."""
        self.bytes_out += len(data)
        self.do(Send(data))

    def emit(self, event: Event) -> None:
        """Tell the journal."""
        self.do(Emit(event))

    def pause(self, seconds: float) -> None:
        """Wait before what follows; nothing when ``seconds`` is 0."""
        if seconds > 0:
            self.do(Wake(seconds, hold=True))

    def ask(self, question: Question, then: Continuation) -> None:
        """Have something decided; ``then`` is given the verdict."""
        self._then = then
        self._weigh()
        self.do(Ask(question))

    def start_tls(self) -> None:
        """Ask for a TLS handshake."""
        self._handshake = True
        self._weigh()
        self.do(StartTls())

    def close(self) -> None:
        """End the connection after what was sent has left."""
        self.do(Close())

    def answered(self, verdict: Verdict) -> None:
        """
        Hand the verdict to who asked.

        :raises RuntimeError: when nothing was asked: the driver is at fault.
        """
        then, self._then = self._then, None
        self._weigh()
        if then is None:
            raise RuntimeError("a verdict without a question")
        then(verdict)

    def secured(self) -> None:
        """
        Note that the handshake is done.

        :raises RuntimeError: when none was asked for: the driver is at fault.
        """
        if not self._handshake:
            raise RuntimeError("a handshake that was not asked for")
        self._handshake = False
        self._weigh()

    def resume(self) -> None:
        """End the pause and let out what it kept back, up to the next pause."""
        self._paused = False
        self._weigh()
        self._flush()

    def cut(self) -> None:
        """The client is gone: let out what the journal and the spool wait for, no more."""
        waiting, self._waiting = self._waiting, deque()
        self._then = None
        self._paused = self._handshake = False
        self._weigh()
        self._leaving += [effect for effect in waiting if isinstance(effect, _LASTING)]

    def take(self) -> list[Effect]:
        """Take what may leave now."""
        leaving, self._leaving = self._leaving, []
        return leaving

    def _flush(self) -> None:
        while self._waiting and not self._paused and not self.closed:
            self._leave(self._waiting.popleft())

    def _leave(self, effect: Effect) -> None:
        self._leaving.append(effect)
        kind = type(effect)
        if kind is Wake:
            self._paused = cast(Wake, effect).hold
            self._weigh()
        elif kind is Close:
            self.closed = True
            self._weigh()

    def _weigh(self) -> None:
        waits = self._paused or self._handshake or self._then is not None
        self.holding = waits and not self.closed
