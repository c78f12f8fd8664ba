"""No decoys where mail goes out without a login, and no penalties for the host itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network

from honeypost.beside.doctor.case import Case
from honeypost.beside.doctor.results import Check, Result, ok, red, warn
from honeypost.beside.survey.recipes import recipe_for

LOOPBACK = ("127.0.0.0/8", "::1/128")


def look(case: Case) -> Iterator[Result]:
    """Compare ``no_decoys_from`` with loopback and what Postfix trusts."""
    spared = [ip_network(text) for text in case.config.beside.no_decoys_from]
    needed = [ip_network(text) for text in (*LOOPBACK, *recipe_for(case.site).no_decoys_from)]
    missing = [network for network in needed if not _in(spared, network)]
    for network in missing:
        yield red(
            f"a decoy could be won from {network}, whose mail leaves without a login",
            f"add {network} to beside.no_decoys_from and restart honeypost",
        )
    if not missing:
        yield ok(f"no decoys for loopback and mynetworks: {', '.join(map(str, needed))}")
    if case.config.penalties.mode == "on":
        yield _penalties(case)


def _penalties(case: Case) -> Result:
    """Programs of the host that connect to its public name come from its own addresses."""
    allowed = [ip_network(text) for text in case.evidence.allowed()]
    own = [ip_network(address) for address in case.addresses]
    hit = [str(address.network_address) for address in own if not _in(allowed, address)]
    if hit:
        return warn(
            f"a penalty could hit this host itself: {', '.join(hit)}", f"honeypost allow {hit[0]}"
        )
    return ok("no penalty can hit an address of this host")


def _in(networks: Sequence[IPv4Network | IPv6Network], inner: IPv4Network | IPv6Network) -> bool:
    return any(_holds(outer, inner) for outer in networks)


def _holds(outer: IPv4Network | IPv6Network, inner: IPv4Network | IPv6Network) -> bool:
    return (
        outer.version == inner.version
        and outer.network_address <= inner.network_address  # type: ignore[operator]  # one version
        and outer.broadcast_address >= inner.broadcast_address  # type: ignore[operator]  # the same
    )


CHECK = Check(
    "own addresses",
    "Loopback, mynetworks and webmail hosts named there get no decoy; this host no penalty.",
    "`beside.no_decoys_from` holds them; with penalties on, own addresses are allowed.",
    look,
)
