"""The shipped fakes keep the ports' promises."""

import pytest

from honeypost.errors import StoreError, StoreFull
from honeypost.events import SessionOpened
from honeypost.model import Client, Envelope, Identity, Protocol
from honeypost.ports import Decoy, Reality
from honeypost.testing.memory import (
    CountingChance,
    Fence,
    ManualClock,
    MemoryBody,
    MemoryCaptures,
    MemoryDecoys,
    MemoryEventLog,
    MemoryJournal,
    RealNamesTable,
)

WHO = Identity("s", Client("2001:db8::1"), "smtp", Protocol.SMTP)


def test_the_clock_moves_when_told():
    clock = ManualClock(5.0)
    clock.advance(2.5)
    assert clock() == 7.5


def test_chance_is_the_same_in_every_run_and_never_repeats():
    chance = CountingChance()
    drawn = [chance(4), chance(4), chance(16)]
    assert [len(one) for one in drawn] == [4, 4, 16]
    assert len(set(drawn)) == 3
    assert chance(0) == b""


async def test_the_log_is_durable_after_a_flush_only():
    journal = MemoryJournal(ManualClock())
    journal.note(SessionOpened(), WHO)
    assert journal.log.durable == []
    await journal.flush()
    assert journal.log.durable == journal.entries
    assert journal.of(SessionOpened) == [SessionOpened()]
    journal.log.failure = StoreError("disk")
    with pytest.raises(StoreError):
        await journal.flush()


def test_entries_have_rising_ids():
    journal = MemoryJournal(ManualClock(), MemoryEventLog())
    for _ in range(20):
        journal.note(SessionOpened(), None)
    ids = [entry.id for entry in journal.entries]
    assert ids == sorted(set(ids))


async def test_decoys_stay_and_can_fail():
    store = MemoryDecoys()
    decoy = Decoy("a@example.org", "dragon", "m", 0.0, 1.0)
    await store.adopt(decoy)
    assert list(store.all()) == [decoy]
    store.failure = StoreError("disk")
    with pytest.raises(StoreError):
        await store.adopt(decoy)


def test_a_body_is_bounded_looked_at_and_skipped_into():
    body = MemoryBody(limit=8)
    body.write(b"head: x\n")
    assert body.head(4) == b"head"
    with pytest.raises(StoreFull):
        body.write(b"y")
    body.skip(6)
    assert (body.head(99), body.size) == (b"x\n", 2)
    body.abandon()
    body.abandon()
    assert body.size == 0


async def test_captures_give_back_what_they_were_given():
    store = MemoryCaptures()
    body = store.spool()
    body.write(b"\x00\xffmail")
    capture = await store.keep(Envelope(b"", ()), WHO, body, 5.0)
    assert store.read(capture.id) == b"\x00\xffmail"
    assert list(store.captures()) == [capture]
    with pytest.raises(KeyError):
        store.read("none")


@pytest.mark.parametrize(
    ("asked", "reality"),
    [
        ("alice@example.org", Reality.REAL),
        ("alcie@example.org", Reality.REAL),
        ("alice+x@example.org", Reality.REAL),
        ("alice@example.net", Reality.UNKNOWN),
        ("root@example.net", Reality.REAL),
        ("bob@example.org", Reality.UNKNOWN),
    ],
)
async def test_real_names_in_all_forms(asked, reality):
    names = RealNamesTable(["Alice@example.org", "root"])
    assert await names.reality(asked) is reality
    assert names.asked == [asked]
    names.unsure = True
    assert await names.reality(asked) is Reality.UNSURE


def test_the_fence_doubts_when_told():
    assert Fence().doubt() == ""
    assert Fence("altered").doubt() == "altered"
