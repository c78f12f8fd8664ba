"""
Where an address can be found: what ``forget`` looks for in captures, events and findings.

An e-mail address is looked for in every form in which we keep it (typed, canonical, inside an
ORCPT, in the text of a body), upper and lower case alike; an IP address in its canonical form as
client, in text as written.  Text inside base64 or quoted-printable parts is looked at as it
stands in the mail: what hides there is found by the envelope or not at all.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import astuple
from typing import Any, Final

from honeypost.events import Event
from honeypost.model import Client, Identity, canonical_address
from honeypost.ports import Capture, Entry

TAG_DIGITS: Final = 16
SHORTEST: Final = 3
"""Shorter texts than this are in everything; nobody can want them erased."""
AROUND: Final = 2
"""So many bytes before and behind decide whether it is a whole address."""
_INSIDE: Final = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789.-_+")
"""Bytes that go on an address: ``ann@a.example`` is not in ``joann@a.example``."""


class Trace:
    """
    Recognises one address.

    >>> Trace("Ann@Example.org").in_text(b"to <ann@example.org>")
    True
    >>> Trace("ann@example.org").in_text(b"joann@example.org, ann@example.organic")
    False

    :raises ValueError: when it is neither an e-mail nor an IP address.
    """

    def __init__(self, address: str) -> None:
        text = address.strip().lower()
        self._network_address = _as_ip(text)
        if self._network_address:
            text = self._network_address
        elif len(text) < SHORTEST or "@" not in text.strip("@"):
            raise ValueError(f"{address!r} is neither an e-mail address nor an IP address")
        self.text = text
        """Canonical: lower case, or the IP address in its shortest form."""
        self._raw = text.encode("utf-8", "surrogateescape")

    def tag(self, key: bytes) -> str:
        """What may remain of it: the same address gives the same tag, and no way back."""
        return hmac.new(key, self._raw, hashlib.sha256).hexdigest()[:TAG_DIGITS]

    def in_text(self, text: bytes) -> bool:
        """Is it in there, as a whole address?"""
        return self._in_window(text.lower(), 0, len(text))

    def in_body(self, chunks: Iterable[bytes]) -> bool:
        """Is it in a body that comes in pieces?"""
        window, first = b"", 0
        for chunk in chunks:
            window += chunk.lower()
            # What stands at the very end is judged when it is known how it goes on.
            if self._in_window(window, first, len(window) - AROUND):
                return True
            kept = len(self._raw) + 2 * AROUND
            # Of what begins with the window it cannot be told what stood before.
            first = AROUND if len(window) > kept else first
            window = window[-kept:]
        return self._in_window(window, first, len(window))

    def _in_window(self, text: bytes, first: int, last: int) -> bool:
        """Is there a whole one that begins and ends within these bounds?"""
        at = text.find(self._raw, first, max(last, 0))
        while at >= 0:
            end = at + len(self._raw)
            if not (_goes_on(text[max(at - 1, 0) : at]) or _continued(text[end : end + AROUND])):
                return True
            at = text.find(self._raw, at + 1, last)
        return False

    def in_capture(self, capture: Capture) -> bool:
        """Is it in the envelope, or the client's?"""
        envelope = capture.envelope
        typed = (envelope.account.encode(), envelope.reverse_path, envelope.parameters)
        named = (part for one in envelope.recipients for part in (one.address, one.original))
        return (
            self._is_client(capture.who)
            or (envelope.via is not None and envelope.via.address == self._network_address)
            or any(self.in_text(text) for text in (*typed, *named))
        )

    def in_entry(self, entry: Entry) -> bool:
        """Is it in an event, or the client's?"""
        return self._is_client(entry.who) or self._in_event(entry.event)

    def _in_event(self, event: Event) -> bool:
        return any(self._in_value(value) for value in astuple(event))

    def _in_value(self, value: Any) -> bool:
        if isinstance(value, str):
            value = value.encode("utf-8", "surrogateescape")
        return isinstance(value, bytes) and self.in_text(value)

    def _is_client(self, who: Identity | None) -> bool:
        client = who.client if who else Client("")
        return bool(client.address) and client.address == self._network_address


def _continued(following: bytes) -> bool:
    # A full stop ends a sentence more often than it goes on with a domain.
    first, second = following[:1], following[1:]
    return _goes_on(first) and (first != b"." or _goes_on(second))


def _goes_on(byte: bytes) -> bool:
    return bool(byte) and byte[0] in _INSIDE


def _as_ip(text: str) -> str:
    try:
        return str(canonical_address(text))
    except ValueError:
        return ""
