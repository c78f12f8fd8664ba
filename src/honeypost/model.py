"""
Values that everyone shares.

Bytes that an attacker chose stay ``bytes`` until the rim, where a renderer escapes them
(:func:`printable`).  What we chose ourselves (accounts, session and capture ids) is ``str``.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, final


class Protocol(StrEnum):
    """What is spoken on a listener."""

    SMTP = "smtp"
    """MX, RFC 5321."""
    SUBMISSION = "submission"
    """RFC 6409, STARTTLS."""
    SUBMISSIONS = "submissions"
    """RFC 8314, TLS from the first byte."""
    LMTP = "lmtp"
    """RFC 2033: decoy mail that Postfix hands to us."""
    LIMBO = "limbo"
    """RFC 2033: mail to unknown addresses, which Postfix hands to us for a late bounce."""
    POLICY = "policy"
    """Postfix policy delegation."""
    LOOKUP = "lookup"
    """HTTP end that Dovecot's decoy script asks."""
    AUTHPOLICY = "authpolicy"
    """HTTP end that Dovecot's auth policy client reports to."""
    IMAP = "imap"
    POP3 = "pop3"


class AlertKind(StrEnum):
    """What the operator may be told by mail; the words that ``alerts.mute`` takes."""

    DISARMED = "disarmed"
    """Our part was taken out of the mail server, since it would have kept it from starting."""
    CONTAINMENT = "containment"
    """Postfix does not run what was attached, so no decoy login is granted."""
    EDGE = "edge"
    """The process that answers Postfix and Dovecot is silent."""
    LOG = "log"
    """The mail log cannot be read."""
    BUDGET = "budget"
    """A budget of the whole site is used up."""
    DECOY = "decoy"
    """The first decoy was won."""
    WITHHELD = "withheld"
    """The daily list of mail to unknown names whose senders are never told."""


@final
class Secret:
    """
    A password: its ``repr`` and ``str`` hide it, comparison takes constant time.

    ``reveal`` is the one way to the bytes, so that every use can be searched for.
    """

    __slots__ = ("_value",)

    def __init__(self, value: bytes) -> None:
        self._value = value

    def reveal(self) -> bytes:
        """Give the bytes as they were typed."""
        return self._value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._value, other._value)

    def __hash__(self) -> int:
        return hash(self._value)

    def __len__(self) -> int:
        return len(self._value)

    def __repr__(self) -> str:
        return "Secret(***)"

    def __reduce__(self) -> Any:
        raise TypeError("a Secret is not pickled")


ADDRESSES_REMEMBERED = 1024
"""Addresses that need not be parsed anew: each session asks several times."""


@dataclass(frozen=True, slots=True)
class Client:
    """The remote end of a session."""

    address: str
    """IPv4 or IPv6 address in its canonical text form; ``""`` for a unix socket."""
    port: int = 0
    """Source port; XARF and ARF want it. 0 where nobody told us (Dovecot for Postfix)."""

    @property
    def network(self) -> str:
        """The neighbourhood that shares one count; see :func:`neighbourhood`."""
        return neighbourhood(self.address)


@lru_cache(maxsize=ADDRESSES_REMEMBERED)
def neighbourhood(address: str) -> str:
    """
    Name the group of addresses that shares one count.

    An attacker rotates addresses for free inside an IPv6 prefix, so IPv6 counts by /64.
    An IPv4 address stands for itself; a mapped IPv4 address counts as IPv4.

    >>> neighbourhood("2001:db8:1:2::3")
    '2001:db8:1:2::/64'
    >>> neighbourhood("::ffff:192.0.2.7")
    '192.0.2.7'
    >>> neighbourhood("")
    'local'
    """
    if not address:
        return "local"
    parsed = canonical_address(address)
    if isinstance(parsed, IPv6Address):
        top = parsed.packed[:8].hex(":", 2).split(":")
        while top and top[-1] == "0000":
            top.pop()
        return f"{':'.join(part.lstrip('0') or '0' for part in top)}::/64"
    return str(parsed)


@lru_cache(maxsize=ADDRESSES_REMEMBERED)
def canonical_address(address: str) -> IPv4Address | IPv6Address:
    """
    Parse an address; a scope id is dropped and a mapped IPv4 address is unwrapped.

    :raises ValueError: when it is none.
    """
    parsed = ip_address(address.partition("%")[0])
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        return parsed.ipv4_mapped
    return parsed


@dataclass(frozen=True, slots=True)
class Identity:
    """
    Who and where: bound once per session, and it wins over anything that a client can fill.

    Behind Postfix and Dovecot the client is the one that they name (``rip``, XFORWARD), not
    the socket that they call us on.
    """

    session: str
    """Our id for the session, unique per site."""
    client: Client
    listener: str
    """Name of the listener in the configuration, for example ``submission``."""
    protocol: Protocol


@dataclass(frozen=True, slots=True)
class Recipient:
    """One accepted RCPT TO."""

    address: bytes
    """The path without angle brackets, as typed."""
    original: bytes = b""
    """ORCPT (RFC 3461, 4.2) still xtext-encoded, ``b""`` when absent."""
    notify: bytes = b""
    """NOTIFY (RFC 3461, 4.1), ``b""`` when absent."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who a message is from and to, and how it was announced."""

    reverse_path: bytes
    """MAIL FROM without angle brackets; ``b""`` is the null sender."""
    recipients: tuple[Recipient, ...]
    account: str = ""
    """The decoy account that sends it, ``""`` when not known yet (LMTP: a header tells)."""
    helo: bytes = b""
    parameters: bytes = b""
    """The ESMTP parameters of MAIL as typed (SIZE, BODY, SMTPUTF8, RET, ENVID)."""
    queue_id: str = ""
    """The id the client saw: ours standalone, Postfix's own (XFORWARD IDENT) behind it."""
    via: Client | None = None
    """The real client behind Postfix (XFORWARD ADDR, PORT); ``None`` standalone."""


def printable(raw: bytes, limit: int = 256) -> str:
    r"""
    Render attackers' bytes for a screen: UTF-8 where valid, the rest and controls escaped.

    >>> printable(b"caf\xc3\xa9\x1b[2J\xff")
    'café\\x1b[2J\\xff'
    """
    text = raw[:limit].decode("utf-8", "backslashreplace")
    if text.isprintable():
        shown = text
    else:
        shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return shown + "…" if len(raw) > limit else shown
