"""
What a setting may be, beyond its type.

Numbers are judged by the table ``RANGES``, or by their type when they are not in it (a whole
number is at least 1, any other at least 0), so a new setting is never unguarded.  Rules that
look at two settings at once stand in ``contradictions``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

from honeypost.config.endpoints import Endpoint, endpoint, endpoints
from honeypost.config.schema import Config
from honeypost.model import AlertKind

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_LOCAL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._+-]{0,62}[A-Za-z0-9_])?")
"""Local parts that alerts may go to: no quoting, no routes, at most 64 (RFC 5321, 4.5.3.1.1)."""
DOMAIN_MAX = 253
"""Longest domain in text form, RFC 1035, section 2.3.4."""


@dataclass(frozen=True, slots=True)
class Range:
    """Least and greatest value, both allowed."""

    least: float
    most: float = math.inf
    why: str = ""

    def objection(self, value: float) -> str:
        """Say what is wrong with the value, ``""`` when nothing is."""
        if self.least <= value <= self.most and math.isfinite(value):
            return ""
        until = f" to {self.most:g}" if self.most != math.inf else " or more"
        reason = f" ({self.why})" if self.why else ""
        return f"{value:g} is out of range: {self.least:g}{until}{reason}"


SHARE = Range(0, 1, "a share")
RANGES = {
    "decoys.role_share": SHARE,
    "decoys.name_share": SHARE,
    "decoys.failures_min": Range(1, why="the first try never wins"),
    "decoys.new_per_day": Range(0),
    "decoys.frozen_days": Range(180, why="who bought a credential must find it working"),
    "decoys.refusal_seconds": Range(0, 60),
    "budgets.message_bytes": Range(1024),
    "budgets.recipients": Range(100, why="RFC 5321, section 4.5.3.1.8"),
    "budgets.disk_free_bytes": Range(0),
    "budgets.spool_memory_bytes": Range(0),
    "beside.names_seconds": Range(0.01, 0.45, "Dovecot's script gives up after 0.5 s"),
    "late_bounce.delay_hours": Range(0, 72, "Postfix must not give up before"),
    "late_bounce.give_up_hours": Range(0.1, 72, "Postfix must not give up before"),
    "observe.keep_days": Range(7, why="a week must have been looked at before there are decoys"),
    "penalties.jitter_share": SHARE,
    "penalties.decay_seconds": Range(60),
}

ORDERED = (
    ("decoys", "failures_min", "failures_max"),
    ("budgets", "connections_per_network", "connections"),
    ("budgets", "message_bytes", "disk_bytes"),
    ("budgets", "message_bytes", "spool_bytes"),
    ("budgets", "spool_memory_bytes", "spool_bytes"),
    ("observe", "keep_days", "known_days"),
    ("penalties", "client_conversations", "network_conversations"),
)
"""Section and two of its settings, of which the first is never the larger."""


LOG_WORDS = frozenset(("auto", "journal"))
"""What ``observe.log`` may name beside files."""

SWITCH = ("off", "on")

MODES = ("off", "observe", "on")
"""Of a counter-measure: nothing, only noted, done."""

PORT = Range(1, 65_535, "a TCP port")
PENALTY = Range(1, 30 * 86_400, "a penalty of 1 second to 30 days")
ALERTED = 5
"""Most recipients of an alert."""
RUNGS = 16
"""Most rungs of the ladder."""


def objection(key: str, value: Any) -> str:
    """
    Say what is wrong with a value of the right type, ``""`` when nothing is.

    :param key: dotted, as in ``decoys.role_share``.
    """
    if key.startswith("listeners."):
        return _listener(value)
    if key in CHECKS:
        return CHECKS[key](value)
    if isinstance(value, int | float):
        return RANGES.get(key, Range(1 if isinstance(value, int) else 0)).objection(value)
    return ""


def contradictions(config: Config) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield both keys and the reason where two settings are each fine and do not fit together."""
    tls = config.tls
    for section, small, large in ORDERED:
        part = getattr(config, section)
        low, high = getattr(part, small), getattr(part, large)
        if low > high:
            keys = f"{section}.{small}", f"{section}.{large}"
            yield keys, f"{keys[0]} ({low}) is more than {keys[1]} ({high})"
    if bool(tls.certificate) != bool(tls.key):
        yield (
            ("tls.certificate", "tls.key"),
            "tls.certificate and tls.key are set together or not at all",
        )
    if config.alerts.elsewhere == "off":
        yield from _alerts_outside(config)


def _alerts_outside(config: Config) -> Iterator[tuple[tuple[str, str], str]]:
    """Alerts stay on this host unless it is said that they may leave."""
    alerts, site = config.alerts, config.site
    own = {*site.domains, site.hostname, "localhost"}
    for address in alerts.to:
        _, at, domain = address.rpartition("@")
        if at and domain.lower() not in own:
            known = ", ".join(site.domains)
            reason = f"{address} is in no domain of this host ({known}); see alerts.elsewhere"
            yield ("alerts.to", "site.domains"), reason
    if not ip_address(endpoint(alerts.server).host).is_loopback:
        reason = f"{alerts.server} is not loopback; see alerts.elsewhere"
        yield ("alerts.server", "alerts.elsewhere"), reason


def _mode(value: str) -> str:
    return "" if value in MODES else f"{value!r} is none of {', '.join(MODES)}"


def _ladder(value: tuple[int, ...]) -> str:
    if not value or len(value) > RUNGS:
        return f"needs 1 to {RUNGS} rungs"
    if list(value) != sorted(set(value)):
        return "each rung must be longer than the one before"
    return next(filter(None, map(PENALTY.objection, value)), "")


def _ports(value: tuple[int, ...]) -> str:
    if not value:
        return "at least one port is needed"
    return next(filter(None, map(PORT.objection, value)), "")


def _listener(value: str) -> str:
    try:
        endpoints(value)
    except ValueError as error:
        return str(error)
    return ""


def _domains(value: tuple[str, ...]) -> str:
    if not value:
        return "at least one domain is needed"
    if len(set(value)) != len(value):
        return "a domain is named twice"
    return next(filter(None, map(_domain, value)), "")


def _logs(value: tuple[str, ...]) -> str:
    if len(value) > 1 and LOG_WORDS.intersection(value):
        return f"{' and '.join(sorted(LOG_WORDS))} each stand alone"
    wrong = [log for log in value if log not in LOG_WORDS and not log.startswith("/")]
    return f"{wrong[0]!r} is no absolute path" if wrong else ""


def _switch(value: str) -> str:
    return "" if value in SWITCH else f"{value!r} is none of {', '.join(SWITCH)}"


def _servers(value: tuple[str, ...]) -> str:
    return next(filter(None, map(_server, value)), "")


def _server(value: str) -> str:
    for read in (ip_address, endpoint):
        with suppress(ValueError):
            found = read(value)
            if not isinstance(found, Endpoint) or found.host:
                return ""
    return f"{value!r} is neither an address nor address:port"


def _hand_in(value: str) -> str:
    try:
        found = endpoint(value)
    except ValueError as error:
        return str(error)
    return "" if found.host and found.port else f"{value!r} is not address:port"


def _addresses(value: tuple[str, ...]) -> str:
    if len(value) > ALERTED:
        return f"names more than {ALERTED} addresses"
    return next(filter(None, map(_address, value)), "")


def _address(value: str) -> str:
    local, at, domain = value.rpartition("@") if "@" in value else (value, "", "")
    if not _LOCAL.fullmatch(local) or (at and _domain(domain.lower())):
        return f"{value!r} is no plain address, as in root or root@example.org"
    return ""


def _sender(value: str) -> str:
    return _address(value) if value else ""


def _kinds(value: tuple[str, ...]) -> str:
    wrong = [kind for kind in value if kind not in tuple(AlertKind)]
    return f"{wrong[0]!r} is none of {', '.join(AlertKind)}" if wrong else ""


def _networks(value: tuple[str, ...]) -> str:
    return next(filter(None, map(_network, value)), "")


def _network(value: str) -> str:
    try:
        ip_network(value)
    except ValueError as error:
        return f"{error}: a network is written as in 192.0.2.0/24"
    return ""


def _domain(value: str) -> str:
    labels = value.split(".")
    if value != value.lower():
        return f"{value!r} must be in lower case"
    if not value.isascii():
        return f"{value!r} must be written in its ASCII form (xn--...)"
    if len(value) > DOMAIN_MAX or not all(_LABEL.fullmatch(label) for label in labels):
        return f"{value!r} is not a domain, as in example.org"
    return ""


CHECKS: Mapping[str, Callable[[Any], str]] = {
    "site.domains": _domains,
    "site.hostname": _domain,
    "beside.no_decoys_from": _networks,
    "observe.log": _logs,
    "penalties.never": _networks,
    "late_bounce.mode": _switch,
    "late_bounce.nameservers": _servers,
    "penalties.mode": _mode,
    "penalties.ladder_seconds": _ladder,
    "penalties.ports": _ports,
    "alerts.to": _addresses,
    "alerts.mute": _kinds,
    "alerts.server": _hand_in,
    "alerts.sender": _sender,
    "alerts.elsewhere": _switch,
}
"""What looks at one setting as a whole."""
