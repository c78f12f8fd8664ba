"""
What the edge may order of the firewall helper, one line each; everything else is refused.

::

    C: add 192.0.2.7 60          S: ok
    C: remove 2001:db8:1::/48    S: ok
    C: clear                     S: ok            (no penalty stands any more)
    C: count                     S: count 42      (packets refused since the table was made)
    C: add 0.0.0.0/0 60          S: no penalty can be on 0.0.0.0/0

The edge faces attackers, so the helper believes it nothing: a broken-into edge can keep single
IPv4 addresses and IPv6 /64 and /48 from starting mail sessions for a while, and no more.  Never
the host itself, its link, or anything wider.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from honeypost.decide.penalty import covers

LINE_BYTES: Final = 80
"""Longest order; the longest IPv6 network takes 43."""

SECONDS_MOST: Final = 30 * 86_400
"""Longest penalty that may be ordered."""

_NUMBER: Final = re.compile(r"[1-9][0-9]{0,6}")


@dataclass(frozen=True, slots=True)
class Add:
    """Keep a network away."""

    network: str
    seconds: int


@dataclass(frozen=True, slots=True)
class Remove:
    """Let a network in again."""

    network: str


@dataclass(frozen=True, slots=True)
class Clear:
    """Let everybody in again."""


@dataclass(frozen=True, slots=True)
class Count:
    """Tell how many packets were refused."""


Order = Add | Remove | Clear | Count


def written(order: Order) -> bytes:
    """
    Give the line for an order.

    >>> written(Add("192.0.2.7", 60)), written(Clear())
    (b'add 192.0.2.7 60\\n', b'clear\\n')
    """
    match order:
        case Add(network, seconds):
            return f"add {network} {seconds}\n".encode()
        case Remove(network):
            return f"remove {network}\n".encode()
        case Clear():
            return b"clear\n"
        case Count():
            return b"count\n"


def read(line: bytes) -> Order | str:
    """
    Read an order (without its line end), or say why it is none.

    >>> read(b"remove 2001:db8:1:2::/64")
    Remove(network='2001:db8:1:2::/64')
    >>> read(b"add 127.0.0.1 60")
    'penalty cannot be on 127.0.0.1'
    """
    try:
        words = line.decode("ascii").split(" ")
    except UnicodeDecodeError:
        return "order is not ASCII"
    match words:
        case ["add", network, seconds]:
            return _add(network, seconds)
        case ["remove", network]:
            return Remove(covers(network)) if covers(network) else _not_on(network)
        case ["clear"]:
            return Clear()
        case ["count"]:
            return Count()
        case _:
            return "order is unknown"


def _add(network: str, seconds: str) -> Order | str:
    if not _NUMBER.fullmatch(seconds) or int(seconds) > SECONDS_MOST:
        return f"penalty takes 1 to {SECONDS_MOST} seconds"
    return Add(covers(network), int(seconds)) if covers(network) else _not_on(network)


def _not_on(network: str) -> str:
    shown = "".join(letter for letter in network if letter.isprintable())
    return f"penalty cannot be on {shown[:LINE_BYTES]}"
