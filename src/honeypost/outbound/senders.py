"""
Who sent a message?  SPF by pyspf, DKIM by dkimpy, both asking our resolver.

Theory of operation
===================

The message is hostile, and so are the records of its sender's domain.  So everything has a limit:
pyspf counts lookups as RFC 7208 (4.6.4) wants and stops after ``SPF_SECONDS``; of a message so many
bytes and signatures are looked at; whatever a library makes of strange input counts as "not
proven".  Nothing is decided here, see :mod:`honeypost.decide.disclosure`.

A signature with ``l=`` counts for nothing, since anything may follow what it covers.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address
from typing import Any, Final

import dkim
import spf

from honeypost.decide.disclosure import Evidence, addressed_to, sender_domain
from honeypost.model import Envelope
from honeypost.outbound.resolver import Resolver, Unanswered

SPF_SECONDS: Final = 20.0
"""For all questions of one SPF record (RFC 7208, 4.6.4, wants at least 20)."""

SIGNED_BYTES: Final = 1024 * 1024
"""Signatures of larger messages are not looked at: a body of line ends alone costs 100 times its
size in memory."""

SIGNATURES: Final = 3
"""Looked at of one message, from the top."""

MX_HOSTS: Final = 10
"""Looked at of one domain (RFC 7208, 4.6.4)."""

_KINDS: Final[Mapping[str, Any]] = {
    "A": lambda record: record.address,
    "AAAA": lambda record: record.address,
    "MX": lambda record: (record.preference, record.exchange.to_text(omit_final_dot=True)),
    "PTR": lambda record: record.target.to_text(omit_final_dot=True),
    "TXT": lambda record: record.strings,
}
"""How pyspf wants records of each kind; others (the type SPF is obsolete) are not asked for."""

_silent = logging.getLogger(f"{__name__}.dkim")
_silent.addHandler(logging.NullHandler())
_silent.propagate = False


def find_evidence(
    envelope: Envelope, recipient: bytes, message: bytes, resolver: Resolver
) -> Evidence:
    """
    Find out what shows who sent a message; blocks for a minute at most, never raises.

    :param recipient: the one whom signatures must name in To or Cc.
    """
    domain = sender_domain(envelope.reverse_path)
    client = envelope.via.address if envelope.via else ""
    result = check_spf(envelope, client, resolver) if client else "none"
    if result == "pass":
        return Evidence(result)
    signers = Signers(message, recipient, resolver)
    found = tuple(signers.find())
    direct, unsure = False, result == "temperror"
    if result == "none" and client:
        try:
            direct = is_host_of(client, domain, resolver)
        except Unanswered:
            unsure = True
    return Evidence(result, direct, found, unsure=unsure or signers.unsure)


def check_spf(envelope: Envelope, client: str, resolver: Resolver) -> str:
    """Give the result of SPF for MAIL FROM, in the words of RFC 7208."""
    sender = envelope.reverse_path.decode("utf-8", "replace")
    helo = envelope.helo.decode("ascii", "replace")
    try:
        result, _, _ = SpfQuery(resolver, client, sender, helo).check()
    except Exception:  # noqa: BLE001 - whatever a library makes of hostile records
        return "permerror"
    return str(result)


class SpfQuery(spf.query):  # type: ignore[misc]  # pyspf has no types
    """pyspf's evaluation, with our resolver instead of its own."""

    def __init__(self, resolver: Resolver, client: str, sender: str, helo: str) -> None:
        super().__init__(i=client, s=sender, h=helo, querytime=SPF_SECONDS)
        self._resolver = resolver
        self._found: dict[tuple[str, str], list[Any]] = {}

    def dns(
        self,
        name: str,
        qtype: str,
        cnames: Any = None,  # noqa: ARG002 - pyspf's signature; our resolver follows them
        ignore_void: bool = False,  # noqa: FBT001, FBT002 - pyspf's signature
    ) -> list[Any]:
        """Answer one question; void answers are counted as pyspf itself does."""
        key = (str(name).rstrip(".").lower(), qtype)
        if key not in self._found:
            self._found[key] = self._asked(*key)
        if not self._found[key] and not ignore_void:
            self.void_lookups += 1
            if self.void_lookups > spf.MAX_VOID_LOOKUPS:
                raise spf.PermError(f"more than {spf.MAX_VOID_LOOKUPS} void lookups")
        return self._found[key]

    def _asked(self, name: str, kind: str) -> list[Any]:
        shape = _KINDS.get(kind)
        if shape is None or not name:
            return []
        if len(self._found) > spf.MAX_LOOKUP * spf.MAX_MX:
            raise spf.PermError("too many lookups")
        try:
            return [shape(record) for record in self._resolver.ask(name, kind)]
        except Unanswered as error:
            raise spf.TempError(str(error)) from error


class Signers:
    """The domains whose signatures hold and name the recipient."""

    def __init__(self, message: bytes, recipient: bytes, resolver: Resolver) -> None:
        self._message = message
        self._recipient = recipient
        self._resolver = resolver
        self.unsure = False
        """Could a key not be asked for?"""

    def find(self) -> Iterator[str]:
        """Verify signature by signature."""
        if len(self._message) > SIGNED_BYTES:
            return
        for number in range(SIGNATURES):
            try:
                signer = self._verified(number)
            except Exception:  # noqa: BLE001 - whatever a library makes of hostile input
                signer = ""
            if signer is None:
                return
            if signer:
                yield signer

    def _verified(self, number: int) -> str | None:
        """Give the domain, ``""`` when it does not hold, ``None`` when there is none."""
        message = dkim.DKIM(self._message, logger=_silent)
        count = sum(name.lower() == b"dkim-signature" for name, _ in message.headers)
        if number >= count:
            return None
        if not message.verify(number, dnsfunc=self._key):
            return ""
        sealed = frozenset(message.include_headers)
        if b"l" in message.signature_fields:
            return ""
        if not addressed_to(self._recipient, self._message, sealed):
            return ""
        return str(message.signature_fields[b"d"].decode("ascii")).lower()

    def _key(self, name: bytes | str, timeout: float = 0.0) -> bytes | None:  # noqa: ARG002
        asked = name.decode("ascii") if isinstance(name, bytes) else name
        try:
            records = self._resolver.ask(asked, "TXT")
        except Unanswered:
            self.unsure = True
            return None
        return b"".join(records[0].strings) if records else None


def is_host_of(client: str, domain: str, resolver: Resolver) -> bool:
    """
    Is the client one of the domain's own hosts: its A or AAAA, or that of one of its MX?

    :raises Unanswered: that could not be found out.
    """
    kind = "AAAA" if ":" in client else "A"
    exchangers = [record.exchange.to_text() for record in resolver.ask(domain, "MX")]
    return any(_has(client, resolver.ask(host, kind)) for host in (domain, *exchangers[:MX_HOSTS]))


def _has(client: str, records: Sequence[Any]) -> bool:
    return any(ip_address(record.address) == ip_address(client) for record in records)
