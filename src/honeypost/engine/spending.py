"""
The day's bytes: what decoys may still send, in all and each.

One object is asked at three moments.  The director asks it before a body is received (at the
first recipient, and behind Postfix at the policy call), so that what would be refused is not
received at all; :mod:`.captures` takes the bytes when a message is kept.  Behind Postfix the
sender's share is charged at the policy call, because there a message arrives in several
deliveries.  What is over is answered as a full server would (4xx); the operator is told once
a minute.
"""

from __future__ import annotations

from honeypost.config.schema import Budgets
from honeypost.decide.spend import DAY_SECONDS, DayBudget
from honeypost.engine.grants import Notebook
from honeypost.events import BudgetExceeded, MessageCaptured
from honeypost.ports import Clock, Entry

DAY_BYTES = "capture_bytes_per_day"
TELL_SECONDS = 60.0
"""That a budget is used up is told once in so many seconds."""


class Spending:
    """The budget of what decoys send in a day (UTC)."""

    def __init__(
        self, budgets: Budgets, journal: Notebook, clock: Clock, *, spent_today: int = 0
    ) -> None:
        """
        :param spent_today: bytes captured since midnight UTC before this process started.
        """
        self._journal = journal
        self._clock = clock
        self._day = DayBudget(budgets.capture_bytes_per_day)
        self._day.spend(clock(), spent_today)
        self._told_at = -TELL_SECONDS

    def has_room(self, account: str, size: int = 1) -> bool:
        """May the account (``""``: nobody's in particular) send so much more today?  Tells."""
        now = self._clock()
        if self._day.has_room(now, size, account):
            return True
        if now - self._told_at >= TELL_SECONDS:
            self._told_at = now
            self._journal.note(BudgetExceeded(DAY_BYTES, self._day.limit), None)
        return False

    def charge(self, account: str, size: int) -> None:
        """Count a message against the account's share alone; its bytes come later."""
        self._day.charge(self._clock(), size, account)

    def take(self, account: str, size: int) -> bool:
        """Take bytes from the day, and from the account's share unless it is ``""``."""
        if not self.has_room(account, size):
            return False
        self._day.spend(self._clock(), size)
        if account:
            self.charge(account, size)
        return True

    def give_back(self, account: str, size: int) -> None:
        """Undo a ``take`` whose message could not be kept."""
        self._day.spend(self._clock(), -size)
        if account:
            self.charge(account, -size)

    def restore(self, entry: Entry) -> None:
        """Count against the sender's share what the journal says was captured today."""
        event = entry.event
        # An entry of another day would begin that day anew, and today's bytes be forgotten.
        today = entry.time // DAY_SECONDS == self._clock() // DAY_SECONDS
        if today and isinstance(event, MessageCaptured) and event.account:
            self._day.charge(entry.time, event.size, event.account)
