"""
The lineage of a credential: who guessed it, who won it, who used it, and who was told.

Theory
======

A decoy has one secret, and it was nobody's before its adoption.  So everybody who has it was
there at the adoption, found it by guessing, or got it from somebody.  A network that enters
and has never guessed at the account did not find it: that is a **handover**.  (The winner
himself may come back from a new address; how long after the adoption stands beside it, and
days mean more than seconds.)  A network that guessed first found it itself.

The fold takes journal entries in the order of their ids and remembers the last id, so the
same entries given twice change nothing.  It holds plain values only: a store can keep it as
JSON between two runs.

Memory is bounded: the first :data:`MOST_NETWORKS` of an account are kept one by one, all
others in a filter of :data:`~.seen.SEEN_BYTES` that may take a new network for a known one (one in
25 after 5,000 networks) but never the other way: a handover can be missed, never invented.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from honeypost.events import (
    CredentialHandedOver,
    DecoyAdopted,
    DecoyEntered,
    Event,
    LoginRefused,
    MessageCaptured,
)
from honeypost.intel.seen import Seen
from honeypost.model import Identity
from honeypost.ports import Entry

MOST_ACCOUNTS = 2_000
"""Accounts followed; of those that are not decoys the least recently guessed goes first."""

MOST_NETWORKS = 64
"""Networks of one account kept with count and times, guessing and entering each; handovers."""

PROBE_SECONDS = 300.0
"""A first message so soon after its sender's first entry tests the credential; measured tools
send it within 2 seconds."""

PROBE_RECIPIENTS = 2
"""Such a test goes to the attacker's own drop-box: one recipient, or a hidden second."""


@dataclass(slots=True)
class Contact:
    """What one network did to one account, guessing or entering."""

    count: int = 0
    first: float = 0.0
    last: float = 0.0

    def add(self, time: float) -> None:
        """Count one more."""
        self.first = self.first if self.count else time
        self.last = time
        self.count += 1


@dataclass(slots=True)
class Adoption:
    """How the credential came into being."""

    time: float
    network: str
    secret: str
    """The credential's secret; only what can be guessed is ever adopted."""
    distinct_failures: int
    guessing_networks: int
    """Networks that had guessed by then, the winner included; beyond MOST_NETWORKS an upper
    bound, because the filter counts contacts."""


@dataclass(slots=True)
class Handover:
    """A network that knew the secret at its first try."""

    network: str
    time: float
    after_seconds: float


@dataclass(slots=True)
class Probe:
    """The first message, sent soon to try the credential: its recipient is a drop-box."""

    capture: str
    network: str
    time: float
    after_seconds: float
    """Since the first entry of that network."""


@dataclass(slots=True)
class Lineage:
    """All that is known of one account's credential."""

    account: str
    guesses: Contact = field(default_factory=Contact)
    guessers: dict[str, Contact] = field(default_factory=dict)
    others: Seen = field(default_factory=Seen)
    other_contacts: int = 0
    """Contacts of networks that are only in the filter."""
    adoption: Adoption | None = None
    entries: dict[str, Contact] = field(default_factory=dict)
    handovers: list[Handover] = field(default_factory=list)
    captures: Contact = field(default_factory=Contact)
    capture_bytes: int = 0
    probe: Probe | None = None

    def guessed(self, network: str, time: float) -> None:
        """Add a guess that was refused."""
        self.guesses.add(time)
        self._meet(self.guessers, network, time)

    def adopted(self, network: str, time: float, event: DecoyAdopted) -> None:
        """Add the guess that won."""
        self.guessed(network, time)
        by = len(self.guessers) + self.other_contacts
        self.adoption = Adoption(time, network, event.secret, event.distinct_failures, by)

    def entered(self, network: str, time: float) -> Handover | None:
        """Add a login with the secret; give the handover when it is one."""
        new = not self._knows(network)
        self._meet(self.entries, network, time)
        if not new or self.adoption is None:
            return None
        handover = Handover(network, time, time - self.adoption.time)
        if len(self.handovers) < MOST_NETWORKS:
            self.handovers.append(handover)
        return handover

    def _knows(self, network: str) -> bool:
        return network in self.entries or network in self.guessers or network in self.others

    def captured(self, network: str, time: float, event: MessageCaptured) -> None:
        """Add a message that the decoy sent."""
        entry = self.entries.get(network)
        if not self.captures.count and entry and event.recipients <= PROBE_RECIPIENTS:
            after = time - entry.first
            if after <= PROBE_SECONDS:
                self.probe = Probe(event.capture, network, time, after)
        self.captures.add(time)
        self.capture_bytes += event.size

    def _meet(self, networks: dict[str, Contact], network: str, time: float) -> None:
        if network not in networks and len(networks) >= MOST_NETWORKS:
            self.others.add(network)
            self.other_contacts += 1
        else:
            networks.setdefault(network, Contact()).add(time)


@dataclass(slots=True)
class Lineages:
    """Every account's lineage, folded from the journal up to ``cursor``."""

    cursor: str = ""
    """Id of the last entry that was folded in."""
    accounts: dict[str, Lineage] = field(default_factory=dict)
    """Least recently touched first."""

    def fold(self, entries: Iterable[Entry]) -> list[Event]:
        """
        Take in entries, in the order of their ids; those up to the cursor are passed over.

        Returns what was found: a :class:`~honeypost.events.CredentialHandedOver` for each
        network that knew a secret at its first try.
        """
        found: list[Event] = []
        for entry in entries:
            if entry.id > self.cursor:
                self.cursor = entry.id
                found.extend(self._take(entry))
        return found

    def _take(self, entry: Entry) -> list[Event]:
        event, network = entry.event, _network(entry.who)
        match event:
            case LoginRefused() if self._is_guess(event):
                self._of(event.account).guessed(network, entry.time)
            case DecoyAdopted():
                lineage = self._of(event.account)
                lineage.adopted(network, entry.time, event)
            case DecoyEntered():
                return self._enter(event, network, entry.time)
            case MessageCaptured() if event.account:
                self._of(event.account).captured(network, entry.time, event)
            case _:
                pass
        return []

    def _is_guess(self, event: LoginRefused) -> bool:
        """
        Tell a guess at what may be a decoy from other refusals.

        A refusal without a tag is at a name that may be real, and nothing of it is followed.
        Whoever had the right secret (while the containment was in doubt) did not guess.
        """
        if not event.account or not event.secret_tag:
            return False
        known = self.accounts.get(event.account)
        return not (known and known.adoption and known.adoption.secret == event.secret)

    def _enter(self, event: DecoyEntered, network: str, time: float) -> list[Event]:
        lineage = self._of(event.account)
        guessed_by = len(lineage.guessers)
        handover = lineage.entered(network, time)
        if handover is None:
            return []
        return [
            CredentialHandedOver(event.account, network, guessed_by, handover.after_seconds),
        ]

    def _of(self, account: str) -> Lineage:
        """Give the account's lineage, which is now the most recent one."""
        lineage = self.accounts.pop(account, None) or Lineage(account)
        self.accounts[account] = lineage
        if len(self.accounts) > MOST_ACCOUNTS:
            self._drop_one()
        return lineage

    def _drop_one(self) -> None:
        spare = (name for name, known in self.accounts.items() if known.adoption is None)
        oldest = next(spare, next(iter(self.accounts)))
        del self.accounts[oldest]


def _network(who: Identity | None) -> str:
    return who.client.network if who else "local"
