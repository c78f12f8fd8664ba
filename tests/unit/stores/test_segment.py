import zlib

import pytest

from honeypost.errors import StoreCorrupt
from honeypost.ports import Capture
from honeypost.stores.appender import begin_segment
from honeypost.stores.files import DISK
from honeypost.stores.records import SEGMENT_HEAD_BYTES, Meta
from honeypost.stores.segment import Segment, open_segment
from support.storage import WHO, envelope

MARKER = b"m4rk3r!!"
BODIES = [b"first", b"second" * 100, b"", b"last"]


@pytest.fixture
def path(tmp_path):
    appender = begin_segment(DISK, tmp_path, 1, MARKER)
    for number, body in enumerate(BODIES):
        capture = Capture(f"id{number}", number, envelope(), WHO, len(body), "")
        appender.append(Meta(capture=capture), [body], len(body), zlib.crc32(body))
    appender.close()
    return tmp_path / "00000001.seg"


def segment_of(path):
    return Segment(DISK.open(path))


def ids(segment, offset=0, *, verify=True):
    return [meta.capture.id for _, meta in segment.metas(Meta, offset, verify=verify)]


def places(path):
    return list(segment_of(path).places())


def damage(path, offset, data=b"\xff\xff"):
    raw = bytearray(path.read_bytes())
    raw[offset : offset + len(data)] = data
    path.write_bytes(raw)


def test_all_records_in_order(path):
    segment = segment_of(path)
    assert ids(segment) == ["id0", "id1", "id2", "id3"]
    assert (segment.corrupt_records, segment.torn_bytes) == (0, 0)
    assert [b"".join(segment.body(place)) for place in segment.places()] == BODIES


@pytest.mark.parametrize("part", ["head", "meta", "body"])
def test_a_damaged_record_is_stepped_over_and_counted(path, part):
    place = places(path)[1]
    at = {"head": place.offset + 9, "meta": place.meta_offset + 5, "body": place.body_offset + 50}
    damage(path, at[part])
    segment = segment_of(path)
    assert ids(segment) == ["id0", "id2", "id3"]
    assert (segment.corrupt_records, segment.torn_bytes) == (1, 0)


def test_a_damaged_body_is_not_looked_at_unless_wanted(path):
    damage(path, places(path)[1].body_offset)
    assert ids(segment_of(path), verify=False) == ["id0", "id1", "id2", "id3"]


@pytest.mark.parametrize("cut", range(1, 60))
def test_a_torn_end_is_where_reading_stops(path, cut):
    raw = path.read_bytes()
    path.write_bytes(raw[:-cut])
    segment = segment_of(path)
    assert ids(segment) == ["id0", "id1", "id2"]
    assert segment.torn_bytes > 0
    assert segment.good_end + segment.torn_bytes == len(raw) - cut


def test_a_cursor_in_the_middle_of_a_record_leads_to_the_next_one(path):
    place = places(path)[1]
    assert ids(segment_of(path), place.offset + 3) == ["id2", "id3"]
    assert ids(segment_of(path), place.body_offset) == ["id2", "id3"]


def test_a_cursor_behind_the_end_finds_nothing(path):
    assert ids(segment_of(path), 1 << 40) == []


def test_a_forged_record_in_a_body_is_not_believed(tmp_path):
    forged = begin_segment(DISK, tmp_path, 9, b"guessed!")
    forged.append(Meta(capture=Capture("forged", 0, envelope(), WHO, 0, "")), [], 0, 0)
    forged.close()
    lure = (tmp_path / "00000009.seg").read_bytes()[SEGMENT_HEAD_BYTES:] * 3
    appender = begin_segment(DISK, tmp_path, 1, MARKER)
    for name in ("a", "b"):
        capture = Capture(name, 0, envelope(), WHO, len(lure), "")
        appender.append(Meta(capture=capture), [lure], len(lure), zlib.crc32(lure))
    appender.close()
    path = tmp_path / "00000001.seg"
    damage(path, places(path)[0].offset)
    assert ids(segment_of(path)) == ["b"]


def test_a_marker_across_two_chunks_is_found(path, monkeypatch):
    monkeypatch.setattr("honeypost.stores.segment.CHUNK_BYTES", 60)
    damage(path, places(path)[1].offset)
    assert ids(segment_of(path)) == ["id0", "id2", "id3"]


def test_what_is_no_segment(tmp_path):
    (tmp_path / "x").write_bytes(b"something else")
    with pytest.raises(StoreCorrupt):
        Segment(DISK.open(tmp_path / "x"))
    assert open_segment(DISK.open(tmp_path / "x")) is None
