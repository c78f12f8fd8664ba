"""
What Honeypost knows while the demo's attack runs: read from the stores, not from the script.

Follows the journal, folds the lineage as the worker does, asks how far the worker is, and
looks at the sockets of all processes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from honeypost.app.demo.outward import opened_outwards
from honeypost.config.schema import Paths
from honeypost.decide.decoys import Reason
from honeypost.decide.evidence import explain
from honeypost.events import (
    CredentialHandedOver,
    DecoyAdopted,
    DecoyEntered,
    Event,
    LoginRefused,
    MessageCaptured,
    RecipientProbed,
)
from honeypost.intel.lineage import Lineages
from honeypost.model import Identity, printable
from honeypost.ports import Entry
from honeypost.stores.findings import IntelView
from honeypost.stores.view import JournalView

_SHORT = {
    Reason.REAL: "a real person; nothing of it is kept",
    Reason.ABSENT: "this name does not exist here",
    Reason.OTHER_SECRET: "won before; it has one secret only",
    Reason.DAILY_CAP: "enough decoys for one day",
}


@dataclass(frozen=True, slots=True)
class Known:
    """One thing that Honeypost has noticed; ``weight`` 2 for a milestone, 0 for routine."""

    source: str
    text: str
    weight: int = 0


@dataclass(slots=True)
class Observer:
    """Looks at one site again and again."""

    paths: Paths
    pids: Collection[int]
    ports: Collection[int]
    lineages: Lineages = field(default_factory=Lineages)
    entries: list[Entry] = field(default_factory=list)
    """All that happened so far; the demo is bounded, so this is."""
    outwards: set[str] = field(default_factory=set)
    """Connections that a process of ours opened; stays empty."""
    looks: int = 0

    def look(self) -> list[Known]:
        """Say what is new."""
        self.looks += 1
        self.outwards |= opened_outwards(self.pids, self.ports)
        return [known for entry in self._new() for known in self._known(entry)]

    def reports(self) -> int:
        """How many captures the worker has taken apart."""
        if not self.paths.intel.exists():
            return 0
        with IntelView(self.paths.intel) as view:
            return view.counts()["reports"]

    def _new(self) -> list[Entry]:
        if not self.paths.journal.exists():
            return []
        with JournalView(self.paths.journal) as view:
            found = view.entries(self.entries[-1].id if self.entries else "")
        self.entries += found
        return found

    def _known(self, entry: Entry) -> Iterator[Known]:
        source = entry.who.client.address if entry.who else ""
        for event in (entry.event, *self.lineages.fold((entry,))):
            text, weight = _words(event, entry.who)
            if text:
                yield Known(source, text, weight)


def _words(event: Event, who: Identity | None) -> tuple[str, int]:
    text, weight = "", 0
    match event:
        case RecipientProbed():
            said = "a decoy may be there" if event.answer == "accepted" else "nobody is there"
            text = f"probe {printable(event.recipient)}: {said}"
        case LoginRefused():
            text = f"guess {event.account}: {_why(event)}"
        case DecoyAdopted():
            count = f"after {event.distinct_failures} failures"
            text, weight = f"WON {event.account} with {event.secret!r} {count}", 2
        case DecoyEntered() if who is not None:
            text, weight = f"entered {event.account} over {event.service}", 1
        case MessageCaptured():
            count = f"{event.size:,} bytes, {event.recipients} to"
            text, weight = f"captured, {count}; sent nowhere", 1
        case CredentialHandedOver():
            after = f"in at once, {event.after_seconds:.0f} s later"
            text, weight = f"HANDED OVER {event.account}: {after}", 2
    return text, weight


def _why(event: LoginRefused) -> str:
    if event.reason == Reason.TOO_EARLY:
        return f"failure {event.distinct_failures}, opens after {event.needed_failures}"
    reason = Reason(event.reason)
    return _SHORT.get(reason) or explain(reason).rstrip(".").lower()
