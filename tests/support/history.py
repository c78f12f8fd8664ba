"""
A small history in real stores, made by the real engine with a clock of its own.

One account is guessed at from IPv4 and IPv6 until it is won, sold, and used to send; a real
name and a name that does not exist are guessed at too.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from honeypost.config.load import load
from honeypost.config.schema import Config, Paths, SiteSecrets
from honeypost.config.secrets import create_if_missing
from honeypost.engine.captures import Captures
from honeypost.engine.director import Director
from honeypost.engine.journal import Journal
from honeypost.engine.spending import Spending
from honeypost.events import (
    CaptureExtracted,
    GrantsStopped,
    LoginReported,
    MessageRefused,
    RecipientProbed,
    SessionClosed,
    SessionOpened,
    SessionRejected,
)
from honeypost.extract.report import Attachment, Link, Report, Role
from honeypost.model import Client, Envelope, Identity, Protocol, Recipient, Secret
from honeypost.ports import Entry, Reality
from honeypost.questions import Acceptance, KeepMessage, MayLogin, MayReceive
from honeypost.stores.intel import IntelStore
from honeypost.stores.journal import JournalStore
from honeypost.stores.reader import SegmentReader
from honeypost.stores.segments import SegmentStore
from honeypost.stores.spool import Spool
from honeypost.testing.memory import CountingChance, ManualClock

SETTINGS = """\
[decoys]
failures_min = 2
failures_max = 2
role_share = 1.0
name_share = 0.0
"""
ACCOUNT = "info@example.org"
REAL = "anna@example.org"
ABSENT = "nobody-here@example.org"
BODY = b"Subject: pay \x1b[2J now\r\nTo: x\r\n\r\nhttp://pay.example/now\r\n.\r\n"
GUESSERS = ("192.0.2.1", "2001:db8:1::1", "198.51.100.7")
BUYER = "2001:db8:77::9"


class OneRealName:
    """Knows that anna is real."""

    async def reality(self, account: str) -> Reality:
        return Reality.REAL if account == REAL else Reality.UNKNOWN


class Contained:
    """Nothing leaves."""

    def doubt(self) -> str:
        return ""


@dataclass
class Site:
    """Everything open, for as long as history is made."""

    config: Config
    secrets: SiteSecrets
    paths: Paths
    clock: ManualClock
    journal: Journal
    director: Director
    sessions: int = 0

    def who(self, address: str, protocol: Protocol = Protocol.SUBMISSION) -> Identity:
        self.sessions += 1
        return Identity(f"s{self.sessions}", Client(address, 4242), str(protocol), protocol)

    async def guess(self, address: str, account: str, secret: bytes) -> Identity:
        who = self.who(address)
        self.journal.note(SessionOpened(), who)
        self.clock.advance(60)
        question = MayLogin(account.encode(), Secret(secret), "PLAIN", Protocol.SUBMISSION, True)
        await self.director.answer(question, who)
        self.journal.note(SessionClosed("quit", 4, 0, 100, 100), who)
        return who

    async def probe(self, address: str, name: bytes) -> None:
        who = self.who(address, Protocol.SMTP)
        question = MayReceive(Recipient(name), b"", "", first=True)
        verdict = await self.director.answer(question, who)
        self.journal.note(RecipientProbed(name, b"", str(verdict.acceptance)), who)

    async def send(self, who: Identity, queue_id: str, recipients: int) -> None:
        self.clock.advance(5)
        named = tuple(Recipient(b"r%d@outside.example" % n) for n in range(recipients))
        envelope = Envelope(b"info@example.org", named, ACCOUNT, queue_id=queue_id)
        body = self.director.spool()
        body.write(BODY)
        verdict = await self.director.answer(KeepMessage(envelope, len(BODY)), who, body)
        assert verdict.acceptance is Acceptance.ACCEPTED


async def _make(config: Config, secrets: SiteSecrets, paths: Paths) -> None:
    clock = ManualClock()
    store = JournalStore(paths.journal)
    spool = Spool(paths.spool, config.budgets)
    segments = SegmentStore(paths.segments, spool, config.budgets, CountingChance())
    store.open()
    segments.open()
    try:
        journal = Journal(store, clock, CountingChance())
        spending = Spending(config.budgets, journal, clock)
        captures = Captures(
            segments, journal, config.budgets, spending, clock=clock, header=secrets.header.encode()
        )
        director = Director(
            config, secrets, decoys=store, captures=captures, spending=spending, journal=journal,
            names=OneRealName(), containment=Contained(), clock=clock,
            queue_id=lambda _: "ABCDEF0123",
        )  # fmt: skip
        await _live(Site(config, secrets, paths, clock, journal, director))
        await journal.flush()
    finally:
        store.close()
        segments.close()


async def _live(site: Site) -> None:
    await site.probe("192.0.2.9", b"info@example.org")
    await site.probe("192.0.2.9", b"nobody-here@example.org")
    await site.probe("192.0.2.9", b"anna@example.org")
    await site.probe("192.0.2.9", b"x@elsewhere.example")
    for address, secret in zip(GUESSERS, (b"sunshine", b"dragon1", b"letmein"), strict=True):
        await site.guess(address, ACCOUNT, secret)
        await site.guess(address, REAL, secret)
        await site.guess(address, ABSENT, secret)
    await site.guess("192.0.2.50", ACCOUNT, b"football")
    await site.guess("192.0.2.51", "no such@name", b"football")
    site.clock.advance(86_400)
    buyer = await site.guess(BUYER, ACCOUNT, b"letmein")
    await site.send(buyer, "4Zq1", 1)
    await site.send(buyer, "4Zq2", 130)
    note = site.journal.note
    note(SessionRejected("connections"), site.who("192.0.2.60"))
    note(MessageRefused(ACCOUNT, "try-later", "disk_bytes", 2048), buyer)
    note(
        LoginReported(ACCOUNT, b"info", "imap", False, True, "abc"),
        site.who("192.0.2.61", Protocol.AUTHPOLICY),
    )
    note(GrantsStopped("main.cf was replaced"), None)


def _look(paths: Paths) -> None:
    captures = list(SegmentReader(paths.segments).captures())
    link = Link("http://pay.example/now", "pay.example", Role.TEXT, "1:text")
    attachment = Attachment("bill.zip", "application/zip", "0" * 64, 2048)
    report = Report(captures[0].id, (link,), (), (attachment,), errors=("cut",))
    with IntelStore(paths.intel) as intel:
        intel.keep(captures[0], report)
        unreadable = CaptureExtracted("x", ACCOUNT, 0, 0, 0, ("timeout",))
        intel.append(Entry("f" * 32, captures[-1].time + 600, unreadable, None))


def make_history(data: Path) -> Paths:
    """Make the history in a new folder."""
    paths = Paths(data)
    for folder in (data, paths.journal.parent, paths.intel.parent):
        folder.mkdir(mode=0o700, parents=True)
    settings = data / "honeypost.toml"
    settings.write_text(SETTINGS)
    secrets = create_if_missing(paths.secrets, lambda size: bytes(range(size)))
    asyncio.run(_make(load(settings, {}), secrets, paths))
    _look(paths)
    return paths
