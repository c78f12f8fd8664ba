import asyncio
import sqlite3
import threading
from contextlib import closing

import pytest

from honeypost.engine.traces import Trace
from honeypost.errors import StoreBusy, StoreCorrupt, StoreError, StoreFull
from honeypost.events import GrantsStopped, LoginRefused, RecipientProbed, SessionOpened
from honeypost.model import Client, Identity, Protocol
from honeypost.ports import Decoy, Entry
from honeypost.stores.journal import JournalStore
from honeypost.stores.view import JournalView
from support.storage import eventually

WHO = Identity("s-1", Client("2001:db8::1", 25), "smtp", Protocol.SMTP)
DECOY = Decoy("info@example.org", "info2026", "m4rk3r", 1000.0, 2000.0)
NOON = 1_772_366_400.0


def entry(number, event=None, time=NOON, who=WHO):
    return Entry(f"{number:032x}", time, event or GrantsStopped(str(number)), who)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "edge" / "journal.db"


@pytest.fixture
def log(path):
    made = JournalStore(path, linger_seconds=60)
    made.open()
    yield made
    made.close()


def seen(path):
    with JournalView(path) as view:
        return list(view.all_entries())


async def test_what_is_flushed_is_there_in_order(log, path):
    entries = [entry(number) for number in range(100)]
    for one in entries:
        log.append(one)
    await log.flush()
    assert seen(path) == entries
    assert log.dropped == 0


async def test_an_event_that_nobody_waits_for_is_there_soon(path):
    log = JournalStore(path, linger_seconds=0.01)
    log.open()
    log.append(entry(1))
    await eventually(lambda: seen(path))
    log.close()


async def test_closing_writes_what_waits(path):
    log = JournalStore(path, linger_seconds=60)
    log.open()
    log.append(entry(1))
    log.close()
    log.close()
    assert seen(path) == [entry(1)]
    log.append(entry(2))
    assert log.dropped == 1
    with pytest.raises(StoreError):
        await log.flush()


async def test_an_entry_given_twice_is_there_once(log, path):
    log.append(entry(1))
    log.append(entry(1))
    await log.flush()
    assert seen(path) == [entry(1)]


async def test_a_restart_knows_the_newest_id_and_the_decoys(log, path):
    log.append(entry(7))
    await log.flush()
    await log.adopt(DECOY)
    log.close()
    again = JournalStore(path)
    again.open()
    assert again.last_id == entry(7).id
    assert list(again.all()) == [DECOY]
    again.close()


@pytest.mark.parametrize(
    "second",
    [
        Decoy(DECOY.account, "other", "other", 1.0, 2.0),
        Decoy("other@example.org", "other", DECOY.marker, 1.0, 2.0),
    ],
)
async def test_an_account_and_a_marker_exist_once(log, path, second):
    await log.adopt(DECOY)
    with pytest.raises(StoreError, match="UNIQUE"):
        await log.adopt(second)
    with JournalView(path) as view:
        assert view.decoys() == [DECOY]


async def test_events_that_say_little_are_dropped_first(path):
    log = JournalStore(path, linger_seconds=60, queue_limit=10)
    log.open()
    held = threading.Event()
    running = threading.Event()

    def hold(_):
        running.set()
        assert held.wait(10)

    task = asyncio.ensure_future(log.run(hold))
    await eventually(running.is_set)
    for number in range(8):
        log.append(entry(number, SessionOpened()))
    assert log.dropped == 3
    for number in range(8, 13):
        log.append(entry(number))
    assert log.dropped == 3
    log.append(entry(13))
    assert log.dropped == 4
    with pytest.raises(StoreFull):
        await log.flush()
    held.set()
    await task
    await eventually(lambda: not log._writer.pending)
    await log.flush()
    assert len(seen(path)) == 10
    log.close()


async def test_what_cannot_be_written_is_tried_again(log, path):
    log.append(entry(1))
    await log.flush()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        log.append(entry(2))
        with pytest.raises(StoreError, match="locked"):
            await log.flush()
        with pytest.raises(StoreError, match="locked"):
            await log.adopt(DECOY)
        other.execute("ROLLBACK")
    assert len(seen(path)) == 1
    log.append(entry(3))
    await log.flush()
    assert [one.id for one in seen(path)] == [entry(n).id for n in (1, 2, 3)]
    with JournalView(path) as view:
        assert view.decoys() == []
    assert log.dropped == 0


async def test_what_is_carried_is_bounded_and_written_at_the_end_if_it_can_be(path):
    log = JournalStore(path, linger_seconds=60, queue_limit=4)
    log.open()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for first in (0, 3):
            for number in range(first, first + 3):
                log.append(entry(number))
            with pytest.raises(StoreError):
                await log.flush()
        assert log.dropped == 2
        other.execute("ROLLBACK")
    log.close()
    assert len(seen(path)) == 4


async def test_what_is_carried_to_the_end_in_vain_is_counted(path):
    log = JournalStore(path, linger_seconds=60)
    log.open()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        log.append(entry(1))
        with pytest.raises(StoreError):
            await log.flush()
        log.close()
    assert log.dropped == 1


async def test_one_bad_entry_does_not_take_the_others_along(log, path):
    log.append(entry(1))
    log.append(entry(2, GrantsStopped("\ud800")))
    log.append(entry(3))
    await log.flush()
    assert len(seen(path)) == 2
    assert log.dropped == 1


async def test_a_task_that_fails_has_changed_nothing(log):
    await log.adopt(DECOY)

    def half(connection):
        connection.execute("DELETE FROM decoys")
        connection.execute("BROKEN")

    with pytest.raises(StoreError):
        await log.run(half)
    assert await log.run(lambda c: c.execute("SELECT count(*) FROM decoys").fetchone()) == (1,)


def test_one_writer_at_a_time(log, path):
    with pytest.raises(StoreBusy):
        JournalStore(path).open()


@pytest.mark.parametrize("size", [20_000, 100])
async def test_a_broken_file_is_said_so_and_the_edge_goes_on_without(path, size):
    path.parent.mkdir()
    path.write_bytes(b"\xff" * size)
    for _ in range(2):
        log = JournalStore(path)
        with pytest.raises(StoreCorrupt):
            log.open()
    log.append(entry(1))
    assert log.dropped == 1
    assert list(log.all()) == []
    with pytest.raises(StoreError):
        await log.flush()
    with pytest.raises(StoreError):
        await log.adopt(DECOY)
    log.close()


def test_a_file_whose_decoys_cannot_be_read_is_not_opened(path):
    first = JournalStore(path)
    first.open()
    first.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE decoys")
    for _ in range(2):
        with pytest.raises(StoreError, match="decoys"):
            JournalStore(path).open()


async def test_old_events_go(log, path):
    for number in range(2500):
        log.append(entry(number, time=NOON + number))
    await log.flush()
    pruned = await log.prune(NOON + 2300)
    assert pruned.count == 2300
    assert [one.time for one in seen(path)] == [NOON + n for n in range(2300, 2500)]
    assert pruned.bytes > 0


async def test_the_oldest_go_when_there_are_too_many(path):
    log = JournalStore(path, most_bytes=500_000)
    log.open()
    for number in range(3000):
        log.append(entry(number, GrantsStopped("x" * 50)))
    await log.flush()
    pruned = await log.prune(0)
    assert 0 < pruned.count < 3000
    with JournalView(path) as view:
        assert view.bytes() <= 500_000
        assert view.last_id() == entry(2999).id
    log.close()
    assert path.stat().st_size < 700_000


async def test_a_flood_between_two_sweeps_displaces_its_own_events_only(path):
    log = JournalStore(path, most_bytes=400_000)
    log.open()
    learnt = [
        entry(n, LoginRefused("a@b.example", b"a", "PLAIN", "smtp", False, "t", "", "r", 1, 2))
        for n in range(20)
    ]
    for one in learnt:
        log.append(one)
    for number in range(100, 5100):
        log.append(entry(number, RecipientProbed(b"x" * 100, b"", "unknown")))
        if not number % 100:
            await log.flush()
    await log.flush()
    with JournalView(path) as view:
        assert view.bytes() <= 500_000
        assert view.last_id() == entry(5099).id
        assert view.entries(kinds=("login.refused",)) == learnt
    log.close()
    assert path.stat().st_size < 700_000


async def test_a_flood_of_guesses_keeps_to_the_limit_too(path):
    log = JournalStore(path, most_bytes=400_000)
    log.open()
    for number in range(5000):
        log.append(entry(number, GrantsStopped("x" * 100)))
        if not number % 100:
            await log.flush()
    await log.flush()
    with JournalView(path) as view:
        assert view.bytes() <= 500_000
        assert view.last_id() == entry(4999).id
    log.close()


async def test_an_address_is_forgotten_with_every_byte_of_it(log, path):
    ann = "ann@example.net"
    other = [entry(n, GrantsStopped(f"bob{n}@example.net")) for n in range(1500)]
    refused = LoginRefused(ann, ann.encode(), "PLAIN", "smtp", False, "t", "", "r", 1, 2)
    named = [
        entry(2001, refused),
        entry(2002, RecipientProbed(b"<ANN@example.net>", b"", "accepted")),
        entry(2003, GrantsStopped(f"because of {ann}.")),
    ]
    for one in (*other, *named):
        log.append(one)
    await log.flush()
    with closing(sqlite3.connect(path, isolation_level=None)) as later:
        later.execute("UPDATE events SET kind = 'not.yet' WHERE id = ?", (entry(2003).id,))
    assert await log.forget(Trace(ann)) == 3
    assert seen(path) == other
    assert await log.forget(Trace(ann)) == 0
    raw = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert ann.encode() not in raw


async def test_a_client_address_is_forgotten(log, path):
    v4 = Identity("s-2", Client("192.0.2.1", 1), "smtp", Protocol.SMTP)
    log.append(entry(1))
    log.append(entry(2, who=v4))
    log.append(entry(3, who=None))
    await log.flush()
    assert await log.forget(Trace("2001:db8:0:0::1")) == 1
    assert [one.who for one in seen(path)] == [v4, None]


async def test_a_log_that_cannot_be_folded_in_is_said_so(log, monkeypatch):
    def broken(_):
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr("honeypost.stores.journal.fold_log", broken)
    with pytest.raises(StoreError, match="I/O"):
        await log.forget(Trace("ann@example.net"))


async def test_the_write_ahead_log_stays_bounded(log, path):
    for round_ in range(5):
        for number in range(500):
            log.append(entry(round_ * 500 + number, GrantsStopped("x" * 4000)))
        await log.flush()
    # 10 MB went through; one group and what is folded in at a time may be in the log.
    assert path.with_name("journal.db-wal").stat().st_size < 8_000_000
