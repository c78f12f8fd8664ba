"""
What may still be spent today: bytes, by day and by account.

A day is a UTC day.  A counter is two numbers, so that the memory of a budget does not grow
with what is spent; the shares of single accounts are kept for the running day only, and
there are no more of them than decoys.
"""

from __future__ import annotations

DAY_SECONDS = 86_400

ACCOUNT_SHARE = 0.5
"""Of the day's bytes that one account may use: one busy spammer leaves room for the others."""


class DayBudget:
    """
    A budget that is whole again every day at 00:00 UTC.

    ``take`` and ``give_back`` bracket work that may fail; amounts are in the budget's unit.
    """

    def __init__(self, limit: int, account_share: float = ACCOUNT_SHARE) -> None:
        self.limit = limit
        self.account_limit = int(limit * account_share)
        self._day = -1
        self._spent = 0
        self._by_account: dict[str, int] = {}

    def spent(self, now: float) -> int:
        """Give what was taken today."""
        self._turn(now)
        return self._spent

    def has_room(self, now: float, amount: int, account: str = "") -> bool:
        """Would ``take`` say yes?  ``account`` ``""`` (not known yet) has no share of its own."""
        self._turn(now)
        if self._spent + amount > self.limit:
            return False
        return not account or self._by_account.get(account, 0) + amount <= self.account_limit

    def take(self, now: float, amount: int, account: str = "") -> bool:
        """Take the amount if it is there; ``False`` and nothing taken if not."""
        if not self.has_room(now, amount, account):
            return False
        self._add(amount, account)
        return True

    def give_back(self, now: float, amount: int, account: str = "") -> None:
        """Return what was taken and not used; what was taken on another day is gone."""
        self._turn(now)
        self._add(-min(amount, self._spent), account)

    def record(self, now: float, amount: int, account: str = "") -> None:
        """Count what was spent before a restart, even beyond the limit."""
        self._turn(now)
        self._add(amount, account)

    def _add(self, amount: int, account: str) -> None:
        self._spent += amount
        if account:
            self._by_account[account] = max(0, self._by_account.get(account, 0) + amount)

    def _turn(self, now: float) -> None:
        """Begin the day of ``now``; a clock set back by less than a day changes nothing."""
        day = int(now // DAY_SECONDS)
        if day > self._day or day < self._day - 1:
            self._day, self._spent, self._by_account = day, 0, {}
