"""
XFORWARD: what Postfix knows about the client that handed it the message.

``XFORWARD ADDR=2001:db8::1 PORT=58161 HELO=x.example IDENT=182FD22C444``; values are xtext
(RFC 1891, section 5), an IPv6 address has the prefix ``IPV6:``, and ``[UNAVAILABLE]`` or
``[TEMPUNAVAIL]`` stands for nothing.  It holds for one message (Postfix's XFORWARD_README).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from honeypost.model import Client, canonical_address

VALUE_BYTES = 255
PORT_MAX = 65_535

_NOTHING = frozenset({b"[UNAVAILABLE]", b"[TEMPUNAVAIL]"})
_ESCAPE = re.compile(rb"\+([0-9A-Fa-f]{2})")
_QUEUE_ID = re.compile(rb"[0-9A-Za-z]{1,32}")


@dataclass(frozen=True, slots=True)
class Forwarded:
    """The original client of one message, as far as Postfix said."""

    address: str = ""
    port: int = 0
    helo: bytes = b""
    queue_id: str = ""
    local: bool = False
    """Did the mail begin on this host (``sendmail``, or one of Postfix's own addresses)?"""

    @property
    def client(self) -> Client | None:
        """The client, ``None`` when Postfix did not name it."""
        return Client(self.address, self.port) if self.address else None

    def with_attributes(self, text: bytes) -> Forwarded:
        """Add the attributes of one XFORWARD command; those that make no sense are left out."""
        known = self
        for word in text.split():
            name, equals, value = word.partition(b"=")
            if equals:
                known = known.with_attribute(name.upper(), unquote(value)[:VALUE_BYTES])
        return known

    def with_attribute(self, name: bytes, value: bytes) -> Forwarded:
        """Add one decoded attribute."""
        if value in _NOTHING:
            value = b""
        match name:
            case b"ADDR":
                return replace(self, address=_address(value))
            case b"PORT":
                return replace(self, port=_port(value))
            case b"HELO":
                return replace(self, helo=value)
            case b"IDENT":
                return replace(self, queue_id=_queue_id(value))
            case b"SOURCE":
                return replace(self, local=value.upper() == b"LOCAL")
            case _:
                return self


def unquote(value: bytes) -> bytes:
    """
    Decode xtext.

    >>> unquote(b"a+20b+2B")
    b'a b+'
    """
    return _ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), value)


def _address(value: bytes) -> str:
    text = value.decode("ascii", "replace")
    if text[:5].upper() == "IPV6:":
        text = text[5:]
    try:
        return str(canonical_address(text))
    except ValueError:
        return ""


def _port(value: bytes) -> int:
    return int(value) if value.isdigit() and int(value[:9]) <= PORT_MAX else 0


def _queue_id(value: bytes) -> str:
    return value.decode() if _QUEUE_ID.fullmatch(value) else ""
