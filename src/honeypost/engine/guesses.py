"""
What is remembered of guessed accounts: bounded by accounts, never by attackers.

The least recently guessed account goes first.  Forgetting errs to the safe side: the account
counts from zero again, so a secret must be refused anew before anything can win.  A device
that repeats itself keeps its account recent.

At start the memory is built again from the journal, which is at most a second behind; so is
the list of names that logged in for real.
"""

from __future__ import annotations

from collections import OrderedDict

from honeypost.decide.decoys import Memory, Reason, Rules
from honeypost.events import DecoyAdopted, LoginRefused, LoginReported
from honeypost.ports import Entry, Reality

KNOWN_SECONDS = 600.0
"""An answer about a real name is used so long; an adoption always asks again."""

UNSURE_SECONDS = 5.0
"""After a source could not be asked, spare it for so long."""


class _Account:
    __slots__ = ("asked_at", "memory", "reality")

    def __init__(self) -> None:
        self.memory = Memory()
        self.reality: Reality | None = None
        self.asked_at = 0.0


class Guesses:
    """The memory of all accounts; ``limit`` is ``budgets.accounts``."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._accounts: OrderedDict[str, _Account] = OrderedDict()
        self._proven: OrderedDict[str, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._accounts)

    def memory(self, account: str) -> Memory:
        """Give what the account remembers, empty at first; it is now the most recent one."""
        return self._recent(account).memory

    def _recent(self, account: str) -> _Account:
        known = self._accounts.get(account)
        if known is None:
            known = self._accounts[account] = _Account()
            if len(self._accounts) > self._limit:
                self._accounts.popitem(last=False)
        self._accounts.move_to_end(account)
        return known

    def reality(self, account: str, now: float) -> Reality | None:
        """As :meth:`known`; the account is now the most recent one."""
        if account not in self._proven:
            self._recent(account)
        return self.known(account, now)

    def known(self, account: str, now: float) -> Reality | None:
        """Give what is known of the name without asking, ``None`` when it is to be asked."""
        if account in self._proven:
            return Reality.REAL
        known = self._accounts.get(account)
        if known is None:
            return None
        lasts = UNSURE_SECONDS if known.reality is Reality.UNSURE else KNOWN_SECONDS
        return known.reality if 0 <= now - known.asked_at < lasts else None

    def told(self, account: str, reality: Reality, now: float) -> None:
        """Keep an answer; a real name's memory is dropped with it."""
        known = self._recent(account)
        known.reality, known.asked_at = reality, now
        if reality is Reality.REAL:
            known.memory = Memory()

    def forget(self, account: str) -> None:
        """Drop the account: it was adopted."""
        self._accounts.pop(account, None)

    def prove(self, account: str) -> None:
        """Keep that somebody logged in to it for real: never a decoy from now on."""
        self._proven[account] = None
        self._proven.move_to_end(account)
        if len(self._proven) > self._limit:
            self._proven.popitem(last=False)
        self.forget(account)

    def restore(self, entry: Entry, rules: Rules) -> None:
        """Take in one journal entry; called with all of them at start, oldest first."""
        match entry.event:
            case LoginRefused() as refused if refused.account:
                self._learn(refused, entry.time, rules)
            case DecoyAdopted() as adopted:
                self.forget(adopted.account)
            case LoginReported(success=True, decoy=False) as reported if reported.account:
                self.prove(reported.account)
            case _:
                pass

    def _learn(self, event: LoginRefused, time: float, rules: Rules) -> None:
        reason = Reason(event.reason)
        if reason is Reason.REAL:
            self.forget(event.account)
        elif reason is not Reason.OTHER_SECRET:
            rules.learn(self.memory(event.account), event.account, event.secret_tag, reason, time)
