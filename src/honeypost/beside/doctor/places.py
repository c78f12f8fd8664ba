"""Where Postfix's services listen, and from which addresses of this host they can be tried."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from honeypost.beside.doctor.case import Case
from honeypost.beside.survey.lists import members
from honeypost.beside.survey.site import PostfixService

PORTS = {"smtp": 25, "submission": 587, "submissions": 465, "smtps": 465}
"""Services that are named rather than numbered in master.cf (services(5))."""

LOOPBACK = "127.0.0.1"


def place_of(service: PostfixService) -> tuple[str, int] | None:
    """Give where a service of type inet listens; loopback when it takes any address."""
    if service.type != "inet":
        return None
    host, _, port = service.name.rpartition(":")
    number = PORTS.get(port) or (int(port) if port.isdigit() else 0)
    return (host.strip("[]") or LOOPBACK, number) if number else None


def mx_place(case: Case) -> tuple[str, int] | None:
    """Give where mail from outside comes in; port 25 goes before all others."""
    places = [
        place
        for service in case.site.postfix.smtpd
        if service.takes_mail_from_outside and (place := place_of(service)) is not None
    ]
    return min(places, key=lambda place: place[1] != PORTS["smtp"], default=None)


def outside_source(case: Case, trusted: Iterable[str], host: str) -> str | None:
    """
    Give an address of this host that none of these networks holds, loopback first.

    :param host: who is connected to; its version of IP counts.
    """
    version = ip_address(host).version
    networks = tuple(_networks(trusted))
    loopback = LOOPBACK if version == 4 else "::1"  # noqa: PLR2004 - the version
    for address in (loopback, *case.addresses):
        parsed = ip_address(address)
        if parsed.version == version and not any(parsed in network for network in networks):
            return address
    return None


def trusted_by_postfix(case: Case) -> tuple[str, ...]:
    """Give the networks that may send without a login (``mynetworks``)."""
    return members(case.site.postfix.settings.get("mynetworks", ""))


def _networks(texts: Iterable[str]) -> Iterator[IPv4Network | IPv6Network]:
    for text in texts:
        try:
            yield ip_network(text.replace("[", "").replace("]", ""), strict=False)
        except ValueError:
            continue
