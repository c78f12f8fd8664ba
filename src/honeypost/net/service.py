"""
What all connections of one listener have in common.

The composition root makes one :class:`Service` for each listener and gives it to
:mod:`honeypost.net.listener`; each connection's driver takes from it the core to drive, whom
to ask and whom to tell.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol as Interface

from honeypost.events import Event
from honeypost.model import Client, Identity, Protocol
from honeypost.net.limits import Admission
from honeypost.net.tasks import Tasks
from honeypost.net.turnstile import Turnstile
from honeypost.ports import Body, Clock
from honeypost.proto.effects import Core
from honeypost.questions import Question, Verdict


class Director(Interface):
    """Decides what a core may not."""

    async def answer(self, question: Question, who: Identity, body: Body | None = None) -> Verdict:
        """Give the verdict; with ``KeepMessage`` comes the body, which is then its own."""
        ...

    def spool(self) -> Body:
        """
        Begin a message body.

        :raises StoreError: when there is no room for one more.
        """
        ...


class Journal(Interface):
    """Is told what happened."""

    def note(self, event: Event, who: Identity | None) -> object: ...


class Timed(Interface):
    """Something set to happen later."""

    def cancel(self) -> None: ...


Timer = Callable[[float, Callable[[], None]], Timed]
"""``loop.call_later``, or a hand-wound one in tests."""


def call_later(seconds: float, callback: Callable[[], None]) -> Timed:
    """Have the running loop call back."""
    return asyncio.get_running_loop().call_later(seconds, callback)


def nothing(_client: Client) -> bytes:
    """Turn a client away without a word."""
    return b""


class Connection(Interface):
    """A live connection, as the listener that stops sees it."""

    def stop(self) -> None:
        """Close now; what is being kept is still kept."""
        ...


@dataclass(frozen=True, slots=True)
class Service:
    """One listener's shared part."""

    name: str
    """The listener's name in the configuration."""
    protocol: Protocol
    new_core: Callable[[Identity], Core]
    director: Director
    journal: Journal
    tasks: Tasks
    admission: Admission
    new_session: Callable[[], str]
    """Makes session ids, unique per site."""
    context: ssl.SSLContext | None = None
    """For STARTTLS and implicit TLS; ``None``: the core never asks for it."""
    implicit_tls: bool = False
    """TLS from the first byte (RFC 8314)."""
    faces_clients: bool = True
    """Are these the sessions of clients?  Calls by Postfix and Dovecot are not noted as such."""
    refusal: Callable[[Client], bytes] = nothing
    """What a client over the budget is told before the connection closes."""
    timer: Timer = call_later
    clock: Clock = time.monotonic
    """The timer's."""
    turnstile: Turnstile = field(default_factory=Turnstile)
    """The same for all services of a process."""
    connections: set[Connection] = field(default_factory=set)
    """The live ones."""
