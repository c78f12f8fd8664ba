"""A site with penalties: the real use case over fakes, and who is who."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from honeypost.config.schema import Penalties as Settings
from honeypost.engine.allowed import Allowance, Allowed
from honeypost.engine.penalties import Penalties
from honeypost.events import PenaltyImposed, PenaltyLifted
from honeypost.model import Client, Identity, Protocol
from honeypost.testing.memory import ManualClock, MemoryJournal

KEY = bytes(range(32))
PLAIN = Settings(mode="on", jitter_share=0.0)


def client(address: str) -> Identity:
    """Somebody whom Dovecot names."""
    return Identity("s", Client(address), "authpolicy", Protocol.AUTHPOLICY)


@dataclass
class Commands:
    """An actuator that only remembers: ``("impose", network, seconds)``, ``("lift", network)``."""

    given: list[tuple[str, ...]] = field(default_factory=list)

    def impose(self, network: str, seconds: int) -> None:
        self.given.append(("impose", network, str(seconds)))

    def lift(self, network: str) -> None:
        self.given.append(("lift", network))


class PenalisedSite:
    """One installation; ``restart`` gives it a new process over the same journal."""

    def __init__(self, settings: Settings = PLAIN, **changes) -> None:
        self.settings = replace(settings, **changes)
        self.clock = ManualClock()
        self.journal = MemoryJournal(self.clock)
        self.allowed = Allowed()
        self.commands = Commands()
        self.luck = 0
        self._begin()

    def _begin(self) -> None:
        self.penalties = Penalties(
            self.settings,
            KEY,
            journal=self.journal,
            allowed=self.allowed,
            clock=self.clock,
            chance=lambda size: self.luck.to_bytes(size, "big"),
            actuator=self.commands,
        )

    def restart(self, **changes) -> None:
        self.settings = replace(self.settings, **changes)
        self._begin()
        for entry in self.journal.entries:
            self.penalties.restore(entry)

    def fail(self, address: str, *tags: str, login: bytes = b"ann") -> None:
        """Fail once with each of these secrets."""
        for tag in tags:
            self.penalties.failed(client(address), login, tag)

    def enter(self, address: str) -> None:
        self.penalties.entered(client(address).client)

    def win(self, address: str) -> None:
        self.penalties.won(client(address).client)

    def allow(self, *networks: str) -> None:
        self.allowed.replace("test", [Allowance(network, "test") for network in networks])
        self.penalties.allowance_changed()

    @property
    def imposed(self) -> list[tuple[str, int, float]]:
        """Network, rung and seconds of each penalty, oldest first."""
        events = [event for event in self.journal.events if isinstance(event, PenaltyImposed)]
        return [(event.network, event.rung, event.seconds) for event in events]

    @property
    def lifted(self) -> list[tuple[str, str]]:
        events = [event for event in self.journal.events if isinstance(event, PenaltyLifted)]
        return [(event.network, event.reason) for event in events]

    @property
    def standing(self) -> dict[str, int]:
        return {each.network: each.seconds for each in self.penalties.standing()}
