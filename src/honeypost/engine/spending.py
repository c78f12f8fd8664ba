"""
Keeps decoy mail within the day's bytes, and says so at most once a minute.

What is over is answered as a full server would (4xx), and at the first recipient already, so
that a body that would be refused is not received at all.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from honeypost.config.schema import Budgets
from honeypost.decide.spend import DayBudget
from honeypost.engine.grants import Notebook
from honeypost.events import BudgetExceeded, MessageCaptured, MessageRefused
from honeypost.model import Identity
from honeypost.ports import Body, Clock, Entry
from honeypost.questions import Acceptance, KeepMessage, KeepVerdict

DAY_BYTES = "capture_bytes_per_day"
SIZE = "message_bytes"
TELL_SECONDS = 60.0
"""A budget that is used up is told of once in so many seconds."""


class CaptureDesk(Protocol):
    """Keeps messages; :class:`~honeypost.engine.captures.Captures`."""

    def spool(self) -> Body: ...

    async def keep(self, question: KeepMessage, who: Identity, body: Body) -> KeepVerdict: ...


class Spending:
    """The budgets of what decoys send."""

    def __init__(
        self, budgets: Budgets, captures: CaptureDesk, journal: Notebook, clock: Clock
    ) -> None:
        self._budgets = budgets
        self._captures = captures
        self._journal = journal
        self._clock = clock
        self._day = DayBudget(budgets.capture_bytes_per_day)
        self._told: dict[str, float] = {}

    def spool(self) -> Body:
        """Give an empty body for a message that begins."""
        return self._captures.spool()

    def has_room(self, account: str, size: int = 1) -> bool:
        """May the decoy send so many bytes more today?  Tells when not."""
        if self._day.has_room(self._clock(), size, account):
            return True
        self._tell(DAY_BYTES, self._day.limit)
        return False

    async def keep(self, question: KeepMessage, who: Identity, body: Body) -> KeepVerdict:
        """Keep a message if today's bytes allow; a message that is not kept costs nothing."""
        account, size = question.envelope.account, question.size
        if size > self._budgets.message_bytes:
            return self._refuse(question, who, body, Acceptance.TOO_LARGE, SIZE)
        if not self._day.take(self._clock(), size, account):
            self._tell(DAY_BYTES, self._day.limit)
            return self._refuse(question, who, body, Acceptance.TRY_LATER, DAY_BYTES)
        kept = False
        try:
            verdict = await self._captures.keep(question, who, body)
            kept = verdict.acceptance is Acceptance.ACCEPTED
        finally:
            if not kept:
                self._day.give_back(self._clock(), size, account)
        return verdict

    def _refuse(
        self, question: KeepMessage, who: Identity, body: Body, answer: Acceptance, budget: str
    ) -> KeepVerdict:
        body.abandon()
        refused = MessageRefused(question.envelope.account, str(answer), budget, question.size)
        self._journal.note(refused, who)
        return KeepVerdict(answer)

    def _tell(self, budget: str, limit: int) -> None:
        now = self._clock()
        if now - self._told.get(budget, -TELL_SECONDS) >= TELL_SECONDS:
            self._told[budget] = now
            self._journal.note(BudgetExceeded(budget, limit), None)

    def restore(self, entries: Iterable[Entry]) -> None:
        """Count what the journal says was captured before the restart, oldest first."""
        for entry in entries:
            if isinstance(entry.event, MessageCaptured):
                self._day.record(entry.time, entry.event.size, entry.event.account)
