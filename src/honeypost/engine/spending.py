"""
Keeps each decoy within its share of the day's bytes, and ends what would be refused early.

:mod:`.captures` has the last word about size, day and disk when a message is kept.  Here the
sender is stopped before that: at the first recipient, and behind Postfix at the policy call
before the message is handed over.  So a body that would be refused is not received at all.
It is answered as a full server would (4xx); the operator is told once a minute.
"""

from __future__ import annotations

from typing import Protocol

from honeypost.config.schema import Budgets
from honeypost.decide.spend import DayBudget
from honeypost.engine.grants import Notebook
from honeypost.events import BudgetExceeded, MessageCaptured, MessageRefused
from honeypost.model import Identity
from honeypost.ports import Body, Clock, Entry
from honeypost.questions import Acceptance, KeepMessage, KeepVerdict

DAY_BYTES = "capture_bytes_per_day"
TELL_SECONDS = 60.0
"""That a budget is used up is told once in so many seconds."""


class CaptureDesk(Protocol):
    """Keeps messages; :class:`~honeypost.engine.captures.Captures`."""

    def spool(self) -> Body: ...

    async def keep(self, question: KeepMessage, who: Identity, body: Body) -> KeepVerdict: ...


class Spending:
    """The budgets of what decoys send."""

    def __init__(
        self, budgets: Budgets, captures: CaptureDesk, journal: Notebook, clock: Clock
    ) -> None:
        self._captures = captures
        self._journal = journal
        self._clock = clock
        self._day = DayBudget(budgets.capture_bytes_per_day)
        self._told_at = -TELL_SECONDS

    def spool(self) -> Body:
        """Give an empty body for a message that begins."""
        return self._captures.spool()

    def has_room(self, account: str, size: int = 1) -> bool:
        """May the decoy send so many bytes more today?  Tells when not."""
        now = self._clock()
        if self._day.has_room(now, size, account):
            return True
        if now - self._told_at >= TELL_SECONDS:
            self._told_at = now
            self._journal.note(BudgetExceeded(DAY_BYTES, self._day.limit), None)
        return False

    def charge(self, account: str, size: int) -> None:
        """Count a message against the account's share; Postfix will hand it over."""
        self._day.charge(self._clock(), size, account)

    async def keep(self, question: KeepMessage, who: Identity, body: Body) -> KeepVerdict:
        """Have a message kept, within its sender's share; it takes the body over."""
        account = question.envelope.account
        if account and not self.has_room(account, question.size):
            body.abandon()
            answer = Acceptance.TRY_LATER
            self._journal.note(MessageRefused(account, answer, DAY_BYTES, question.size), who)
            return KeepVerdict(answer)
        verdict = await self._captures.keep(question, who, body)
        if verdict.acceptance is Acceptance.ACCEPTED:
            self._day.spend(self._clock(), question.size)
            if account:
                self.charge(account, question.size)
        return verdict

    def restore(self, entry: Entry) -> None:
        """Count what the journal says was captured before the restart."""
        event = entry.event
        if isinstance(event, MessageCaptured):
            self._day.spend(entry.time, event.size)
            self._day.charge(entry.time, event.size, event.account)
