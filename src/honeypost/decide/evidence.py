"""
Recomputes from stored events why each guess at an account was answered as it was.

The events of one account, in their order, are folded into the same
:class:`~.decoys.Memory` that the live verdict was drawn from, and judged by the same rules.
What the engine asked of others at that time (real names, containment, the daily cap, the
store) cannot be asked again: such an answer is taken as recorded, but only where the account's
own history says that it was due to be asked.

The live memory can have been shorter than the journal: an account that was not guessed at
for long is forgotten, and old entries are deleted.  The recorded counter tells; the fold then
goes on from it and says so (``gap``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from honeypost.decide.decoys import NOTHING_KEPT, Guess, Memory, Reason, Rules
from honeypost.events import DecoyAdopted, DecoyEntered, LoginRefused
from honeypost.model import Secret
from honeypost.ports import Decoy, Entry

ASKED_AT_WIN = frozenset(
    (Reason.REAL, Reason.UNSURE, Reason.CONTAINMENT, Reason.DAILY_CAP, Reason.STORE)
)
"""What others may object when a guess is ripe."""

_ASKED_FIRST = frozenset((Reason.REAL, Reason.UNSURE))
"""What is asked before anything else."""

_WORDS = {
    Reason.NOT_A_NAME: "No decoy can have this login (letters, length, or a domain not listed).",
    Reason.ENTERED: "It is the one secret of this decoy.",
    Reason.OTHER_SECRET: "The decoy has one secret, and this is not it.",
    Reason.REAL: "The name is real or a slip away from a real one; nothing of the guess is kept.",
    Reason.UNSURE: "Nobody could say whether the name is real; nothing of the guess is kept.",
    Reason.ABSENT: "By the site's key no account of this name exists.",
    Reason.UNLISTED: "The secret is neither a common password nor made of the name.",
    Reason.SHORT: "The secret is under 6 characters.",
    Reason.OBVIOUS: "It is a pair that scanners for honeypots try, such as admin/admin.",
    Reason.REPEATED: "The secret was refused on this account before, so it always will be.",
    Reason.TOO_EARLY: "Too few different secrets had failed on this account.",
    Reason.MEMORY_FULL: "More secrets failed than are remembered; the account stays closed.",
    Reason.RESTING: "A short while ago nobody could say whether the name is real.",
    Reason.CONTAINMENT: "It was not sure that decoy mail stays in; no decoy login was granted.",
    Reason.DAILY_CAP: "As many decoys as may in a day had already come into being.",
    Reason.STORE: "The new decoy could not be kept on disk.",
    Reason.ADOPTED: "Enough different secrets had failed and this one can be guessed: it won.",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One answer to a guess, as recorded and as recomputed."""

    entry: Entry
    recorded: Reason
    recomputed: Reason
    distinct_failures: int
    """Distinct failed secrets of the account after this guess, recomputed."""
    needed_failures: int
    gap: bool
    """The live memory was not what the stored events make: it was forgotten or deleted."""

    @property
    def agrees(self) -> bool:
        """Does the stored evidence lead to the answer that was given?"""
        return self.recorded is self.recomputed

    @property
    def words(self) -> str:
        """Say in one sentence why."""
        return explain(self.recomputed)


def explain(reason: Reason) -> str:
    """Say in one plain sentence what a reason means for the guess."""
    return _WORDS[reason]


def recompute(entries: Iterable[Entry], rules: Rules, decoy: Decoy | None = None) -> list[Finding]:
    """
    Recompute every answer to the guesses at one account.

    :param entries: the account's entries, oldest first; other events are passed over.
    :param rules: the site's rules.  Under other settings than at the time a finding may
        disagree, which is what ``agrees`` is for.
    :param decoy: the account as the store has it; needed when its adoption is older than the
        oldest entry, since a decoy outlives the journal's retention.
    """
    history = _History(rules, decoy)
    findings = (history.find(entry) for entry in entries)
    return [finding for finding in findings if finding is not None]


class _History:
    """The account as far as its events were folded."""

    def __init__(self, rules: Rules, decoy: Decoy | None) -> None:
        self._rules = rules
        self._decoy = decoy
        self._memory = Memory()
        self._secret = ""

    def find(self, entry: Entry) -> Finding | None:
        """Give the finding about an entry, ``None`` when it answers no guess."""
        match entry.event:
            case LoginRefused() as refused:
                self._look_up(entry.time)
                return self._refused(entry, refused)
            case DecoyAdopted() as adopted:
                return self._adopted(entry, adopted)
            case DecoyEntered():
                self._look_up(entry.time)
                return Finding(entry, Reason.ENTERED, Reason.ENTERED, 0, 0, gap=not self._secret)
            case _:
                return None

    def _look_up(self, time: float) -> None:
        """Take the secret from the store when the adoption itself is no longer among entries."""
        if self._decoy is not None and time > self._decoy.adopted_at:
            self._become(self._decoy.secret)

    def _become(self, secret: str) -> None:
        self._secret, self._memory = secret, Memory()

    def _refused(self, entry: Entry, event: LoginRefused) -> Finding:
        recorded = Reason(event.reason)
        account = event.account
        if not account or account != self._rules.account(event.login):
            return Finding(entry, recorded, Reason.NOT_A_NAME, 0, 0, gap=False)
        guess = self._rules.revived(account, event.secret_tag, event.secret, entry.time)
        gap = self._realign(event.distinct_failures, guess, recorded)
        gap = gap or self._rested_unseen(recorded)
        recomputed = self._judge(guess, recorded)
        self._learn(guess, recorded)
        return self._finding(entry, account, recorded, recomputed, gap=gap)

    def _adopted(self, entry: Entry, event: DecoyAdopted) -> Finding:
        guess = self._rules.guess(event.account, Secret(event.secret.encode()), entry.time)
        gap = self._resize(event.distinct_failures, 0)
        own = self._rules.judge(guess, self._memory, self._secret)
        recomputed = Reason.ADOPTED if own is Reason.RIPE else own
        finding = self._finding(entry, event.account, Reason.ADOPTED, recomputed, gap=gap)
        self._become(event.secret)
        return finding

    def _judge(self, guess: Guess, recorded: Reason) -> Reason:
        """Judge by the account's own history; take from the record what others were asked."""
        if recorded in _ASKED_FIRST:
            return recorded
        own = self._rules.judge(guess, self._memory, self._secret)
        if own is Reason.RIPE and (recorded in ASKED_AT_WIN or self._rested_unseen(recorded)):
            return recorded
        if own is Reason.ENTERED and recorded is Reason.CONTAINMENT:
            return recorded
        return own

    def _rested_unseen(self, recorded: Reason) -> bool:
        """Is the unsure moment, after which the account rested, no longer among the entries?"""
        return recorded is Reason.RESTING and self._memory.unsure_at is None

    def _learn(self, guess: Guess, recorded: Reason) -> None:
        if self._secret:
            return
        if recorded is Reason.REAL:
            self._memory = Memory()
        self._rules.learn(self._memory, guess.account, guess.tag, recorded, guess.time)

    def _realign(self, counted: int, guess: Guess, recorded: Reason) -> bool:
        """Make the memory what the live one was, by the recorded counter; was there a gap?"""
        if recorded in NOTHING_KEPT or self._secret:
            return False
        gap = self._resize(counted, self._adds(guess))
        if recorded is Reason.REPEATED and not self._memory.knows(guess.tag):
            self._memory.remember(guess.tag)
            return True
        return gap

    def _adds(self, guess: Guess) -> int:
        """Give 1 when the failure is a new one that is remembered, else 0."""
        counts = self._rules.counts(guess.account, self._memory)
        return int(counts and not self._memory.knows(guess.tag))

    def _resize(self, counted: int, added: int) -> bool:
        """Forget, or stand in for, failures that the live memory did not have, or had."""
        if counted < len(self._memory) + added:
            self._memory = Memory()
            self._stand_in(counted - 1)
            return True
        return self._stand_in(counted - added)

    def _stand_in(self, count: int) -> bool:
        """Fill up to so many failures, for those whose entries are not there any more."""
        missing = range(len(self._memory), count)
        for number in missing:
            self._memory.remember(f"{number:08x}")
        return bool(missing)

    def _finding(
        self, entry: Entry, account: str, recorded: Reason, recomputed: Reason, *, gap: bool
    ) -> Finding:
        needed = self._rules.needed(account)
        return Finding(entry, recorded, recomputed, len(self._memory), needed, gap)
