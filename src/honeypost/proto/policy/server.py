"""
What may a decoy send, and how many conversations may a network hold?  Asked by Postfix.

The protocol (Postfix, SMTPD_POLICY_README): lines of ``name=value`` up to an empty line, one
``action=...`` with an empty line back, any number of requests on a connection.

``DISCARD`` is the answer whenever it is not surely yes: the client then still sees its
message queued, and it goes nowhere.  Who is logged in otherwise is none of our business and is
answered ``DUNNO``; nothing of ours stands before a real user.

Where the site has it ask before that (``CONNECT``, ``RCPT``), a network that holds too many
conversations is told ``421``, after which Postfix hangs up (access(5)).  Any doubt is ``DUNNO``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from honeypost.model import Client, canonical_address
from honeypost.proto.effects import Ask, Close, Effect, Send, Wake
from honeypost.questions import (
    Acceptance,
    ConverseVerdict,
    MayConverse,
    MaySpend,
    SpendVerdict,
    Verdict,
)

REQUEST_BYTES = 32 * 1024
"""Largest request; the longest values (sender, recipient, helo_name) have up to 2 KiB each."""

IDLE_SECONDS = 1200.0
"""Postfix itself drops a connection after 1,000 s (smtpd_policy_service_max_ttl)."""

LARGEST_PORT = 65535

DUNNO = Send(b"action=DUNNO\n\n")
DISCARD = Send(b"action=DISCARD\n\n")
CROWDED = Send(b"action=421 4.7.0 Error: too many connections\n\n")

_CONVERSING = frozenset({b"CONNECT", b"EHLO", b"HELO", b"MAIL", b"RCPT"})

_MARKER = re.compile(rb"[a-z0-9]+")


class PolicyServer:
    """
    One connection of an smtpd; implements :class:`~honeypost.proto.effects.Core`.

    :param marker_domain: domain of the marker users.
    """

    __slots__ = ("_buffer", "_marker_domain", "holding")

    def __init__(self, marker_domain: str) -> None:
        self._marker_domain = marker_domain.lower().encode()
        self._buffer = bytearray()
        self.holding = False

    def open(self) -> Sequence[Effect]:
        return [Wake(IDLE_SECONDS)]

    def receive(self, data: bytes) -> Sequence[Effect]:
        self._buffer += data
        return [Wake(IDLE_SECONDS), *self._work_off()]

    def answer(self, verdict: Verdict) -> Sequence[Effect]:
        self.holding = False
        if isinstance(verdict, ConverseVerdict):
            return [DUNNO if verdict.allowed else CROWDED, *self._work_off()]
        accepted = isinstance(verdict, SpendVerdict) and verdict.acceptance is Acceptance.ACCEPTED
        return [DUNNO if accepted else DISCARD, *self._work_off()]

    def secured(self) -> Sequence[Effect]:
        return ()

    def woken(self) -> Sequence[Effect]:
        return () if self.holding else [Close()]

    def eof(self) -> Sequence[Effect]:
        return [Close()]

    def _work_off(self) -> list[Effect]:
        effects: list[Effect] = []
        while not self.holding:
            end = self._buffer.find(b"\n\n")
            if end < 0:
                break
            attributes = parse_request(bytes(self._buffer[:end]))
            del self._buffer[: end + 2]
            if attributes is None:
                return [*effects, Close()]
            effects.append(self._decide(attributes))
        if len(self._buffer) > REQUEST_BYTES or self._buffer.startswith(b"\n"):
            effects.append(Close())
        return effects

    def _decide(self, attributes: Mapping[bytes, bytes]) -> Effect:
        if not attributes.get(b"sasl_username"):
            return self._conversation(attributes)
        local, _, domain = attributes.get(b"sasl_username", b"").lower().rpartition(b"@")
        if domain != self._marker_domain or attributes.get(b"protocol_state") != b"END-OF-MESSAGE":
            return DUNNO
        if not _MARKER.fullmatch(local):
            return DISCARD
        self.holding = True
        return Ask(spend_question(local, attributes))

    def _conversation(self, attributes: Mapping[bytes, bytes]) -> Effect:
        address = _address(attributes.get(b"client_address", b""))
        if not address or attributes.get(b"protocol_state") not in _CONVERSING:
            return DUNNO
        self.holding = True
        return Ask(MayConverse(Client(address)))


def parse_request(request: bytes) -> dict[bytes, bytes] | None:
    """
    Read the lines of one request; ``None`` when it is none of Postfix's.

    >>> parse_request(b"request=smtpd_access_policy\\nsender=")
    {b'request': b'smtpd_access_policy', b'sender': b''}
    """
    attributes: dict[bytes, bytes] = {}
    for line in request.split(b"\n"):
        name, equals, value = line.partition(b"=")
        if not (name and equals):
            return None
        attributes[name] = value
    return attributes if attributes.get(b"request") == b"smtpd_access_policy" else None


def spend_question(marker: bytes, attributes: Mapping[bytes, bytes]) -> MaySpend:
    """Make the question about a marker user's message."""
    port = _number(attributes.get(b"client_port", b""))
    return MaySpend(
        marker=marker.decode("ascii"),
        client=Client(
            _address(attributes.get(b"client_address", b"")),
            port if port <= LARGEST_PORT else 0,
        ),
        queue_id=attributes.get(b"queue_id", b"").decode("ascii", "replace"),
        size=_number(attributes.get(b"size", b"")),
        recipient_count=_number(attributes.get(b"recipient_count", b"")),
    )


def _address(text: bytes) -> str:
    """Read an address; a local client has none, and Postfix says ``unknown``."""
    try:
        return str(canonical_address(text.decode("ascii")))
    except ValueError:
        return ""


def _number(text: bytes) -> int:
    return int(text) if text.isdigit() and len(text) < len(str(1 << 64)) else 0
