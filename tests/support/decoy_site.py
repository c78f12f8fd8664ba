"""A site under attack: the real director over fakes that keep what they are given."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from itertools import count

from honeypost.config.schema import Budgets, Config, Decoys, Site, SiteSecrets
from honeypost.decide.decoys import Rules
from honeypost.decide.secrets import Vocabulary
from honeypost.engine.captures import Captures
from honeypost.engine.director import Director
from honeypost.engine.spending import Spending
from honeypost.engine.vocabulary import load_vocabulary
from honeypost.events import LoginRefused
from honeypost.model import Client, Identity, Protocol, Secret
from honeypost.questions import LoginVerdict, MayLogin
from honeypost.testing.memory import (
    Fence,
    ManualClock,
    MemoryCaptures,
    MemoryDecoys,
    MemoryJournal,
    RealNamesTable,
)

KEY = bytes(range(32))
DOMAINS = ("example.org", "example.net")

LISTED = [
    "123456",
    "password",
    "12345678",
    "123456789",
    "111111",
    "1234567",
    "dragon",
    "123123",
    "baseball",
    "abc123",
    "football",
    "monkey",
    "letmein",
    "shadow",
    "master",
    "696969",
    "mustang",
    "666666",
    "qwertyuiop",
    "123321",
    "1234567890",
    "superman",
    "654321",
    "1qaz2wsx",
    "7777777",
    "000000",
    "qazwsx",
    "123qwe",
    "killer",
    "trustno1",
    "jordan",
    "zxcvbnm",
]
"""Secrets of the shipped list, six characters and longer."""


@lru_cache
def shipped() -> Vocabulary:
    """The shipped list, read once for all tests."""
    return load_vocabulary()


class DecoySite:
    """One installation; ``restart`` gives it a new process over the same stores."""

    def __init__(self, *, key: bytes = KEY, budgets: Budgets | None = None, **decoys) -> None:
        self.config = Config(
            site=Site(domains=DOMAINS),
            decoys=replace(Decoys(new_per_day=1000), **decoys),
            budgets=budgets or Budgets(),
        )
        self.secrets = SiteSecrets("site", key, "k3f9x2.invalid", "X-Tq81mR")
        self.clock = ManualClock()
        self.journal = MemoryJournal(self.clock)
        self.decoys = MemoryDecoys()
        self.store = MemoryCaptures()
        self.names = RealNamesTable()
        self.fence = Fence()
        self._queue_ids = count(1)
        self.restart()

    def restart(self) -> None:
        """Begin again from what is stored."""
        self.spending = Spending(
            self.config.budgets,
            self.journal,
            self.clock,
            spent_today=sum(
                capture.size
                for capture in self.store.captures()
                if capture.time // 86_400 == self.clock() // 86_400
            ),
        )
        self.captures = Captures(
            self.store,
            self.journal,
            self.config.budgets,
            self.spending,
            clock=self.clock,
            header=b"X-Tq81mR",
        )
        self.director = Director(
            self.config,
            self.secrets,
            decoys=self.decoys,
            captures=self.captures,
            spending=self.spending,
            journal=self.journal,
            names=self.names,
            containment=self.fence,
            clock=self.clock,
            queue_id=lambda now: f"Q{next(self._queue_ids)}@{int(now)}",
            vocabulary=shipped(),
        )
        self.director.restore(self.journal.entries)

    @property
    def rules(self) -> Rules:
        return self.director.rules

    @property
    def last_reason(self) -> str:
        """Why the last guess was refused."""
        return self.journal.of(LoginRefused)[-1].reason

    def names_that(self, *, exist: bool, needed: int | None = None):
        """Plain names that exist (or not) by the site's key; with ``needed`` failures."""
        for number in count():
            name = f"person{number}"
            account = f"{name}@{DOMAINS[0]}"
            fits = needed is None or self.rules.needed(account) == needed
            if fits and self.rules.exists(account) is exist:
                yield name

    def open_name(self, needed: int | None = None) -> str:
        return next(self.names_that(exist=True, needed=needed))

    async def guess(
        self,
        login: str | bytes,
        secret: str | bytes,
        address: str = "192.0.2.1",
        service: Protocol = Protocol.SUBMISSION,
        client: Client | None = None,
    ) -> LoginVerdict:
        """Try one credential."""
        question = MayLogin(_raw(login), Secret(_raw(secret)), "PLAIN", service, True, client)
        verdict = await self.director.answer(question, somebody(address, service))
        assert isinstance(verdict, LoginVerdict)
        return verdict

    async def ripen(self, login: str) -> None:
        """Fail so often that the next guess may win."""
        account = self.rules.account(login.encode())
        for number in range(self.rules.needed(account)):
            assert not (await self.guess(login, f"ripen-{number}")).granted

    async def win(self, login: str, secret: str = "dragon") -> LoginVerdict:
        """Make the account a decoy with that secret."""
        await self.ripen(login)
        verdict = await self.guess(login, secret)
        assert verdict.granted
        return verdict


def somebody(address: str = "192.0.2.1", protocol: Protocol = Protocol.SUBMISSION) -> Identity:
    return Identity("session", Client(address), str(protocol), protocol)


def _raw(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()
