import zlib

import pytest

from honeypost.engine.traces import Trace
from honeypost.ports import Capture
from honeypost.stores.appender import begin_segment
from honeypost.stores.erasing import erase, erase_keys, finish_erasing, trace_keys
from honeypost.stores.files import DISK
from honeypost.stores.records import Kind, Meta
from honeypost.stores.segment import Segment
from honeypost.testing.forgetful import ForgetfulFiles, Sync, Write
from support.storage import WHO, envelope

MARKER = b"m4rk3r!!"


def add(appender, name, *parts):
    body = b"".join(parts)
    capture = Capture(name, 5.0, envelope(), WHO, len(body), "")
    appender.append(Meta(capture=capture), parts, len(body), zlib.crc32(body))


def ids(path):
    return [found.capture.id for _, found in Segment(DISK.open(path)).metas(Meta, verify=True)]


@pytest.fixture
def appender(tmp_path):
    made = begin_segment(DISK, tmp_path, 1, MARKER)
    yield made
    made.close()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "00000001.seg"


def test_erased_records_keep_their_places_and_nothing_else(appender, path):
    for name in ("a", "b", "c"):
        add(appender, name, name.encode() * 500)
    segment = Segment(DISK.open(path))
    places = list(segment.places())
    file = DISK.open(path, writable=True)
    erase(file, places[:2], MARKER)
    file.close()
    after = Segment(DISK.open(path))
    assert [place.offset for place in after.places()] == [place.offset for place in places]
    assert [p.head.kind for p in after.places()] == [Kind.ERASED, Kind.ERASED, Kind.MESSAGE]
    assert ids(path) == ["c"]
    raw = path.read_bytes()
    assert set(raw[places[0].meta_offset : places[0].end]) == {0}


def test_each_step_of_erasing_is_durable_before_the_next(tmp_path):
    files = ForgetfulFiles()
    appender = begin_segment(files, tmp_path, 1, MARKER)
    add(appender, "a", b"x" * 10)
    path = tmp_path / "00000001.seg"
    places = list(Segment(DISK.open(path)).places())
    before = files.position
    erase(files.open(path, writable=True), places, MARKER)
    kinds = [type(call) for call in files._calls[before:]]
    assert kinds == [Write, Sync, Write, Sync, Write, Sync]
    appender.close()


def test_what_is_no_segment_has_nothing_to_erase(tmp_path):
    (tmp_path / "x").write_bytes(b"ann@example.net")
    file = DISK.open(tmp_path / "x", writable=True)
    assert trace_keys(file, Trace("ann@example.net")) == set()
    assert erase_keys(file, {("a",)}) == 0
    finish_erasing(file)
    file.close()
    assert (tmp_path / "x").read_bytes() == b"ann@example.net"
