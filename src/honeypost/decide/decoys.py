"""
When a guess wins a decoy account, and why all the others do not.

Theory
======

An account has one of two lives.  Before its adoption it refuses everything and counts the
*distinct* secrets that failed on it, over all sources: attackers rotate their addresses, so
a count by address would never end, and a repeated secret is no new guess.  Once the keyed
number of failures is reached, the next secret that is *new here* and that an attacker could
guess (:mod:`.secrets`) wins, and the account has that one secret from then on.

A secret that was refused once is refused for ever.  So nobody who repeats a guess finds that
it suddenly works, and a stale device, which repeats one wrong secret for weeks, never wins:
its secret is among the failures since its first try.  Two gaps in that memory are closed:

* A moment when nobody could say whether the name is real leaves no trace of the secret (it
  may be a real user's).  The account then rests: it does not open before a device that tries
  at least once in the resting time has been seen and remembered.
* A full memory (:data:`MOST_REMEMBERED`) closes the account.

The verdict is a pure function of what was seen before, so :mod:`.evidence` can recompute it
from the stored events.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from honeypost.config.schema import Decoys
from honeypost.decide import keyed
from honeypost.decide.names import canonical, is_role
from honeypost.decide.secrets import SHORTEST, Vocabulary, is_obvious_pair
from honeypost.model import Secret

HOUR = 3600.0
DAY = 24 * HOUR

MOST_REMEMBERED = 1024
"""
Failed secrets remembered of one account, 4 bytes each.

Only an account that exists by its keyed share fills it; any other remembers no more than the
failures it counts.  With the default shares 20,000 accounts take 12 MB at most (measured),
however many attackers there are.
"""


class Reason(StrEnum):
    """What became of a guess.  The first that applies, in this order, is the one given."""

    NOT_A_NAME = "not-a-name"
    """No decoy can have that login: alphabet, length, or a domain that is not listed."""
    ENTERED = "entered"
    """The decoy's own secret."""
    OTHER_SECRET = "other-secret"  # noqa: S105 - a reason, not a password
    """The account is adopted and this is not its one secret."""
    REAL = "real-name"
    """A real name, an alias, or a near-miss of one."""
    UNSURE = "unsure-name"
    """Nobody could say whether the name is real."""
    ABSENT = "absent"
    """The keyed share says that no account of that name exists."""
    UNLISTED = "unlisted-secret"
    """Neither on the shipped list nor a template of the name."""
    SHORT = "short-secret"
    OBVIOUS = "obvious-pair"
    """Such as admin/admin."""
    REPEATED = "repeated-secret"
    """Refused here before, so refused for ever."""
    TOO_EARLY = "too-few-failures"
    MEMORY_FULL = "memory-full"
    """More failures than are remembered: nobody can say that this secret is new."""
    RESTING = "resting"
    """The name could not be told from a real one a short while ago."""
    RIPE = "ripe"
    """By the account's own history the guess wins; what follows is asked of others."""
    CONTAINMENT = "containment-doubt"
    """What keeps decoy mail in is not, for sure, in force."""
    DAILY_CAP = "daily-cap"
    """So many decoys came into being within a day."""
    STORE = "store-failed"
    """The adoption could not be made durable."""
    ADOPTED = "adopted"
    """It won."""


NOTHING_KEPT = frozenset((Reason.NOT_A_NAME, Reason.REAL, Reason.UNSURE))
"""Refusals of which neither the secret nor a tag of it is kept: it may be a real user's."""


class Memory:
    """What one account remembers of failed guesses; bounded, nothing in clear."""

    __slots__ = ("_tags", "unsure_at")

    def __init__(self) -> None:
        self._tags = array("I")
        self.unsure_at: float | None = None
        """When it last could not be told whether the name is real."""

    def __len__(self) -> int:
        return len(self._tags)

    def knows(self, tag: str) -> bool:
        """Has a secret with this tag failed here?  Errs towards yes, once in 4 million."""
        return _short(tag) in self._tags

    def remember(self, tag: str) -> None:
        """Keep the tag of a failed secret, unless it is known or the memory is full."""
        if len(self._tags) < MOST_REMEMBERED and not self.knows(tag):
            self._tags.append(_short(tag))


def _short(tag: str) -> int:
    return int(tag[:8], 16)


@dataclass(frozen=True, slots=True)
class Guess:
    """One guess at an account, as far as it may be kept."""

    account: str
    tag: str
    rule: str
    """Why it can be guessed (:meth:`~.secrets.Vocabulary.rule`), ``""`` when it cannot."""
    secret: str
    """In clear as typed when it has a rule, else ``""``."""
    time: float


class Rules:
    """The site's rules about decoys: settings, domains, key and vocabulary in one."""

    def __init__(
        self, settings: Decoys, domains: Sequence[str], key: bytes, vocabulary: Vocabulary
    ) -> None:
        self.settings = settings
        self._domains = tuple(domains)
        self._key = key
        self._vocabulary = vocabulary

    def account(self, login: bytes) -> str:
        """Give the canonical account of a login, ``""`` when no decoy can have that name."""
        return canonical(login, self._domains)

    def exists(self, account: str) -> bool:
        """Is the account among the keyed share of names that may become decoys?"""
        share = self.settings.role_share if is_role(account) else self.settings.name_share
        return keyed.fraction(self._key, "exists", account) < share

    def needed(self, account: str) -> int:
        """Give the distinct failures after which the account may open; never under 1."""
        low = max(1, self.settings.failures_min)
        high = max(low, self.settings.failures_max)
        return keyed.integer(self._key, "failures", account, low, high)

    def marker(self, account: str) -> str:
        """Give the opaque local part that stands for the account, ``[a-z0-9]{16}``."""
        return keyed.marker(self._key, account)

    def guess(self, account: str, secret: Secret, now: float) -> Guess:
        """Reduce a typed secret to what may be kept of it."""
        typed = secret.reveal()
        rule = self._vocabulary.rule(typed, account, now)
        clear = typed.decode("ascii") if rule else ""
        return Guess(account, keyed.tag(self._key, account, typed), rule, clear, now)

    def revived(self, account: str, tag: str, secret: str, time: float) -> Guess:
        """Give the guess that a stored event tells of."""
        rule = self._vocabulary.rule(secret.encode(), account, time)
        return Guess(account, tag, rule, secret, time)

    def judge(self, guess: Guess, memory: Memory, decoy_secret: str = "") -> Reason:
        """
        Judge a guess by the account's own history; changes nothing.

        :param decoy_secret: the account's one secret when it is adopted.  A caller that has
            the typed secret compares it itself, in constant time.
        """
        if decoy_secret:
            return Reason.ENTERED if guess.secret == decoy_secret else Reason.OTHER_SECRET
        if not self.exists(guess.account):
            return Reason.ABSENT
        return self._unfit(guess) or self._unripe(guess, memory) or Reason.RIPE

    def _unfit(self, guess: Guess) -> Reason | None:
        """Say why this secret can never win on this account."""
        if not guess.rule:
            return Reason.UNLISTED
        if len(guess.secret) < SHORTEST:
            return Reason.SHORT
        if is_obvious_pair(guess.secret, guess.account):
            return Reason.OBVIOUS
        return None

    def _unripe(self, guess: Guess, memory: Memory) -> Reason | None:
        """Say why it does not win now."""
        if memory.knows(guess.tag):
            return Reason.REPEATED
        if len(memory) < self.needed(guess.account):
            return Reason.TOO_EARLY
        if len(memory) >= MOST_REMEMBERED:
            return Reason.MEMORY_FULL
        rest = self.settings.unsure_rest_hours * HOUR
        if memory.unsure_at is not None and guess.time < memory.unsure_at + rest:
            return Reason.RESTING
        return None

    def learn(self, memory: Memory, account: str, tag: str, reason: Reason, time: float) -> None:
        """Add a refused guess to the account's memory; live, at start and in ``explain``."""
        if reason is Reason.UNSURE:
            memory.unsure_at = time
        elif reason not in NOTHING_KEPT and tag and self.counts(account, memory):
            memory.remember(tag)

    def counts(self, account: str, memory: Memory) -> bool:
        """Would a new failure be remembered?  An account that cannot open needs no more."""
        if len(memory) >= MOST_REMEMBERED:
            return False
        return len(memory) < self.needed(account) or self.exists(account)
