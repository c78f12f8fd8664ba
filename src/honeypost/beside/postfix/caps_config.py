"""
What limits a client's simultaneous connections at a real Postfix.

Two means.  Postfix's own anvil counts them without asking anybody of ours, so it is the one that
is always recommended.  Our policy service (:mod:`honeypost.engine.crowds`) also counts whole
networks and spares those of users; but a hung service holds a client for ``POLICY_SECONDS``
before Postfix goes on, so it belongs only where no real user waits: never on a submission
service before ``permit_sasl_authenticated``, and on an MX only by the operator's own choice.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from honeypost.errors import UsageError

CONNECTIONS: Final = 25
"""Of one client, of the 100 processes that Postfix has by default (its own limit is 50)."""

POLICY_SECONDS: Final = 1
"""Postfix takes whole seconds; its own default is 100, with two tries and 451 behind them."""

PREFIXES_SINCE: Final = (3, 8)
"""The first version that counts by network (release notes of Postfix 3.8)."""

_SAFE_SOCKET: Final = frozenset(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-"
)


def anvil(version: tuple[int, int], allowed: Collection[str] = ()) -> Mapping[str, str]:
    """
    Give the settings of ``main.cf`` that cap connections.

    The rate of AUTH commands stays as it is: an office behind one address whose devices all
    come back after an outage would be over any useful limit.

    :param version: of Postfix.
    :param allowed: networks besides ``mynetworks`` that are not counted.

    >>> anvil((3, 7))["smtpd_client_connection_count_limit"]
    '25'
    """
    spared = ["$mynetworks", *map(_bracketed, allowed)]
    settings = {
        "smtpd_client_connection_count_limit": str(CONNECTIONS),
        "smtpd_client_event_limit_exceptions": ", ".join(spared),
    }
    if version >= PREFIXES_SINCE:
        # As we count (its own default is /84): within a /64 an address costs nothing.
        settings |= {
            "smtpd_client_ipv4_prefix_length": "32",
            "smtpd_client_ipv6_prefix_length": "64",
        }
    return settings


def policy_check(socket: str) -> str:
    """
    Give the restriction that asks our policy service, for ``smtpd_client_restrictions``.

    It fails open: dead at once, hung after ``POLICY_SECONDS``.

    :param socket: its unix socket, as this smtpd sees it.
    :raises UsageError: the path would be read otherwise by Postfix.
    """
    if not socket or not _SAFE_SOCKET.issuperset(socket):
        raise UsageError(f"{socket!r} cannot stand in Postfix's configuration")
    return (
        f"check_policy_service {{ unix:{socket}, timeout={POLICY_SECONDS}s,"
        " try_limit=1, default_action=DUNNO }"
    )


def _bracketed(network: str) -> str:
    """Write ``2001:db8::/32`` as Postfix's lists want it: ``[2001:db8::]/32``."""
    address, slash, bits = network.partition("/")
    return f"[{address}]{slash}{bits}" if ":" in network else network
