import pytest

from honeypost.engine.traces import Trace
from honeypost.errors import StoreCorrupt, StoreError
from honeypost.stores.files import DiskFiles
from honeypost.stores.reader import START, Cursor, SegmentReader
from support.storage import body_of, envelope, keep, make_store


@pytest.fixture
def store(tmp_path):
    made = make_store(tmp_path, segment_bytes=4000)
    made.open()
    yield made
    made.close()


@pytest.fixture
def reader(tmp_path):
    return SegmentReader(tmp_path / "segments")


def bodies(reader, cursor=START):
    return [reader.read(kept.capture.id) for kept in reader.after(cursor)]


def test_a_cursor_is_text_and_back():
    assert Cursor.parse(str(Cursor(12, 3456))) == Cursor(12, 3456)
    assert START < Cursor(1, 0) < Cursor(1, 9) < Cursor(2, 0)


def test_nothing_is_there_before_the_first_capture(reader):
    assert list(reader.after()) == []
    with pytest.raises(KeyError):
        reader.read("none")


async def test_a_reader_goes_on_where_it_was_while_the_edge_writes(store, reader):
    cursor, seen = START, []
    for number in range(30):
        await keep(store, body_of(number, 700))
        for kept in reader.after(cursor):
            seen.append(reader.read(kept.capture.id))
            cursor = kept.cursor
    assert seen == [body_of(number, 700) for number in range(30)]
    assert list(reader.after(cursor)) == []
    assert not reader.damage


async def test_any_cursor_gives_the_rest(store, reader):
    for number in range(12):
        await keep(store, body_of(number, 700))
    kept = list(reader.after())
    for position, one in enumerate(kept):
        assert [k.capture for k in reader.after(one.cursor)] == [
            k.capture for k in kept[position + 1 :]
        ]


async def test_what_is_only_half_written_is_not_there_yet(store, reader, tmp_path):
    await keep(store, b"first")
    (cursor,) = (kept.cursor for kept in reader.after())
    await keep(store, b"second")
    path = tmp_path / "segments" / "00000001.seg"
    raw = path.read_bytes()
    for length in range(cursor.offset, len(raw)):
        path.write_bytes(raw[:length])
        assert list(reader.after(cursor)) == []
    path.write_bytes(raw)
    assert bodies(reader, cursor) == [b"second"]
    assert not reader.damage


async def test_segments_that_retention_took_are_passed_over(store, reader, tmp_path):
    for number in range(12):
        await keep(store, body_of(number, 2000))
    left = reader.after()
    next(left)
    for path in sorted((tmp_path / "segments").glob("*.seg"))[1:3]:
        path.unlink()
    assert 0 < len(list(left)) < 11
    assert not reader.damage


async def test_damage_is_counted(store, reader, tmp_path):
    for number in range(12):
        await keep(store, body_of(number, 2000))
    paths = sorted((tmp_path / "segments").glob("*.seg"))
    paths[0].write_bytes(b"no segment")
    paths[1].write_bytes(paths[1].read_bytes()[:-5])
    assert list(reader.after())
    assert reader.damage.unreadable_segments == 1
    assert reader.damage.torn_bytes > 2000
    assert reader.damage


async def test_a_body_that_is_not_what_was_captured_is_said_so(store, tmp_path):
    capture = await keep(store, b"the body")
    path = tmp_path / "segments" / "00000001.seg"
    path.write_bytes(path.read_bytes().replace(b"the body", b"The body"))
    reader = SegmentReader(tmp_path / "segments")
    with pytest.raises(StoreCorrupt, match=capture.id):
        reader.read(capture.id)
    assert list(reader.after()) == []
    assert [c.id for c in reader.captures()] == [capture.id]


async def test_one_capture_is_found_among_many(store, tmp_path):
    kept = [
        await keep(store, body_of(n // 2, 300), to=envelope(queue_id=f"Q{n // 2}"))
        for n in range(30)
    ]
    for number, capture in enumerate(kept):
        reader = SegmentReader(tmp_path / "segments")
        assert reader.read(capture.id) == body_of(number // 2, 300)
        assert reader.capture(capture.id) == capture
    with pytest.raises(KeyError):
        SegmentReader(tmp_path / "segments").capture("0" * 32)


async def test_an_id_in_another_field_is_no_capture(store, reader):
    lure = "f" * 32
    await keep(store, b"x", to=envelope(queue_id=lure))
    with pytest.raises(KeyError):
        reader.read(lure)


async def test_a_capture_that_is_erased_after_it_was_found_is_gone(store, reader, tmp_path):
    capture = await keep(store, b"ann@example.net")
    assert bodies(reader)
    await store.forget(Trace("ann@example.net"))
    with pytest.raises(KeyError):
        reader.read(capture.id)


async def test_places_remembered_are_bounded(store, reader, monkeypatch):
    monkeypatch.setattr("honeypost.stores.reader.PLACES_REMEMBERED", 3)
    for number in range(8):
        await keep(store, body_of(number, 10))
    assert bodies(reader) == [body_of(number, 10) for number in range(8)]
    assert len(reader._places) <= 3


async def test_a_disk_that_cannot_be_read_is_said_so(store, tmp_path):
    await keep(store, b"x")

    class Broken(DiskFiles):
        def open(self, path, *, writable=False):
            raise PermissionError(13, "Permission denied")

    with pytest.raises(StoreError, match="Permission denied"):
        list(SegmentReader(tmp_path / "segments", Broken()).after())
