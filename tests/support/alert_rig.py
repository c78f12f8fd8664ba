"""The worker's rounds for alerts in memory: a book, a watch and a Postfix that fail on order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from honeypost.app.alerting import Alerting
from honeypost.config.schema import Alerts
from honeypost.engine.alert_mail import Answer, Mail, Reply
from honeypost.engine.alerts import MAILS_A_DAY, Ledger
from honeypost.model import AlertKind
from honeypost.testing.memory import CountingChance, ManualClock


class Crash(BaseException):
    """The process ends here."""


class Book:
    """Like :class:`honeypost.stores.alerts.AlertBook`; every write is durable at once."""

    def __init__(self) -> None:
        self.known = {kind: Ledger(kind) for kind in AlertKind}
        self.kept: dict[str, Mail] = {}
        self.told: Counter[AlertKind] = Counter()
        """Occurrences that were taken into mails."""
        self.crash_in = 0
        """The so many-th write from now on is not made, the process ends; 0: none."""

    def ledgers(self) -> list[Ledger]:
        return list(self.known.values())

    def lines(self, kind: AlertKind) -> list[str]:
        return [f"about {kind}"]

    def put_down(self, mail: Mail, told: Sequence[Ledger]) -> None:
        self._written()
        self.kept[mail.id] = mail
        for ledger in told:
            self.told[ledger.kind] += self.known[ledger.kind].pending
            self.known[ledger.kind] = ledger

    def step(self, mail: Mail) -> None:
        self._written()
        self.kept[mail.id] = mail

    def open_mail(self) -> Mail | None:
        found = [mail for mail in self.kept.values() if mail.open]
        assert len(found) <= 1
        return found[0] if found else None

    def mailed(self) -> list[float]:
        return sorted((mail.time for mail in self.kept.values()), reverse=True)[:MAILS_A_DAY]

    def _written(self) -> None:
        if self.crash_in:
            self.crash_in -= 1
            if not self.crash_in:
                raise Crash


class NothingNew:
    """A watch; what happens is put into the book by the test."""

    def look(self) -> int:
        return 0


class Rig:
    """One site; ``server`` says what becomes of the next mails."""

    def __init__(self, settings: Alerts | None = None) -> None:
        self.settings = settings or Alerts(to=("root",))
        self.clock = ManualClock()
        self.book = Book()
        self.server = "up"
        self.delivered: Counter[str] = Counter()
        self.seen: list[Mail] = []
        self._chance = CountingChance()
        self.restart()

    def restart(self) -> None:
        """Begin anew with what is on the disk."""
        self.alerting = Alerting(
            NothingNew(), self.book, self.settings, "mail.example.org",
            send=self._send if self.settings.to else None, clock=self.clock, chance=self._chance,
        )  # fmt: skip

    def happen(self, kind: AlertKind) -> None:
        self.book.known[kind] = self.book.known[kind].happened(self.clock())

    async def look(self) -> None:
        """Look; after a crash the process is there again."""
        try:
            await self.alerting.look()
        except Crash:
            self.book.crash_in = 0
            self.restart()

    async def pass_time(self, seconds: float, step: float = 3600.0) -> None:
        end = self.clock() + seconds
        while self.clock() < end:
            self.clock.advance(min(step, end - self.clock()))
            await self.look()

    async def _send(self, mail: Mail) -> Answer:
        self.seen.append(mail)
        if self.server in ("up", "lost answer", "crash after"):
            self.delivered[mail.id] += 1
        match self.server:
            case "up":
                return Answer(Reply.TAKEN)
            case "down":
                return Answer(Reply.REFUSED, "Connection refused")
            case "lost answer" | "lost message":
                return Answer(Reply.DOUBT, "Connection unexpectedly closed")
            case _:
                raise Crash
