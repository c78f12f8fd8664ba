"""
The edge's listeners: which core each drives, what it announces, what it is limited to.

Clients share one connection budget; calls by Postfix and Dovecot have their own, so that a
flood of clients cannot lock the real servers out of their answers.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from ipaddress import ip_network
from typing import Final

from honeypost.config.schema import Config, SiteSecrets
from honeypost.model import Client, Identity, Protocol, Secret
from honeypost.net.limits import Admission
from honeypost.net.memory import MemoryBudget
from honeypost.net.service import Director, Journal, Service, nothing
from honeypost.net.tasks import Tasks
from honeypost.net.turnstile import Turnstile
from honeypost.personality.postfix_3_7 import PROFILE
from honeypost.personality.replies import fill
from honeypost.ports import Chance
from honeypost.proto.authpolicy.server import AuthPolicyServer
from honeypost.proto.effects import Core
from honeypost.proto.lmtp.limbo import LimboServer
from honeypost.proto.lmtp.server import LmtpServer
from honeypost.proto.lookup.server import LookupServer
from honeypost.proto.policy.server import PolicyServer
from honeypost.proto.smtp.server import SmtpServer

PEER_CONNECTIONS: Final = 256
"""Connections of Postfix and Dovecot: 100 smtpd, 30 auth workers, LMTP and some to spare."""

SESSION_BYTES: Final = 8
"""Random bytes in a session id."""

CLIENT_FACING: Final = frozenset({Protocol.SMTP, Protocol.SUBMISSION, Protocol.SUBMISSIONS})


@dataclass(frozen=True, slots=True)
class Parts:
    """What services are made of."""

    config: Config
    secrets: SiteSecrets
    director: Director
    journal: Journal
    tasks: Tasks
    chance: Chance
    context: ssl.SSLContext | None
    bounces: Director | None = None
    """Answers the late bounce; ``None``: as the director would, who does not know it."""


@dataclass(frozen=True, slots=True)
class Floor:
    """All services by the listener's name, and the budgets of connections and memory."""

    services: dict[str, Service]
    clients: Admission
    peers: Admission
    memory: MemoryBudget


def build_services(parts: Parts) -> Floor:
    """Make a service for every listener that there can be."""
    budgets = parts.config.budgets
    memory = MemoryBudget(budgets.memory_bytes, time.monotonic)
    clients = Admission(
        budgets.connections, budgets.connections_per_network, time.monotonic, memory
    )
    peers = Admission(PEER_CONNECTIONS, PEER_CONNECTIONS, time.monotonic)
    turnstile = Turnstile()
    services = {
        str(protocol): replace(
            _service(parts, protocol, new_core, clients, peers), turnstile=turnstile
        )
        for protocol, new_core in _cores(parts).items()
    }
    return Floor(services, clients, peers, memory)


def _service(
    parts: Parts,
    protocol: Protocol,
    new_core: Callable[[Identity], Core],
    clients: Admission,
    peers: Admission,
) -> Service:
    facing = protocol in CLIENT_FACING
    wrapped = protocol is Protocol.SUBMISSIONS
    return Service(
        name=str(protocol),
        protocol=protocol,
        new_core=new_core,
        director=(parts.bounces if protocol is Protocol.LIMBO else None) or parts.director,
        journal=parts.journal,
        tasks=parts.tasks,
        admission=clients if facing else peers,
        new_session=lambda: parts.chance(SESSION_BYTES).hex(),
        context=parts.context,
        implicit_tls=wrapped,
        faces_clients=facing,
        # Before TLS nothing can be said in clear; Postfix would shake hands first.
        refusal=_refusal(parts.config.site.hostname) if facing and not wrapped else nothing,
    )


def _refusal(hostname: str) -> Callable[[Client], bytes]:
    host, reply = hostname.encode(), PROFILE.session.too_many_connections
    return lambda client: fill(reply, host, client.address.encode()) + b"\r\n"


def _cores(parts: Parts) -> dict[Protocol, Callable[[Identity], Core]]:
    site, budgets = parts.config.site, parts.config.budgets
    marker_domain = parts.secrets.marker_domain
    beside = parts.config.beside
    key = Secret(beside.script_key.encode())
    spared = [ip_network(network) for network in beside.no_decoys_from]

    def smtp(protocol: Protocol) -> Callable[[Identity], Core]:
        return lambda _: SmtpServer(
            PROFILE,
            protocol,
            hostname=site.hostname,
            message_bytes=budgets.message_bytes,
            recipients=budgets.recipients,
        )

    return {
        **{protocol: smtp(protocol) for protocol in CLIENT_FACING},
        Protocol.LMTP: lambda _: LmtpServer(hostname=site.hostname, recipients=budgets.recipients),
        Protocol.LIMBO: lambda _: LimboServer(
            hostname=site.hostname,
            message_bytes=budgets.message_bytes,
            recipients=budgets.recipients,
        ),
        Protocol.POLICY: lambda _: PolicyServer(marker_domain),
        Protocol.LOOKUP: lambda _: LookupServer(key, marker_domain, spared),
        Protocol.AUTHPOLICY: lambda _: AuthPolicyServer(key),
    }
