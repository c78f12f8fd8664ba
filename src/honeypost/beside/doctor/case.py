"""
What the checks may look at and do, all of it given from outside.

Time, pauses, chance, programs, the name service and our own stores are arguments, so that each
check can be tried without a host, and so that it is plain what a check can reach.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from pathlib import Path
from typing import Protocol

from honeypost.beside.attach.trial.smtp_client import SmtpClient
from honeypost.beside.survey.programs import Run, run_program
from honeypost.beside.survey.site import MailSite
from honeypost.config.schema import Config, SiteSecrets
from honeypost.model import Secret

PAUSE_SECONDS = 0.1
"""Between two probes of one kind: ten a second are no load for anybody."""

_DOCUMENTATION = int(IPv6Address("2001:db8::"))


class Evidence(Protocol):
    """What our own processes have noted, as far as the doctor needs it."""

    def asked(self, client: str) -> int:
        """How many questions about logins from that address have reached the decoys."""

    def captured(self, recipient: str) -> bool:
        """Is there a capture with that recipient?"""

    def allowed(self) -> Sequence[str]:
        """Networks that never have a penalty, by the settings or the operator's word."""

    def decoy(self) -> tuple[str, Secret] | None:
        """Login and secret of some decoy, ``None`` when there is none yet."""


@dataclass(frozen=True, slots=True)
class Account:
    """The operator's own account for tests; its password is kept nowhere."""

    name: str
    password: Secret | None = None


@dataclass(frozen=True)
class Case:
    """One host on one occasion."""

    site: MailSite
    config: Config
    secrets: SiteSecrets
    evidence: Evidence
    clock: Callable[[], float]
    """Seconds that only go forward."""
    now: float
    """Unix time."""
    sleep: Callable[[float], None]
    random: Callable[[int], bytes]
    account: Account | None = None
    deep: bool = False
    """Leaves traces: one login and one message of a decoy."""
    stop_edge: bool = False
    """The operator has agreed to a stop of two seconds."""
    edge_pid: int = 0
    """0 when it does not run."""
    run: Run = run_program
    connect: Callable[[str, int, str], SmtpClient] = field(
        default=lambda host, port, source: SmtpClient(host, port, source=source)
    )
    """Begins a session with host and port from a source address (``""``: the kernel's choice)."""
    ask_dns: Callable[[str, str], Sequence[str] | None] = field(default=lambda _name, _kind: None)
    """Texts of the records of a name and type; ``None`` when nobody answers in time."""
    addresses: Sequence[str] = ()
    """Of this host, loopback left out."""
    root: Path = Path("/")

    def word(self) -> str:
        """Give a name that nobody has: letters and digits, 14 characters."""
        return f"q{self.random(6).hex()}x"

    def outsider(self) -> str:
        """
        Give an address that no host has, another network each time (2001:db8::/32, RFC 3849).

        Login probes are told to come from there: a penalty, which needs two failures of one
        network, can neither arise nor hit anybody.
        """
        return str(IPv6Address(_DOCUMENTATION | int.from_bytes(self.random(12), "big")))
