"""What is counted and what stands, from the edge's journal and status."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from honeypost.app.alert_watch import CURSOR, FRESH_SECONDS, Watch
from honeypost.config.schema import Beside, Config, Paths
from honeypost.engine.alerts import HOUR, QUIET, RULES, Ledger
from honeypost.engine.ids import Ids
from honeypost.events import (
    BudgetExceeded,
    DecoyAdopted,
    LoginRefused,
    MessageWithheld,
    RecipientSilenced,
    SessionRejected,
)
from honeypost.model import AlertKind, Client, Identity, Protocol
from honeypost.ports import Decoy, Entry
from honeypost.stores.alerts import AlertBook
from honeypost.stores.intel import IntelStore
from honeypost.stores.journal import JournalStore
from honeypost.stores.observations import SAID, LogState
from honeypost.testing.memory import ManualClock

WHO = Identity("s1", Client("2001:db8:7::1", 4000), "imap", Protocol.LOOKUP)


class Site:
    """Both stores, both clocks, and a watch that can be begun anew."""

    def __init__(self, folder: Path, *, attached: bool = True) -> None:
        self.paths = Paths(folder)
        self.flag = folder / "attach" / "disarmed"
        self.manifest = folder / "containment.json"
        self.manifest.touch()
        named = str(self.manifest) if attached else ""
        self.config = Config(beside=Beside(containment=named))
        self.clock, self.ticks = ManualClock(), ManualClock(5.0)
        self.intel = IntelStore(self.paths.intel)
        self.book = AlertBook(self.intel)
        self.journal = JournalStore(self.paths.journal, most_bytes=1 << 24)
        self.journal.open()
        self.ids = Ids(os.urandom)
        self.restart()

    def restart(self) -> None:
        self.watch = Watch(self.config, self.paths, self.intel, clock=self.clock, ticks=self.ticks)

    async def note(self, *events: object, who: Identity | None = WHO) -> None:
        for event in events:
            time = self.clock()
            self.journal.append(Entry(self.ids.at(time), time, event, who))
        await self.journal.flush()

    async def adopt(self, account: str) -> None:
        now = self.clock()
        await self.journal.adopt(Decoy(account, "hunter2", f"m-{account}", now, now))
        await self.note(
            DecoyAdopted(account, "m", "hunter2", "imap", "PLAIN", b"x", 2, 2, "list", now)
        )

    def beat(self, **more: object) -> None:
        said = {"time": self.clock(), "doubt": "", **more}
        self.paths.status.write_text(json.dumps(said))

    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.ticks.advance(seconds)

    def live(self, seconds: float, **status: object) -> None:
        """Look every five minutes while the edge beats."""
        for _ in range(int(seconds // 300)):
            self.pass_time(300)
            self.beat(**status)
            self.watch.look()

    def ledger(self, kind: AlertKind) -> Ledger:
        return next(each for each in self.book.ledgers() if each.kind is kind)

    def lines(self, kind: AlertKind) -> list[str]:
        return self.book.lines(kind)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path)
    yield made
    made.journal.close()
    made.intel.close()


def test_before_there_is_anything_nothing_is_wrong(tmp_path: Path) -> None:
    with IntelStore(tmp_path / "worker" / "intel.db") as intel:
        clock = ManualClock()
        assert Watch(Config(), Paths(tmp_path), intel, clock=clock, ticks=clock).look() == 0


async def test_the_first_decoy_and_no_other(site: Site) -> None:
    await site.adopt("info@example.org")
    assert site.watch.look() == 1
    assert site.lines(AlertKind.DECOY) == [
        "2026-03-01 info@example.org over imap, from 2001:db8:7::/64"
    ]
    site.pass_time(60)
    await site.adopt("sales@example.org")
    assert site.watch.look() == 0
    assert site.ledger(AlertKind.DECOY).pending == 1


async def test_the_secret_is_nowhere(site: Site) -> None:
    await site.adopt("info@example.org")
    site.watch.look()
    assert all(b"hunter2" not in path.read_bytes() for path in site.paths.intel.parent.iterdir())


async def test_budgets_of_the_site_count_and_limits_of_one_client_do_not(site: Site) -> None:
    await site.note(
        BudgetExceeded("disk_bytes", 1), BudgetExceeded("disk_bytes", 1),
        SessionRejected("connections"), SessionRejected("connections_per_network"),
        BudgetExceeded("client_conversations", 1), BudgetExceeded("network_conversations", 1),
        BudgetExceeded("late_bounce.messages_per_network", 1),
        LoginRefused("x", b"x", "PLAIN", "imap", True, "t", "", "wrong", 1, 2),
    )  # fmt: skip
    site.watch.look()
    assert site.ledger(AlertKind.BUDGET).pending == 3
    assert site.lines(AlertKind.BUDGET) == [
        "2026-03-01 connections",
        "2026-03-01 disk_bytes (2 times)",
    ]


async def test_withheld_mail_has_a_line_that_can_be_released(site: Site) -> None:
    evil, why = b"x\r\nBcc: y@example.org", "nothing shows that the domain sent it"
    await site.note(
        MessageWithheld("c" * 24 + "12345678", "Q1", b"eve@example.net\x1b[2J", 1, 10, "")
    )
    await site.note(
        RecipientSilenced("c" * 24 + "12345678", "Q1", evil, why),
        RecipientSilenced("d" * 32, "Q2", b"z@example.org", "bulk mail"),
        RecipientSilenced("e" * 32, "Q3", b"z@example.org", "the null sender"),
        RecipientSilenced("", "Q4", b"z@example.org", "mail of this host"),
    )
    site.watch.look()
    assert site.lines(AlertKind.WITHHELD) == [
        f"2026-03-01 12345678 to x\\x0d\\x0aBcc: y@example.org, from eve@example.net\\x1b[2J: {why}",
        "2026-03-01 dddddddd to z@example.org, from ?: bulk mail",
    ]


async def test_nothing_is_counted_twice_and_old_news_not_at_all(site: Site) -> None:
    await site.note(BudgetExceeded("disk_bytes", 1))
    site.pass_time(QUIET + 1)
    await site.note(BudgetExceeded("disk_bytes", 1))
    site.watch.look()
    site.restart()
    site.watch.look()
    assert site.ledger(AlertKind.BUDGET).pending == 1
    assert site.intel.cursor(CURSOR)


async def test_a_doubt_that_passes_is_no_alert(site: Site) -> None:
    site.beat(doubt="Postfix is starting")
    site.watch.look()
    site.live(240, doubt="Postfix is starting")
    site.live(600)
    assert not site.ledger(AlertKind.CONTAINMENT).pending


async def test_a_doubt_that_stays_is_one_even_over_a_restart(site: Site) -> None:
    patience = RULES[AlertKind.CONTAINMENT].patience
    site.live(patience + 600, doubt="main.cf is not\nwhat was attached")
    ledger = site.ledger(AlertKind.CONTAINMENT)
    assert (ledger.standing, ledger.pending) == (True, 1)
    assert site.lines(AlertKind.CONTAINMENT) == [
        "2026-03-01 12:10 UTC main.cf is not\\x0awhat was attached"
    ]
    site.restart()
    site.live(600, doubt="main.cf is not what was attached")
    assert site.ledger(AlertKind.CONTAINMENT) == ledger
    # What the edge said long ago says nothing about now.
    site.pass_time(FRESH_SECONDS + 1)
    site.watch.look()
    assert site.ledger(AlertKind.CONTAINMENT).standing
    site.live(600)
    ledger = site.ledger(AlertKind.CONTAINMENT)
    assert (ledger.standing, ledger.pending) == (False, 1)


@pytest.mark.parametrize("status", ["", "[]", "{}", '{"doubt": 1, "time": 2}', '{"time": "x"}'])
def test_a_status_that_cannot_be_read_tells_nothing(site: Site, status: str) -> None:
    site.paths.status.write_text(status)
    assert site.watch.look() == 0


def test_where_nothing_is_attached_there_is_no_doubt(tmp_path: Path) -> None:
    site = Site(tmp_path, attached=False)
    site.live(3600, doubt="the lookup listener is served")
    assert not site.ledger(AlertKind.CONTAINMENT).standing
    site.intel.close()
    site.journal.close()


@pytest.mark.parametrize("gone", [True, False])
def test_an_edge_that_is_silent_for_an_hour(site: Site, gone: bool) -> None:
    site.live(600)
    if gone:
        site.paths.status.unlink()
    for _ in range(12):
        site.watch.look()
        site.pass_time(300)
        assert not site.ledger(AlertKind.EDGE).standing
    site.watch.look()
    assert site.ledger(AlertKind.EDGE).standing
    assert site.lines(AlertKind.EDGE) == [
        "2026-03-01 13:10 UTC last heard of at 2026-03-01 12:10 UTC"
    ]
    site.live(300)
    assert not site.ledger(AlertKind.EDGE).standing


def test_an_edge_that_never_came_up_is_missed_only_where_something_is_attached(site: Site) -> None:
    for _ in range(14):
        site.watch.look()
        site.pass_time(300)
    assert site.ledger(AlertKind.EDGE).standing
    assert site.lines(AlertKind.EDGE)[0].endswith("never heard of")
    site.manifest.unlink()  # detached
    site.watch.look()
    assert not site.ledger(AlertKind.EDGE).standing


def test_a_host_that_was_asleep_was_not_silent(site: Site) -> None:
    site.live(600)
    site.clock.advance(9 * HOUR)  # the other clock stands still meanwhile
    site.watch.look()
    site.restart()
    site.watch.look()
    assert not site.ledger(AlertKind.EDGE).standing


def test_standalone_an_edge_is_missed_once_it_was_there(tmp_path: Path) -> None:
    site = Site(tmp_path, attached=False)
    for _ in range(14):
        site.watch.look()
        site.pass_time(300)
    assert not site.ledger(AlertKind.EDGE).standing
    site.live(300)
    for _ in range(14):
        site.watch.look()
        site.pass_time(300)
    assert site.ledger(AlertKind.EDGE).standing
    site.intel.close()
    site.journal.close()


def test_a_log_that_cannot_be_read_for_an_hour(site: Site) -> None:
    def say(problem: str) -> None:
        logs = [LogState("journal", 1.0, ""), LogState("/var/log/mail.log", 1.0, problem)]
        site.intel.set_cursor(SAID, msgspec.json.encode(logs).decode())

    say("Permission denied")
    site.live(HOUR + 600)
    assert site.ledger(AlertKind.LOG).standing
    say("")
    site.live(300)
    assert not site.ledger(AlertKind.LOG).standing


def test_what_the_guard_did_is_told_at_once(site: Site) -> None:
    site.flag.parent.mkdir()
    site.flag.write_text("2026-03-01T10:00:00Z old\n2026-03-01T11:00:00Z switched off\n")
    assert site.watch.look() == 1
    assert site.lines(AlertKind.DISARMED) == [
        "2026-03-01 12:00 UTC 2026-03-01T11:00:00Z switched off"
    ]
    site.flag.unlink()
    assert site.watch.look() == 1
    assert not site.ledger(AlertKind.DISARMED).standing
