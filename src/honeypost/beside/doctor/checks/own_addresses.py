"""No decoys for clients whose mail would go out without a login."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, ip_network

from honeypost.beside.doctor.case import Case
from honeypost.beside.doctor.results import Check, Result, ok, red
from honeypost.beside.survey.recipes import recipe_for

LOOPBACK = ("127.0.0.0/8", "::1/128")


def look(case: Case) -> Iterator[Result]:
    """Compare ``no_decoys_from`` with loopback and what Postfix trusts."""
    spared = [ip_network(text) for text in case.config.beside.no_decoys_from]
    needed = [ip_network(text) for text in (*LOOPBACK, *recipe_for(case.site).no_decoys_from)]
    missing = [network for network in needed if not any(_holds(s, network) for s in spared)]
    for network in missing:
        yield red(
            f"a decoy could be won from {network}, whose mail leaves without a login",
            f"add {network} to beside.no_decoys_from and restart honeypost",
        )
    if not missing:
        yield ok(f"no decoys for loopback and mynetworks: {', '.join(map(str, needed))}")


def _holds(outer: IPv4Network | IPv6Network, inner: IPv4Network | IPv6Network) -> bool:
    return (
        outer.version == inner.version
        and outer.network_address <= inner.network_address  # type: ignore[operator]  # one version
        and outer.broadcast_address >= inner.broadcast_address  # type: ignore[operator]  # the same
    )


CHECK = Check(
    "own addresses",
    "Clients on loopback, in mynetworks and on webmail hosts named there get no decoy.",
    "`beside.no_decoys_from` must hold all of them.",
    look,
)
