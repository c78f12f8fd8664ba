"""
Questions to the DNS, by the resolver of the host or those that the operator names.

Blocking on purpose: the libraries that judge SPF and DKIM are, so they run in a thread.  Every
question has a limit of time, and "there is nothing" is told apart from "nobody answered".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Protocol

import dns.exception
import dns.name
import dns.resolver

ANSWER_SECONDS: Final = 5.0
"""Longest wait for one question, all name servers and retries together."""

PORT: Final = 53


class Unanswered(Exception):
    """Nobody answered, or with an error; ask again later."""


class Resolver(Protocol):
    """Somebody who can be asked."""

    def ask(self, name: str, kind: str) -> Sequence[Any]:
        """
        Give the records of that kind (``A``, ``TXT``, ...) as dnspython has them.

        CNAMEs are followed; none at all is an empty answer.

        :raises Unanswered: there is no answer now.
        """


class DnsResolver:
    """Implements :class:`Resolver`."""

    def __init__(self, nameservers: Sequence[str] = (), *, seconds: float = ANSWER_SECONDS) -> None:
        """
        :param nameservers: ``address`` or ``address:port`` (``[v6]:port``); none means those of
            the host's resolv.conf, read when the first question is asked.
        """
        self._nameservers = tuple(nameservers)
        self._seconds = seconds
        self._resolver: dns.resolver.Resolver | None = None

    def ask(self, name: str, kind: str) -> Sequence[Any]:
        """See :class:`Resolver`."""
        try:
            answer = self._made().resolve(
                dns.name.from_text(name), kind, raise_on_no_answer=False, lifetime=self._seconds
            )
        except dns.resolver.NXDOMAIN:
            return ()
        except (dns.exception.DNSException, OSError, UnicodeError) as error:
            if isinstance(
                error, dns.name.LabelTooLong | dns.name.EmptyLabel | dns.name.NameTooLong
            ):
                return ()
            raise Unanswered(f"{name} {kind}: {error}") from error
        return tuple(answer.rrset or ())

    def _made(self) -> dns.resolver.Resolver:
        if self._resolver is None:
            made = dns.resolver.Resolver(configure=not self._nameservers)
            if self._nameservers:
                made.nameservers = [_server(each) for each in self._nameservers]
            made.cache = None
            self._resolver = made
        return self._resolver


def split_server(text: str) -> tuple[str, int]:
    """
    Split a name server of the configuration.

    >>> split_server("192.0.2.53"), split_server("[2001:db8::53]:5353"), split_server("::1")
    (('192.0.2.53', 53), ('2001:db8::53', 5353), ('::1', 53))
    """
    if text.startswith("["):
        address, _, port = text[1:].partition("]")
        return address, int(port[1:]) if port else PORT
    address, colon, port = text.partition(":")
    if not colon or ":" in port:
        return text, PORT
    return address, int(port)


def _server(text: str) -> Any:
    address, port = split_server(text)
    return dns.nameserver.Do53Nameserver(address, port)
