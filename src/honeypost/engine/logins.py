"""
Answers "does this credential work?".

Theory of operation
===================

An adopted account's own secret is answered from memory, at once: it is compared in constant
time and nobody is asked but the containment.  Behind Dovecot its own chain has put real
users first, so that a real name can never be shadowed by it.  Any other secret there is a guess
like those below: its name may be a slip of somebody who came after the adoption.

Every other guess goes, one at a time for each account, through :meth:`Logins._consider`:

1. Is the name real?  Until that is answered with a clear no, nothing of the guess is kept.
   The answer is used for ten minutes.
2. :meth:`~honeypost.decide.decoys.Rules.judge` by the account's own history.
3. Only a ripe guess is asked of others: the daily cap, the real names once more, the
   containment, and the store, which returns when the adoption is durable.

That work is shielded from the session: were it cancelled between the store and the memory, a
second secret could win on the same account.

A refusal takes ``refusal_seconds`` from the question's arrival, whatever was asked in
between, so that real, missing and ripening names cannot be told apart by time.  Behind
Dovecot the delay is Dovecot's own.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakValueDictionary

from honeypost.decide.decoys import DAY, NOTHING_KEPT, Guess, Reason, Rules
from honeypost.engine.grants import Grants, Notebook
from honeypost.engine.guesses import Guesses
from honeypost.errors import StoreError
from honeypost.events import DecoyAdopted, DecoyEntered, LoginRefused
from honeypost.model import Client, Identity, Protocol, Secret
from honeypost.ports import Clock, Decoy, DecoyStore, Reality, RealNames
from honeypost.questions import LoginVerdict, MayLogin

LOGIN_LIMIT = 320
"""Bytes of a login kept in an event: 64 + @ + 255, RFC 5321, 4.5.3.1."""

_STANDING: dict[Reality | None, Reason] = {
    Reality.REAL: Reason.REAL,
    Reality.UNSURE: Reason.UNSURE,
}


@dataclass(frozen=True, slots=True)
class Attempt:
    """A question on its way, with its account and the time it arrived."""

    question: MayLogin
    who: Identity
    account: str
    arrived: float


class Logins:
    """The decoys and everything about getting into one."""

    def __init__(
        self,
        rules: Rules,
        guesses: Guesses,
        store: DecoyStore,
        *,
        names: RealNames,
        grants: Grants,
        journal: Notebook,
        clock: Clock,
    ) -> None:
        self._rules = rules
        self._guesses = guesses
        self._store = store
        self._names = names
        self._grants = grants
        self._journal = journal
        self._clock = clock
        self._decoys = {decoy.account: decoy for decoy in store.all()}
        self._markers = {decoy.marker: decoy.account for decoy in self._decoys.values()}
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._opening: set[asyncio.Future[LoginVerdict]] = set()
        self._adopting = 0

    def is_decoy(self, account: str) -> bool:
        """Is the canonical account an adopted decoy?"""
        return account in self._decoys

    def account_of(self, marker: str) -> str:
        """Give the decoy that a marker stands for, ``""`` when there is none."""
        return self._markers.get(marker, "")

    async def answer(self, question: MayLogin, who: Identity) -> LoginVerdict:
        """Grant or refuse; never raises."""
        attempt = Attempt(
            question, named(who, question.client), self._rules.account(question.login),
            self._clock(),
        )  # fmt: skip
        if not attempt.account:
            return self._refuse(attempt, Reason.NOT_A_NAME)
        if attempt.account in self._decoys:
            return await self._enter(attempt)
        return await self._shielded(self._consider(attempt))

    async def _shielded(self, work: Coroutine[Any, Any, LoginVerdict]) -> LoginVerdict:
        opening = asyncio.ensure_future(work)
        self._opening.add(opening)
        opening.add_done_callback(self._opening.discard)
        return await asyncio.shield(opening)

    async def _enter(self, attempt: Attempt) -> LoginVerdict:
        """Answer for an adopted account."""
        decoy = self._decoys[attempt.account]
        secret = attempt.question.secret
        right = secret == Secret(decoy.secret.encode())
        if right:
            standing = _STANDING.get(self._guesses.known(decoy.account, self._clock()))
            # Unsure is no reason: a secret that has worked goes on working.
            if standing is Reason.REAL:
                return self._refuse(attempt, standing)
            if not self._grants.doubt():
                return self._grant(attempt, decoy)
        else:
            standing = await self._standing(decoy.account)
            if standing is not None:
                return self._refuse(attempt, standing)
        guess = self._rules.guess(attempt.account, secret, attempt.arrived)
        reason = Reason.CONTAINMENT if right else Reason.OTHER_SECRET
        return self._refuse(attempt, reason, guess)

    async def _consider(self, attempt: Attempt) -> LoginVerdict:
        """Answer for an account that is not adopted (when its turn comes)."""
        account = attempt.account
        async with self._locks.setdefault(account, asyncio.Lock()):
            if account in self._decoys:
                return await self._enter(attempt)
            standing = await self._standing(account)
            if standing is not None:
                return self._refuse(attempt, standing)
            guess = self._rules.guess(account, attempt.question.secret, attempt.arrived)
            reason = self._rules.judge(guess, self._guesses.memory(account))
            if reason is Reason.RIPE:
                reason = await self._adopt(attempt, guess)
            if reason is Reason.ADOPTED:
                return self._grant(attempt, self._decoys[account])
            return self._refuse(attempt, reason, guess)

    async def _standing(self, account: str, *, again: bool = False) -> Reason | None:
        """Say why the name may not be guessed at; ``None`` when it is for sure nobody's."""
        reality = self._guesses.reality(account, self._clock())
        if reality is None or (again and reality is not Reality.REAL):
            reality = await self._names.reality(account)
            self._guesses.told(account, reality, self._clock())
        return _STANDING.get(reality)

    async def _adopt(self, attempt: Attempt, guess: Guess) -> Reason:
        """Ask the others; adopt when none objects."""
        if self._adopted_today() + self._adopting >= self._rules.settings.new_per_day:
            return Reason.DAILY_CAP
        self._adopting += 1
        try:
            standing = await self._standing(guess.account, again=True)
            if standing is not None:
                return standing
            if self._grants.doubt():
                return Reason.CONTAINMENT
            return await self._keep(attempt, guess)
        finally:
            self._adopting -= 1

    def _adopted_today(self) -> int:
        since = self._clock() - DAY
        return sum(decoy.adopted_at > since for decoy in self._decoys.values())

    async def _keep(self, attempt: Attempt, guess: Guess) -> Reason:
        now = self._clock()
        frozen_until = now + self._rules.settings.frozen_days * DAY
        marker = self._rules.marker(guess.account)
        decoy = Decoy(guess.account, guess.secret, marker, now, frozen_until)
        try:
            await self._store.adopt(decoy)
        except StoreError:
            return Reason.STORE
        self._decoys[decoy.account] = decoy
        self._markers[marker] = decoy.account
        self._journal.note(self._adoption(attempt, guess, decoy), attempt.who)
        self._guesses.forget(decoy.account)
        with contextlib.suppress(StoreError):  # the decoy itself is durable already
            await self._journal.flush()
        return Reason.ADOPTED

    def _adoption(self, attempt: Attempt, guess: Guess, decoy: Decoy) -> DecoyAdopted:
        question = attempt.question
        return DecoyAdopted(
            account=decoy.account,
            marker=decoy.marker,
            secret=decoy.secret,
            service=str(question.service),
            mechanism=question.mechanism,
            login=question.login[:LOGIN_LIMIT],
            distinct_failures=len(self._guesses.memory(decoy.account)),
            needed_failures=self._rules.needed(decoy.account),
            rule=guess.rule,
            frozen_until=decoy.frozen_until,
        )

    def _grant(self, attempt: Attempt, decoy: Decoy) -> LoginVerdict:
        question = attempt.question
        entered = DecoyEntered(
            decoy.account, str(question.service), question.mechanism, question.secured
        )
        self._journal.note(entered, attempt.who)
        return LoginVerdict(decoy.account, decoy.marker)

    def _refuse(self, attempt: Attempt, reason: Reason, guess: Guess | None = None) -> LoginVerdict:
        question, account = attempt.question, attempt.account
        kept = guess if guess is not None and reason not in NOTHING_KEPT else None
        refused = LoginRefused(
            account=account,
            login=question.login[:LOGIN_LIMIT],
            mechanism=question.mechanism,
            service=str(question.service),
            secured=question.secured,
            secret_tag=kept.tag if kept else "",
            secret=kept.secret if kept else "",
            reason=str(reason),
            distinct_failures=self._remember(attempt, reason, kept),
            needed_failures=self._rules.needed(account) if account else 0,
        )
        self._journal.note(refused, attempt.who)
        return LoginVerdict(delay_seconds=self._wait(attempt))

    def _remember(self, attempt: Attempt, reason: Reason, kept: Guess | None) -> int:
        """Add the failure to the account's memory; give how many distinct ones it has."""
        account = attempt.account
        if not account or account in self._decoys:
            return 0
        memory = self._guesses.memory(account)
        self._rules.learn(memory, account, kept.tag if kept else "", reason, attempt.arrived)
        return len(memory)

    def _wait(self, attempt: Attempt) -> float:
        """Give what is left of the time that a refusal takes."""
        if attempt.who.protocol is Protocol.LOOKUP:
            return 0.0
        whole = self._rules.settings.refusal_seconds
        return min(whole, max(0.0, whole - (self._clock() - attempt.arrived)))


def named(who: Identity, client: Client | None, session: str = "") -> Identity:
    """Give the identity with the client (and session) that Dovecot names, if it names one."""
    if client is None:
        return who
    return replace(who, client=client, session=session or who.session)
