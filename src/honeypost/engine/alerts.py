"""
What the operator is told by mail, and how seldom.

A webmaster who gets ten mails a day about the same thing reads none of them, so a mail is sent
for the beginning of something and what goes on is told again in growing rests.  Two things are
counted apart: what *happened* (a decoy was won, a budget was used up) and what *stands* (the
containment is in doubt).  Nothing that happened is dropped: it is counted until a mail has
told of it.

One mail takes in everything that no mail has told of yet, and every mail needs a kind of which
none was told in its rest, so there are at most ``MAILS_A_DAY`` in any 24 hours, whatever an
attacker does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from honeypost.model import AlertKind

HOUR: Final = 3600.0
DAY: Final = 24 * HOUR

MAILS_A_DAY: Final = 4
"""In any 24 hours; what comes then waits for the first of them to be a day old."""

LINES_MOST: Final = 20
"""Lines about single occurrences in one mail, of each kind; the others are counted."""

QUIET: Final = 7 * DAY
"""After so long without an occurrence a kind is new again."""

LADDER: Final = (DAY, 2 * DAY, 4 * DAY, 7 * DAY)
"""Between the first mail and the second and so on; then always the last."""

CLOCK_SLACK: Final = HOUR
"""A mail that was sent later than so long after now shows that the clock was set back."""


@dataclass(frozen=True, slots=True)
class Rule:
    """When a kind is told."""

    rests: tuple[float, ...] = LADDER
    """Seconds after each mail; none means that there is never a second one."""
    gathers: float = 0.0
    """Seconds for which occurrences are gathered before the first mail."""
    patience: float = 0.0
    """Seconds that something must stand before it counts as begun."""


RULES: Final[Mapping[AlertKind, Rule]] = MappingProxyType(
    {
        AlertKind.DECOY: Rule(rests=()),
        # A reload of Postfix is a doubt of seconds; an editor's save one of a minute.
        AlertKind.CONTAINMENT: Rule(patience=300.0),
        AlertKind.EDGE: Rule(patience=HOUR),
        AlertKind.LOG: Rule(patience=HOUR),
        AlertKind.BUDGET: Rule(),
        AlertKind.DISARMED: Rule(),
        AlertKind.WITHHELD: Rule(rests=(DAY,), gathers=DAY),
    }
)


@dataclass(frozen=True, slots=True)
class Ledger:
    """What is known of one kind; every change gives a new one.  Times are Unix time."""

    kind: AlertKind
    pending: int = 0
    """Occurrences of which no mail has told."""
    first: float = 0.0
    """The first of these."""
    last: float = 0.0
    """The latest occurrence of all, 0 for none."""
    standing: bool = False
    since: float = 0.0
    """When what stands began."""
    mailed: float = 0.0
    """The latest mail, 0 for none."""
    rung: int = 0
    """Mails since it was last quiet."""

    def happened(self, at: float) -> Ledger:
        """Count an occurrence."""
        quiet = not self.standing and at - self.last >= QUIET
        return replace(
            self,
            pending=self.pending + 1,
            first=self.first if self.pending else at,
            last=max(self.last, at),
            rung=0 if quiet else self.rung,
        )

    def begun(self, at: float) -> Ledger:
        """It stands from now on; that is an occurrence."""
        return self if self.standing else replace(self.happened(at), standing=True, since=at)

    def ended(self) -> Ledger:
        """It does not stand any more; what happened stays to be told."""
        return replace(self, standing=False) if self.standing else self

    def told(self, at: float) -> Ledger:
        """A mail tells all of it."""
        return replace(self, pending=0, mailed=at, rung=self.rung + 1)

    def due(self, now: float) -> bool:
        """Is there something to tell, and has it rested?"""
        if not (self.pending or self.standing):
            return False
        rule = RULES[self.kind]
        if not self.mailed:
            return not _within(now - self.first, rule.gathers)
        if not rule.rests:
            return False
        rest = rule.rests[min(max(self.rung, 1), len(rule.rests)) - 1]
        return not _within(now - self.mailed, rest)


def to_tell(ledgers: Sequence[Ledger], now: float, mailed: Sequence[float]) -> list[Ledger]:
    """
    Give what one mail tells now; nothing when none is due.

    :param mailed: times of the latest mails, ``MAILS_A_DAY`` of them at least.
    """
    recent = sum(_within(now - time, DAY) for time in mailed)
    if recent >= MAILS_A_DAY or not any(each.due(now) for each in ledgers):
        return []
    return [each for each in ledgers if each.due(now) or (each.pending and RULES[each.kind].rests)]


def _within(age: float, seconds: float) -> bool:
    """Is it that young?  What comes from the future is not, but for the clock's slack."""
    return -CLOCK_SLACK < age < seconds


class Patience:
    """
    Tells a state that stands from one that passes, by a clock that nobody sets.

    A machine that was asleep, or switched off, was not silent: only what was seen counts.
    """

    def __init__(self) -> None:
        self._since: dict[AlertKind, float] = {}

    def stands(self, kind: AlertKind, reason: str, ticks: float) -> bool:
        """
        Has it gone on for as long as its rule asks?

        :param reason: why it is so now; ``""``: it is not.
        :param ticks: seconds that only go forward.
        """
        if not reason:
            self._since.pop(kind, None)
            return False
        return ticks - self._since.setdefault(kind, ticks) >= RULES[kind].patience
