"""
What there is to tell: read from the edge's journal and from how things stand.

Events are counted together with the cursor behind them, so whatever ends the worker none is
left out and none is counted twice.  Whether something stands is looked at anew each time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from honeypost.app.status import read_status
from honeypost.beside.attach.layout import FOLDER, Layout
from honeypost.config.schema import Config, Paths
from honeypost.decide.disclosure import Why
from honeypost.engine.alert_text import plain, stamp
from honeypost.engine.alerts import QUIET, Ledger, Patience
from honeypost.events import (
    BudgetExceeded,
    DecoyAdopted,
    MessageWithheld,
    RecipientSilenced,
    SessionRejected,
)
from honeypost.model import AlertKind
from honeypost.ports import Clock, Entry
from honeypost.stores.alerts import AlertBook
from honeypost.stores.intel import IntelStore
from honeypost.stores.observations import SAID, states
from honeypost.stores.view import JournalView

CURSOR: Final = "alerts"
TOLD_OF: Final = (DecoyAdopted, BudgetExceeded, SessionRejected, RecipientSilenced)
KINDS: Final = tuple(event.kind() for event in TOLD_OF)

OF_ONE_CLIENT: Final = frozenset(
    {
        "connections_per_network",
        "client_conversations",
        "network_conversations",
        "late_bounce.messages_per_network",
    }
)
"""Limits that an attacker meets alone; nobody needs to be told."""

FRESH_SECONDS: Final = 60.0
"""An older word of the edge says nothing about now."""


class Watch:
    """
    Counts what happened and says what stands.

    :param clock: Unix time. :param ticks: seconds that only go forward.
    """

    def __init__(
        self, config: Config, paths: Paths, intel: IntelStore, *, clock: Clock, ticks: Clock
    ) -> None:
        self._paths = paths
        self._layout = Layout(paths.data / FOLDER, paths.data)
        self._containment = config.beside.containment
        self._intel = intel
        self._book = AlertBook(intel)
        self._clock = clock
        self._ticks = ticks
        self._patience = Patience()
        self._heartbeat = 0.0
        """What the edge said last about the time, 0 when it has said nothing yet."""

    def look(self) -> int:
        """
        Take in what is new; how many ledgers changed.

        :raises StoreError: a store cannot be read or written; nothing is lost by that.
        """
        return self._events() + self._states()

    def _events(self) -> int:
        if not self._paths.journal.exists():
            return 0
        count, since = 0, self._clock() - QUIET
        with JournalView(self._paths.journal) as journal:
            cursor = self._intel.cursor(CURSOR)
            while page := journal.entries(cursor, kinds=KINDS, since=since):
                cursor = page[-1].id
                with self._intel.batch():
                    count += self._count(page, journal)
                    self._intel.set_cursor(CURSOR, cursor)
        return count

    def _count(self, page: Sequence[Entry], journal: JournalView) -> int:
        ledgers = {ledger.kind: ledger for ledger in self._book.ledgers()}
        touched: dict[AlertKind, Ledger] = {}
        for entry in page:
            found = _line(entry, journal)
            if found is not None:
                kind, line = found
                touched[kind] = touched.get(kind, ledgers[kind]).happened(entry.time)
                self._book.add_line(kind, f"{stamp(entry.time)[:10]} {line}", entry.time)
        for ledger in touched.values():
            self._book.write(ledger)
        return len(touched)

    def _states(self) -> int:
        reasons = self._reasons()
        return sum(
            self._stands(ledger, reason)
            for ledger in self._book.ledgers()
            if (reason := reasons.get(ledger.kind)) is not None
        )

    def _stands(self, ledger: Ledger, reason: str) -> bool:
        patient = self._patience.stands(ledger.kind, reason, self._ticks())
        if ledger.standing == bool(reason) or (reason and not patient):
            return False
        now = self._clock()
        with self._intel.batch():
            self._book.write(ledger.begun(now) if reason else ledger.ended())
            if reason:
                self._book.add_line(ledger.kind, f"{stamp(now)} {plain(reason)}", now)
        return True

    def _reasons(self) -> dict[AlertKind, str | None]:
        """Say why each of these stands: ``""`` when it does not, ``None`` when nobody can tell."""
        status = read_status(self._paths.status)
        return {
            AlertKind.CONTAINMENT: self._doubt(status),
            AlertKind.EDGE: self._silence(status),
            AlertKind.LOG: self._unreadable(),
            AlertKind.DISARMED: self._layout.why_disarmed(),
        }

    def _doubt(self, status: Mapping[str, Any]) -> str | None:
        if not self._containment:
            return ""
        doubt, time = status.get("doubt"), status.get("time")
        if not isinstance(doubt, str) or not isinstance(time, int | float):
            return None
        return doubt if abs(self._clock() - time) < FRESH_SECONDS else None

    def _silence(self, status: Mapping[str, Any]) -> str:
        time = status.get("time")
        before, heard = self._heartbeat, isinstance(time, int | float)
        if isinstance(time, int | float):
            self._heartbeat = float(time)
        if not self._awaited(before) or (heard and self._heartbeat != before):
            return ""
        return f"last heard of at {stamp(before)}" if before else "never heard of"

    def _awaited(self, heartbeat: float) -> bool:
        """Should there be an edge?  After detaching there is none, and before it neither."""
        if self._containment:
            return Path(self._containment).exists()
        return heartbeat > 0

    def _unreadable(self) -> str:
        problems = (log.problem for log in states(self._intel.cursor(SAID)))
        return next(filter(None, problems), "")


def _line(entry: Entry, journal: JournalView) -> tuple[AlertKind, str] | None:
    """Say what an event has to tell, and of which kind; ``None`` when nobody need know."""
    match entry.event:
        case DecoyAdopted(account=account, service=service):
            first = next(iter(journal.decoys()), None)
            network = entry.who.client.network if entry.who else ""
            if first is None or first.account != account:
                return None
            return AlertKind.DECOY, f"{plain(account)} over {plain(service)}, from {plain(network)}"
        case BudgetExceeded(budget=budget) | SessionRejected(budget=budget):
            return None if budget in OF_ONE_CLIENT else (AlertKind.BUDGET, plain(budget))
        case RecipientSilenced(capture=capture, recipient=recipient, why=why):
            if not capture or why == Why.NULL_SENDER:
                return None
            people = f"to {plain(recipient)}, from {_sender(journal, capture)}"
            return AlertKind.WITHHELD, f"{capture[-8:]} {people}: {plain(why)}"
        case _:
            return None


def _sender(journal: JournalView, capture: str) -> str:
    kept = journal.entries(capture=capture, kinds=(MessageWithheld.kind(),), limit=1)
    event = kept[0].event if kept else None
    return plain(event.reverse_path) if isinstance(event, MessageWithheld) else "?"
