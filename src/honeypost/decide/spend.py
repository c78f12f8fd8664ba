"""
What may still be spent today: bytes, by day and by account.

A day is a UTC day.  A counter of a day is two numbers, so that a budget's memory does not
grow with what is spent; the accounts' shares are kept for the running day only, and there
are no more of them than decoys.
"""

from __future__ import annotations

DAY_SECONDS = 86_400

ACCOUNT_SHARE = 0.5
"""Of the day's bytes that one account may use: one busy spammer leaves room for the others."""


class DayBudget:
    """
    Bytes that are there again every day at 00:00 UTC, for all and for each account.

    What all spend and what one account spends may be learnt at different moments (Postfix
    asks for an account before its message arrives), so they are counted apart.
    """

    def __init__(self, limit: int, account_share: float = ACCOUNT_SHARE) -> None:
        self.limit = limit
        self.account_limit = int(limit * account_share)
        self._day = -1
        self._spent = 0
        self._charged = 0
        self._by_account: dict[str, int] = {}

    def has_room(self, now: float, amount: int, account: str) -> bool:
        """
        May the account spend so much more now?  ``""`` is nobody, who has no share.

        All shares together are limited too: what was charged and has not arrived (a full disk,
        a hung sink) waits in the queue of the real Postfix, which must not fill.
        """
        self._turn(now)
        if self._spent + amount > self.limit:
            return False
        if not account:
            return True
        share = self._by_account.get(account, 0)
        return share + amount <= self.account_limit and self._charged + amount <= self.limit

    def spend(self, now: float, amount: int) -> None:
        """Count bytes that are kept; negative ones are given back."""
        self._turn(now)
        self._spent += amount

    def charge(self, now: float, amount: int, account: str) -> None:
        """Count bytes against an account's share."""
        self._turn(now)
        self._charged += amount
        self._by_account[account] = self._by_account.get(account, 0) + amount

    def _turn(self, now: float) -> None:
        """Begin the day of ``now``; a clock set back by less than a day changes nothing."""
        day = int(now // DAY_SECONDS)
        if day > self._day or day < self._day - 1:
            self._day, self._spent, self._charged, self._by_account = day, 0, 0, {}
