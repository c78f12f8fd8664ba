"""
The one nftables table that is ours: ``inet honeypost``, as text for ``nft -f -``.

Theory of operation
===================

Three sets with timeouts hold who is kept away, and three rules drop what they send.  Nothing
of ours needs to live for it: the kernel keeps the sets when the helper dies, and every entry
ends by itself (an entry without a time of its own after ``TIMEOUT_SECONDS``).

- Only a packet that *begins* a session (SYN alone) is dropped, so a session that stands goes on:
  somebody behind the same address who is reading his mail never notices.
- Dropped, not refused: the guesser waits for his own time-out, and an address that somebody
  else wrote on a packet gets nothing sent to it.
- IPv6 is compared after its host part is cut off, by two sets (/64, /48) instead of one of
  intervals: hash sets of fixed size, and a /64 inside a /48 is no conflict (in one interval set
  nftables refuses it with the whole transaction).  Measured on nftables 1.0.6, Linux 6.18.
- The table is made again over itself: rules anew, sets and counter as they were.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Final

from honeypost.beside.firewall.orders import Add, Clear, Order, Remove

TABLE: Final = "inet honeypost"

TIMEOUT_SECONDS: Final = 3600

ENTRIES: Final = 16_384
"""Most entries of each set; more than the edge ever has (``penalties.networks``)."""

_ADDRESSES, _HOSTS, _SITES = "v4", "v6_64", "v6_48"
_BEGINS = "tcp flags & (fin | syn | rst | ack) == syn"
_MATCHES = (
    f"ip saddr @{_ADDRESSES}",
    f"ip6 saddr & ffff:ffff:ffff:ffff:: @{_HOSTS}",
    f"ip6 saddr & ffff:ffff:ffff:: @{_SITES}",
)


def setup(ports: Iterable[int]) -> str:
    """Make the table, or make its rules anew and leave sets and counter alone."""
    listed = ", ".join(str(port) for port in sorted(set(ports)))
    sets = ((_ADDRESSES, "ipv4_addr"), (_HOSTS, "ipv6_addr"), (_SITES, "ipv6_addr"))
    return _lines(
        f"add table {TABLE}",
        f"add counter {TABLE} refused",
        *(
            f"add set {TABLE} {name} {{ type {kind}; flags timeout;"
            f" size {ENTRIES}; timeout {TIMEOUT_SECONDS}s; }}"
            for name, kind in sets
        ),
        f"add chain {TABLE} input {{ type filter hook input priority -10; policy accept; }}",
        f"flush chain {TABLE} input",
        *(
            f"add rule {TABLE} input tcp dport {{ {listed} }} {_BEGINS} {match}"
            " counter name refused drop"
            for match in _MATCHES
        ),
    )


def removal() -> str:
    """Take the table away, also when there is none."""
    return _lines(f"add table {TABLE}", f"delete table {TABLE}")


def change(orders: Iterable[Order]) -> str:
    """Carry orders out, in one transaction."""
    return "".join(_changed(order) for order in orders)


def _changed(order: Order) -> str:
    match order:
        case Add(network, seconds):
            # An entry that is there keeps its old end: so out with it, which wants it to be there.
            there, gone = _element("add", network, 1), _element("delete", network)
            return _lines(there, gone, _element("add", network, seconds))
        case Remove(network):
            return _lines(_element("add", network, 1), _element("delete", network))
        case Clear():
            return _lines(*(f"flush set {TABLE} {name}" for name in (_ADDRESSES, _HOSTS, _SITES)))
        case _:
            return ""


def _element(verb: str, network: str, seconds: int = 0) -> str:
    address, _, bits = network.partition("/")
    name = {"": _ADDRESSES, "64": _HOSTS, "48": _SITES}[bits]
    time = f" timeout {seconds}s" if seconds else ""
    return f"{verb} element {TABLE} {name} {{ {address}{time} }}"


def _lines(*lines: str) -> str:
    return "".join(f"{line}\n" for line in lines)


COUNTER: Final[Sequence[str]] = ("-j", "list", "counter", *TABLE.split(), "refused")
"""Arguments of ``nft`` that show the counter."""


def packets(listing: bytes) -> int:
    """
    Read the counter as ``nft -j`` shows it.

    :raises ValueError: when it is none.
    """
    for part in json.loads(listing).get("nftables", []):
        if "counter" in part:
            return int(part["counter"]["packets"])
    raise ValueError("no counter is listed")
