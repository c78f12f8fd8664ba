"""
The HTTP end that a program of the same host calls (RFC 9112), as a sans-I/O core.

Two programs call, Dovecot's login script and its policy client, and both are ours to trust
once they have shown the key.  So this is small on purpose: whole requests with a body up to
a limit, whole replies, keep-alive, and nothing else.  h11 does the parsing.

``Expect: 100-continue`` must be answered: Dovecot 2.3 sends it from Lua and waits for it, so
a server that does not know it makes each login of a decoy run into its limit (measured).
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import h11

from honeypost.model import Secret
from honeypost.proto.effects import Ask, Close, Effect, Send, Wake
from honeypost.questions import Question, Verdict

HEADER_BYTES = 8 * 1024
"""Largest request line with headers; Dovecot's have under 400 bytes."""

BODY_BYTES = 16 * 1024
"""Largest body.  Login and password have 255 bytes at most from Postfix, 8 KiB from IMAP."""

IDLE_SECONDS = 300.0
"""A connection on which nothing comes for so long is closed."""

KEY_HEADER = b"x-key"


@dataclass(frozen=True, slots=True)
class Request:
    """A whole request whose sender knew the key."""

    method: bytes
    target: bytes
    """Path and query as sent."""
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole reply."""

    status: int
    body: bytes = b""
    media_type: bytes = b"text/plain"


@dataclass(frozen=True, slots=True)
class Consult:
    """
    Have a question answered.

    With ``reply`` the caller is answered at once and does not wait for the verdict.
    """

    question: Question
    reply: Reply | None = None


class Handler(Protocol):
    """What an end does with requests."""

    def handle(self, request: Request) -> Reply | Consult: ...

    def reply(self, verdict: Verdict) -> Reply:
        """Put the verdict on a ``Consult`` without a reply into words."""
        ...


class HttpServer:
    """
    One connection; implements :class:`~honeypost.proto.effects.Core`.

    :param key: what ``X-Key`` must say; an empty one lets nobody in.
    """

    __slots__ = (
        "_body",
        "_closed",
        "_connection",
        "_handler",
        "_key",
        "_owes_reply",
        "_request",
        "holding",
    )

    def __init__(self, handler: Handler, key: Secret) -> None:
        self._handler = handler
        self._key = key
        self._connection = h11.Connection(h11.SERVER, max_incomplete_event_size=HEADER_BYTES)
        self._request: h11.Request | None = None
        self._body = bytearray()
        self._owes_reply = False
        self._closed = False
        self.holding = False

    def open(self) -> Sequence[Effect]:
        return [Wake(IDLE_SECONDS)]

    def receive(self, data: bytes) -> Sequence[Effect]:
        if not data or self._closed:
            return ()
        self._connection.receive_data(data)
        return [Wake(IDLE_SECONDS), *self._work_off()]

    def answer(self, verdict: Verdict) -> Sequence[Effect]:
        self.holding = False
        sent: list[Effect] = []
        if self._owes_reply:
            self._owes_reply = False
            sent = self._send(self._handler.reply(verdict))
        return [*sent, *self._work_off()]

    def secured(self) -> Sequence[Effect]:
        return ()

    def woken(self) -> Sequence[Effect]:
        return () if self.holding else self._close()

    def eof(self) -> Sequence[Effect]:
        return self._close()

    def _work_off(self) -> list[Effect]:
        """Take events from what was received until one must be waited for."""
        effects: list[Effect] = []
        while not (self.holding or self._closed):
            try:
                event = self._connection.next_event()
            except h11.RemoteProtocolError as error:
                return effects + self._refuse(error.error_status_hint)
            if event is h11.NEED_DATA:
                return effects + self._continue()
            if event is h11.PAUSED:
                self._connection.start_next_cycle()
            else:
                effects += self._take(event)
        return effects

    def _take(self, event: Any) -> list[Effect]:
        if isinstance(event, h11.Request):
            self._request, self._body = event, bytearray()
            return [] if self._knows_key(event) else self._refuse(403)
        if isinstance(event, h11.Data):
            self._body += event.data
            return self._refuse(413) if len(self._body) > BODY_BYTES else []
        return self._handle()

    def _knows_key(self, request: h11.Request) -> bool:
        expected = self._key.reveal()
        # Dovecot's policy client sends two blanks after the colon (measured).
        given = next((value.strip() for name, value in request.headers if name == KEY_HEADER), b"")
        return bool(expected) and hmac.compare_digest(given, expected)

    def _handle(self) -> list[Effect]:
        assert self._request is not None
        request = Request(self._request.method, self._request.target, bytes(self._body))
        self._body = bytearray()
        handled = self._handler.handle(request)
        if isinstance(handled, Reply):
            return self._send(handled)
        self.holding = True
        self._owes_reply = handled.reply is None
        at_once = self._send(handled.reply) if handled.reply else []
        return [*at_once, Ask(handled.question)]

    def _continue(self) -> list[Effect]:
        if not self._connection.they_are_waiting_for_100_continue:
            return []
        informational = h11.InformationalResponse(status_code=100, headers=[])
        return [Send(self._connection.send(informational))]

    def _refuse(self, status: int) -> list[Effect]:
        """Say what is wrong and close."""
        return [*self._send(Reply(status), last=True), *self._close()]

    def _send(self, reply: Reply, *, last: bool = False) -> list[Effect]:
        headers = [(b"content-length", str(len(reply.body)).encode())]
        if reply.body:
            headers.append((b"content-type", reply.media_type))
        if reply.status == 204:  # noqa: PLR2004 a 204 has no length, RFC 9110, 8.6
            headers = []
        if last:
            headers.append((b"connection", b"close"))
        parts: list[h11.Event] = [h11.Response(status_code=reply.status, headers=headers)]
        if reply.body:
            parts.append(h11.Data(data=reply.body))
        parts.append(h11.EndOfMessage())
        sent = Send(b"".join(self._connection.send(part) or b"" for part in parts))
        # A client may ask for the connection to end with this reply.
        done = self._connection.our_state is h11.MUST_CLOSE and not last
        return [sent, *(self._close() if done else ())]

    def _close(self) -> list[Effect]:
        self._closed = True
        return [Close()]
