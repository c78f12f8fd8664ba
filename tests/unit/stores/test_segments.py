import asyncio
import errno
import hashlib
import os
import threading

import pytest

from honeypost.config.schema import Budgets
from honeypost.engine.traces import Trace
from honeypost.errors import StoreBusy, StoreCorrupt, StoreError, StoreFull
from honeypost.model import Envelope, Recipient
from honeypost.stores.files import DiskFile, DiskFiles
from honeypost.stores.reader import SegmentReader
from honeypost.testing.memory import MemoryBody
from support.storage import ROOMY, WHO, body_of, envelope, eventually, identity, keep, make_store

NOON = 1_772_366_400.0


class OddFile:
    def __init__(self, file, files, name):
        self._file = file
        self._files = files
        self._name = name

    def write(self, offset, data):
        limit = self._files.room
        if limit is not None and offset + len(data) > limit:
            self._file.write(offset, data[: max(0, limit - offset)])
            raise OSError(errno.ENOSPC, "No space left on device")
        self._file.write(offset, data)

    def sync(self):
        self._files.syncs += 1
        if self._files.broken:
            raise OSError(errno.EIO, "Input/output error")
        self._file.sync()

    def truncate(self, size):
        if self._files.broken:
            raise OSError(errno.EIO, "Input/output error")
        self._file.truncate(size)

    def __getattr__(self, name):
        return getattr(self._file, name)


class OddFiles(DiskFiles):
    """A disk that is full behind ``room`` bytes of a file, or broken, when the test says so."""

    room = None
    broken = False
    syncs = 0
    free = 1 << 40

    def create(self, path):
        return OddFile(super().create(path), self, path.name)

    def free_bytes(self, directory):
        return self.free


@pytest.fixture
def files():
    return OddFiles()


@pytest.fixture
def make(tmp_path, files):
    stores = []

    def maker(budgets=ROOMY, **settings):
        for store in stores:
            store.close()
        store = make_store(tmp_path, budgets, files=files, **settings)
        store.damage = store.open()
        stores.append(store)
        return store

    yield maker
    for store in stores:
        store.close()


def segments(tmp_path):
    return sorted((tmp_path / "segments").glob("*.seg"))


async def test_a_kept_message_is_there_with_all_about_it(make):
    store = make()
    to = envelope(b"a@example.net", b"b@example.net", queue_id="Q1")
    capture = await keep(store, b"hello\r\n", to=to, time=NOON)
    assert (capture.envelope, capture.who, capture.time) == (to, WHO, NOON)
    assert (capture.size, capture.sha256) == (7, hashlib.sha256(b"hello\r\n").hexdigest())
    assert list(store.captures()) == [capture]
    assert store.read(capture.id) == b"hello\r\n"


async def test_everything_is_there_after_a_restart(make):
    store = make(segment_bytes=20_000)
    kept = [await keep(store, body_of(n, n * 1000)) for n in range(20)]
    again = make(segment_bytes=20_000)
    assert not again.damage
    assert list(again.captures()) == kept
    assert [again.read(c.id) for c in kept] == [body_of(n, n * 1000) for n in range(20)]
    later = await keep(again, b"later")
    assert later.id > kept[-1].id


async def test_ids_go_on_behind_the_newest_when_the_clock_was_set_back(make):
    first = await keep(make(), b"x", time=NOON)
    assert (await keep(make(), b"y", time=NOON - 3600)).id > first.id


async def test_a_group_of_messages_costs_one_sync(make, files):
    store = make()
    await keep(store, b"opens the segment")
    files.syncs = 0
    busy, go = threading.Event(), threading.Event()

    def hold():
        busy.set()
        assert go.wait(10)

    held = asyncio.ensure_future(store._writer.run(hold))
    await eventually(busy.is_set)
    kept = [asyncio.ensure_future(keep(store, body_of(n, 100))) for n in range(50)]
    await eventually(lambda: store._writer.pending == 50)
    go.set()
    await asyncio.gather(held, *kept)
    assert files.syncs == 1


async def test_the_figures_may_be_asked_for_while_segments_come_and_go(make):
    store = make(segment_bytes=10)

    async def work():
        for number in range(100):
            await keep(store, b"x", time=NOON + number)
            await store.prune(NOON + number - 5)

    working = asyncio.ensure_future(work())
    while not working.done():
        assert store.bytes >= 0
        await asyncio.sleep(0)
    await working


async def test_a_segment_that_is_full_is_left_alone(make, tmp_path):
    store = make(segment_bytes=5000)
    for number in range(10):
        await keep(store, body_of(number, 2000))
    sizes = [path.stat().st_size for path in segments(tmp_path)]
    assert len(sizes) >= 3
    assert all(size < 5000 + 2700 for size in sizes)
    assert store.bytes == sum(sizes)


async def test_an_empty_and_a_large_body(make):
    store = make()
    empty = await keep(store, b"")
    large = await keep(store, body_of(1, 10_000_000))
    assert store.read(empty.id) == b""
    assert store.read(large.id) == body_of(1, 10_000_000)
    assert store._spool.bytes == 0


async def test_a_skipped_header_is_not_kept(make):
    store = make()
    body = store.spool()
    body.write(b"X-Secret: 1\r\nrest")
    body.skip(13)
    capture = await store.keep(envelope(), WHO, body, NOON)
    assert (store.read(capture.id), capture.size) == (b"rest", 4)


async def test_parts_of_one_message_share_its_body_and_are_joined(make, tmp_path):
    store = make()
    body = body_of(1, 50_000)
    parts = [
        await keep(store, body, to=envelope(f"r{n}@example.net".encode(), queue_id="Q1"))
        for n in range(20)
    ]
    assert segments(tmp_path)[0].stat().st_size < 80_000
    assert all(store.read(part.id) == body for part in parts)
    (joined,) = store.joined()
    assert joined.parts == tuple(part.id for part in parts)
    assert [r.address for r in joined.capture.envelope.recipients] == [
        f"r{n}@example.net".encode() for n in range(20)
    ]
    assert joined.capture.id == parts[0].id
    again = make()
    assert all(again.read(part.id) == body for part in parts)


@pytest.mark.parametrize(
    "other",
    [
        {"queue_id": "Q2"},
        {"queue_id": "Q1", "account": "other@example.org"},
        {"queue_id": ""},
    ],
)
async def test_other_messages_are_not_joined(make, other):
    store = make()
    await keep(store, b"same", to=envelope(queue_id="Q1"))
    await keep(store, b"same", to=envelope(**other))
    await keep(store, b"same", to=envelope(**other))
    assert len(list(store.joined())) == (3 if other == {"queue_id": ""} else 2)


async def test_the_disk_budget_is_kept(make):
    store = make(Budgets(disk_bytes=10_000, disk_free_bytes=0))
    kept = await keep(store, body_of(1, 8000))
    with pytest.raises(StoreFull, match="disk_bytes"):
        await keep(store, body_of(2, 3000))
    small = await keep(store, b"small")
    assert [c.id for c in store.captures()] == [kept.id, small.id]
    assert store._spool.bytes == 0


async def test_the_oldest_segments_make_way_for_new_captures(make):
    budget = 1 << 20
    store = make(Budgets(disk_bytes=budget, disk_free_bytes=0))
    kept = [await keep(store, body_of(number, 30_000)) for number in range(60)]
    left = [capture.id for capture in store.captures()]
    assert left == [capture.id for capture in kept[-len(left) :]]
    assert store.bytes <= budget
    assert len(left) * 30_000 > budget * 0.7
    assert store.read(kept[-1].id) == body_of(59, 30_000)


async def test_free_space_is_left_to_others(make, files):
    store = make(Budgets(disk_free_bytes=1_000_000))
    files.free = 1_010_000
    with pytest.raises(StoreFull):
        await keep(store, body_of(1, 20_000))
    files.free = 2_000_000
    await keep(store, body_of(1, 20_000))


async def test_a_message_that_does_not_fit_leaves_nothing_behind(make, files, tmp_path):
    store = make()
    first = await keep(store, body_of(1, 5000))
    size = segments(tmp_path)[0].stat().st_size
    files.room = size + 3000
    with pytest.raises(StoreFull):
        await keep(store, body_of(2, 100_000))
    assert segments(tmp_path)[0].stat().st_size == size
    files.room = None
    third = await keep(store, body_of(3, 100_000))
    assert [c.id for c in store.captures()] == [first.id, third.id]
    assert not SegmentReader(tmp_path / "segments").damage
    assert not make().damage


async def test_a_failed_sync_keeps_nothing_of_the_group_and_ends_the_segment(make, files, tmp_path):
    store = make()
    first = await keep(store, b"first")
    files.broken = True
    outcomes = await asyncio.gather(
        *(keep(store, body_of(n, 100), to=envelope(queue_id="Q9")) for n in range(3)),
        return_exceptions=True,
    )
    assert all(type(outcome) is StoreError for outcome in outcomes)
    files.broken = False
    later = await keep(store, body_of(0, 100), to=envelope(queue_id="Q9"))
    assert store.read(later.id) == body_of(0, 100)
    assert len(segments(tmp_path)) >= 2
    assert {first.id, later.id} <= {c.id for c in store.captures()}


async def test_a_segment_that_cannot_be_begun_leaves_no_file(make, files, tmp_path):
    store = make()
    files.room = 10
    with pytest.raises(StoreFull):
        await keep(store, b"x")
    assert segments(tmp_path) == []
    files.room = None
    await keep(store, b"x")


async def test_an_envelope_beyond_all_limits_is_refused(make):
    store = make()
    endless = Envelope(b"", tuple(Recipient(b"x" * 10_000) for _ in range(500)))
    with pytest.raises(StoreError, match="envelope"):
        await keep(store, b"x", to=endless)
    await keep(store, b"y")


@pytest.mark.parametrize("kept", [True, False])
async def test_freeing_a_large_body_does_not_hold_up_the_event_loop(make, monkeypatch, kept):
    closers = []
    close = DiskFile.close
    store = make(Budgets(disk_free_bytes=0, spool_memory_bytes=10))
    spooled = store.spool()
    spooled.write(b"x" * 100)
    monkeypatch.setattr(
        DiskFile,
        "close",
        lambda file: (closers.append(threading.current_thread().name), close(file)),
    )
    if kept:
        await store.keep(envelope(), WHO, spooled, NOON)
    else:
        spooled.abandon()
    await eventually(lambda: closers)
    assert closers == ["captures"]


async def test_a_body_of_another_spool_is_refused(make):
    with pytest.raises(TypeError):
        await make().keep(envelope(), WHO, MemoryBody(), NOON)


async def test_a_cancelled_sender_frees_the_body_and_the_message_may_be_there(make):
    store = make()
    task = asyncio.ensure_future(keep(store, body_of(1, 300_000)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await keep(store, b"next")
    assert store._spool.bytes == 0


async def test_one_writer_at_a_time(make, tmp_path):
    make()
    with pytest.raises(StoreBusy):
        make_store(tmp_path).open()


async def test_a_closed_store_refuses(make):
    store = make()
    store.close()
    store.close()
    with pytest.raises(StoreError, match="closed"):
        await keep(store, b"x")


def test_a_directory_that_cannot_be_used(tmp_path):
    (tmp_path / "segments").mkdir()
    (tmp_path / "spool").touch()
    for _ in range(2):
        with pytest.raises(StoreError):
            make_store(tmp_path).open()


async def test_a_torn_end_is_cut_off_and_reported(make, tmp_path):
    first = await keep(make(), b"first")
    store = make()
    second = await keep(store, b"second" * 100)
    store.close()
    path = segments(tmp_path)[-1]
    path.write_bytes(path.read_bytes()[:-1])
    again = make()
    assert again.damage.torn_bytes > 600
    assert [c.id for c in again.captures()] == [first.id]
    assert not make().damage
    with pytest.raises(KeyError):
        again.read(second.id)


async def test_a_damaged_record_in_the_middle_is_skipped_and_counted(make, tmp_path):
    store = make()
    kept = [await keep(store, body_of(n, 500)) for n in range(3)]
    store.close()
    path = segments(tmp_path)[0]
    raw = path.read_bytes().replace(body_of(1, 500), b"\0" * 500)
    path.write_bytes(raw)
    again = make()
    assert again.damage.corrupt_records == 1
    assert [k.capture.id for k in SegmentReader(tmp_path / "segments").after()] == [
        kept[0].id,
        kept[2].id,
    ]
    with pytest.raises(StoreCorrupt):
        again.read(kept[1].id)


async def test_a_file_that_is_no_segment_any_more_is_counted_and_kept(make, tmp_path):
    store = make()
    await keep(store, b"x")
    store.close()
    segments(tmp_path)[0].write_bytes(b"\0" * 1000)
    again = make()
    assert again.damage.unreadable_segments == 1
    later = await keep(again, b"y")
    assert [c.id for c in again.captures()] == [later.id]
    assert await again.forget(Trace("someone@example.net")) == 1
    assert len(segments(tmp_path)) == 2


async def test_bytes_of_today(make):
    store = make(segment_bytes=100)
    await keep(store, b"x" * 500, time=NOON - 86_400)
    await keep(store, b"x" * 70, time=NOON)
    await keep(store, b"x" * 7, time=NOON + 1)
    again = make()
    assert again.bytes_since(NOON) == 77
    assert again.bytes_since(NOON + 5) == 0


async def test_old_segments_go_and_newer_ones_stay(make, tmp_path):
    store = make(segment_bytes=100)
    for day in range(5):
        await keep(store, body_of(day, 200), time=NOON + day * 86_400)
    before = store.bytes
    pruned = await store.prune(NOON + 2.5 * 86_400)
    assert pruned.count == 3
    assert pruned.bytes == before - store.bytes > 600
    assert len(segments(tmp_path)) == 2
    assert len(list(store.captures())) == 2
    await keep(store, b"later", time=NOON + 6 * 86_400)


async def test_the_current_segment_goes_too_when_all_in_it_is_old(make, tmp_path):
    store = make()
    await keep(store, b"x", time=NOON)
    assert (await store.prune(NOON)).count == 0
    assert (await store.prune(NOON + 1)).count == 1
    assert segments(tmp_path) == []
    await keep(store, b"y", time=NOON + 2)


async def test_an_unreadable_segment_goes_with_its_neighbours(make, tmp_path):
    store = make(segment_bytes=100)
    for day in range(4):
        await keep(store, body_of(day, 200), time=NOON + day * 86_400)
    store.close()
    for number in (1, 3):
        segments(tmp_path)[number].write_bytes(b"\0" * 50)
    again = make()
    await again.prune(NOON + 2.5 * 86_400)
    assert [path.name for path in segments(tmp_path)] == ["00000004.seg"]


FORGET = [
    pytest.param(envelope(b"Ann@Example.net"), WHO, b"x", id="recipient"),
    pytest.param(envelope(account="ann@example.net"), WHO, b"x", id="account"),
    pytest.param(Envelope(b"ann@example.net", ()), WHO, b"x", id="sender"),
    pytest.param(envelope(), WHO, b"To: <ANN@example.net>\r\n", id="body"),
]


@pytest.mark.parametrize(("to", "who", "body"), FORGET)
async def test_an_address_is_forgotten_wherever_it_stands(make, tmp_path, to, who, body):
    store = make()
    other = await keep(store, b"other")
    gone = await keep(store, body, to=to, who=who)
    after = await keep(store, b"after")
    assert await store.forget(Trace("ann@example.net")) == 1
    assert await store.forget(Trace("ann@example.net")) == 0
    assert [c.id for c in store.captures()] == [other.id, after.id]
    with pytest.raises(KeyError):
        store.read(gone.id)
    assert all(gone.id.encode() not in path.read_bytes() for path in segments(tmp_path))
    assert not make().damage


async def test_a_client_address_is_forgotten(make):
    store = make()
    await keep(store, b"x", who=identity("2001:db8::1"))
    await keep(store, b"x", who=identity("192.0.2.1"))
    assert await store.forget(Trace("2001:DB8:0::1")) == 1
    assert [c.who.client.address for c in store.captures()] == ["192.0.2.1"]


async def test_a_message_is_forgotten_with_all_its_parts(make):
    store = make()
    for name in (b"ann@example.net", b"bob@example.net", b"eve@example.net"):
        await keep(store, b"body", to=envelope(name, queue_id="Q1"))
    stays = await keep(store, b"body", to=envelope(b"bob@example.net", queue_id="Q2"))
    assert await store.forget(Trace("bob@example.net")) == 4
    again = await keep(store, b"body", to=envelope(b"eve@example.net", queue_id="Q1"))
    assert store.read(again.id) == b"body"
    assert stays.id not in {c.id for c in store.captures()}


async def test_an_erasing_that_a_crash_cut_short_is_finished_at_start(make, tmp_path, monkeypatch):
    store = make()
    await keep(store, b"to ann@example.net")
    other = await keep(store, b"other")
    real = os.pwrite
    calls = []

    def dying(descriptor, data, offset):
        calls.append(offset)
        if len(calls) > 1:
            raise OSError(errno.EIO, "Input/output error")
        return real(descriptor, data, offset)

    monkeypatch.setattr(os, "pwrite", dying)
    with pytest.raises(StoreError):
        await store.forget(Trace("ann@example.net"))
    monkeypatch.undo()
    store.close()
    assert b"ann@example.net" in segments(tmp_path)[0].read_bytes()
    again = make()
    assert b"ann@example.net" not in segments(tmp_path)[0].read_bytes()
    assert [c.id for c in again.captures()] == [other.id]
