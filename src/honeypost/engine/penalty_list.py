"""
The penalties that stand, as the journal tells them, and the lists that other programs take.

Formats: fail2ban's own client (``fail2ban-client set JAIL banip``, fail2ban-client(1); the jail's
time applies), CrowdSec's decisions (``cscli decisions import -i FILE``, JSON), nftables, and one
network a line.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from honeypost.events import PenaltyImposed, PenaltyLifted
from honeypost.ports import Entry

JAIL: Final = "honeypost"
"""The jail that the lines for fail2ban name."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One penalty that stands."""

    network: str
    began: float
    until: float
    rung: int
    failures: int
    carried_out: bool

    def left(self, now: float) -> int:
        """Whole seconds that it goes on, rounded up."""
        return math.ceil(self.until - now)


def standing(entries: Iterable[Entry], now: float) -> list[Listed]:
    """
    Give the penalties that stand, the first to end first.

    :param entries: of the journal, oldest first; other events are passed over.
    """
    found: dict[str, Listed] = {}
    for entry in entries:
        match entry.event:
            case PenaltyImposed() as event:
                found[event.network] = Listed(
                    event.network, entry.time, event.until, event.rung, event.failures,
                    event.carried_out,
                )  # fmt: skip
            case PenaltyLifted() as event:
                found.pop(event.network, None)
            case _:
                pass
    alive = (listed for listed in found.values() if listed.until > now)
    return sorted(alive, key=lambda listed: (listed.until, listed.network))


def plain(penalties: Iterable[Listed], now: float) -> str:  # noqa: ARG001 as the others
    """Give one network a line."""
    return "".join(f"{listed.network}\n" for listed in penalties)


def fail2ban(penalties: Iterable[Listed], now: float) -> str:  # noqa: ARG001 the jail's time holds
    """Give a command of fail2ban's client a line, for a jail named :data:`JAIL`."""
    lines = (f"fail2ban-client set {JAIL} banip {listed.network}\n" for listed in penalties)
    return "".join(lines)


def crowdsec(penalties: Iterable[Listed], now: float) -> str:
    """Give a JSON list of decisions for ``cscli decisions import``."""
    decisions = [
        {
            "duration": f"{listed.left(now)}s",
            "reason": f"honeypost: {listed.failures} failed mail logins",
            "scope": "range" if "/" in listed.network else "ip",
            "type": "ban",
            "value": listed.network,
        }
        for listed in penalties
    ]
    return json.dumps(decisions, indent=1) + "\n"


FORMATS: Final[Mapping[str, Callable[[Iterable[Listed], float], str]]] = {
    "plain": plain,
    "fail2ban": fail2ban,
    "crowdsec": crowdsec,
}
"""What can be written, besides nftables' own (:mod:`honeypost.beside.firewall.table`)."""
