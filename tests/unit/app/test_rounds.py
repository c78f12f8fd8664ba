"""Every capture is taken apart once, every credential traced, whatever ends the worker."""

from __future__ import annotations

import pytest

from honeypost.app.rounds import Rounds
from honeypost.config.schema import Paths
from honeypost.engine.extraction import DissectorFailed, Mark
from honeypost.events import (
    CaptureExtracted,
    CredentialHandedOver,
    DecoyAdopted,
    DecoyEntered,
    LoginRefused,
    SessionOpened,
)
from honeypost.extract.report import Report
from honeypost.model import Client, Identity, Protocol
from honeypost.ports import Entry
from honeypost.stores.intel import IntelStore
from honeypost.stores.journal import JournalStore
from support.storage import WHO, body_of, identity, keep, make_store

ACCOUNT = "info@example.org"


class Dissector:
    def __init__(self) -> None:
        self.asked: list[str] = []
        self.broken: set[str] = set()
        self.error: Exception | None = None

    async def take_apart(self, raw, *, file, envelope=()):
        if self.error is not None:
            raise self.error
        self.asked.append(file)
        if file in self.broken:
            raise DissectorFailed(Mark.TIMEOUT)
        return Report(file=file, errors=(f"{len(raw)} {envelope[0].decode()}",))


class Site:
    """An edge's stores, and the worker's rounds over them."""

    def __init__(self, data) -> None:
        self.paths = Paths(data)
        self.captures = make_store(data / "edge")
        self.captures.open()
        self.journal = JournalStore(self.paths.journal)
        self.journal.open()
        self.dissector = Dissector()
        self.noted = []
        self.start()

    def start(self) -> None:
        self.intel = IntelStore(self.paths.intel)
        self.rounds = Rounds(self.paths, self.intel, self.dissector, self.noted.append)

    def restart(self) -> None:
        self.intel.close()
        self.start()

    async def note(self, number, event, who=WHO) -> None:
        self.journal.append(Entry(f"{number:032x}", float(number), event, who))
        await self.journal.flush()

    def close(self) -> None:
        self.intel.close()
        self.journal.close()
        self.captures.close()


@pytest.fixture
def site(tmp_path):
    site = Site(tmp_path)
    yield site
    site.close()


def refused() -> LoginRefused:
    return LoginRefused(ACCOUNT, b"info", "PLAIN", "submission", True, "tag", "", "r", 1, 3)


def adopted() -> DecoyAdopted:
    return DecoyAdopted(ACCOUNT, "m1", "123456", "submission", "PLAIN", b"info", 3, 3, "list", 9e9)


def entered() -> DecoyEntered:
    return DecoyEntered(ACCOUNT, "submission", "PLAIN", True)


async def test_nothing_there_yet(tmp_path):
    with IntelStore(tmp_path / "worker" / "intel.db") as intel:
        rounds = Rounds(Paths(tmp_path), intel, Dissector(), print)
        assert await rounds.look() == 0


async def test_mail_of_others_is_not_taken_apart(site):
    limbo = Identity("s", Client(""), "limbo", Protocol.LIMBO)
    await keep(site.captures, body_of(1, 10), who=limbo)
    decoys = await keep(site.captures, body_of(2, 20))
    assert await site.rounds.examine() == 2
    assert site.dissector.asked == [decoys.id]
    assert await site.rounds.examine() == 0


async def test_each_capture_once_in_order_and_over_a_restart(site):
    first = await keep(site.captures, body_of(1, 10))
    second = await keep(site.captures, body_of(2, 20))
    assert await site.rounds.look() == 2
    assert site.dissector.asked == [first.id, second.id]
    found = site.intel.finding(first.id)
    assert found.report.errors == ("10 someone@example.net",)
    assert [type(event) for event in site.noted] == [CaptureExtracted] * 2

    site.restart()
    assert await site.rounds.look() == 0
    third = await keep(site.captures, body_of(3, 30))
    assert await site.rounds.look() == 1
    assert site.dissector.asked[2:] == [third.id]


async def test_a_capture_that_breaks_its_reader_is_marked_and_the_next_one_read(site):
    bad = await keep(site.captures, b"bad")
    good = await keep(site.captures, b"good")
    site.dissector.broken.add(bad.id)
    await site.rounds.look()
    assert site.intel.finding(bad.id).report == Report(file=bad.id, errors=("timeout",))
    assert site.intel.finding(good.id).report.errors == ("4 someone@example.net",)


async def test_an_unreadable_capture_is_marked(site, caplog):
    capture = await keep(site.captures, b"needle in the segment")
    (segment,) = site.paths.segments.glob("*.seg")
    segment.write_bytes(segment.read_bytes().replace(b"needle", b"noodle"))
    await site.rounds.look()
    assert site.intel.finding(capture.id).report.errors == ("unreadable",)
    assert site.dissector.asked == []
    assert capture.id in caplog.text


async def test_a_capture_that_is_gone_is_passed_over(site, monkeypatch):
    await keep(site.captures, b"x")
    monkeypatch.setattr("honeypost.app.rounds.SegmentReader.read", lambda _, capture: {}[capture])
    assert await site.rounds.look() == 1
    assert site.intel.counts()["reports"] == 0
    assert await site.rounds.look() == 0


async def test_when_no_child_comes_up_the_capture_waits(site):
    capture = await keep(site.captures, b"x")
    site.dissector.error = RuntimeError("no child")
    with pytest.raises(RuntimeError):
        await site.rounds.look()
    site.dissector.error = None
    await site.rounds.look()
    assert site.dissector.asked == [capture.id]


async def test_lineages_are_folded_and_a_handover_is_told(site):
    await site.note(1, refused())
    await site.note(2, adopted())
    await site.note(3, SessionOpened())
    assert await site.rounds.look() == 2
    assert site.intel.lineage(ACCOUNT).adoption.secret == "123456"
    assert site.noted == []

    site.restart()
    stranger = identity("198.51.100.9")
    await site.note(4, entered(), stranger)
    assert await site.rounds.look() == 1
    assert site.noted == [CredentialHandedOver(ACCOUNT, "198.51.100.9", 1, 2.0)]
    assert site.intel.lineage(ACCOUNT).handovers[0].network == "198.51.100.9"
    assert await site.rounds.look() == 0


async def test_what_was_forgotten_is_not_written_again(site):
    await site.note(1, refused())
    await site.rounds.look()
    with site.intel.batch():
        site.intel.save_lineages(type(site.rounds._known())(site.rounds._known().cursor))
    site.rounds.reread()
    await site.note(2, adopted(), identity("2001:db8:5::1"))
    await site.rounds.look()
    assert site.intel.lineage(ACCOUNT).guesses.count == 1
