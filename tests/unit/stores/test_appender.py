import errno
import zlib

import pytest

from honeypost.errors import StoreError
from honeypost.ports import Capture
from honeypost.stores.appender import begin_segment
from honeypost.stores.files import DISK
from honeypost.stores.records import Meta
from honeypost.stores.segment import Segment
from honeypost.testing.forgetful import ForgetfulFiles
from support.storage import WHO, envelope

MARKER = b"m4rk3r!!"


def meta(name, size=0):
    return Meta(capture=Capture(name, 5.0, envelope(), WHO, size, ""))


def add(appender, name, *parts):
    body = b"".join(parts)
    appender.append(meta(name, len(body)), parts, len(body), zlib.crc32(body))


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


def test_the_size_is_that_of_the_file(appender, path):
    assert appender.size == path.stat().st_size
    add(appender, "a", b"x" * 10)
    add(appender, "b", b"x" * 100_000, b"y" * 100_000)
    add(appender, "c")
    assert appender.size == path.stat().st_size
    assert (appender.records, appender.newest) == (3, 5.0)
    assert ids(path) == ["a", "b", "c"]


def test_a_small_message_is_one_write(tmp_path):
    files = ForgetfulFiles()
    appender = begin_segment(files, tmp_path, 1, MARKER)
    before = files.position
    add(appender, "a", b"x" * 4096)
    assert files.position == before + 1
    appender.close()


def test_what_is_taken_back_is_gone(appender, path):
    add(appender, "a", b"x")
    size = appender.size
    add(appender, "b", b"y")
    appender.take_back(size)
    assert path.stat().st_size == size
    add(appender, "c", b"z")
    assert ids(path) == ["a", "c"]


def test_a_body_that_cannot_be_read_leaves_nothing(appender, path):
    def breaking():
        yield b"x"
        raise OSError(errno.EIO, "Input/output error")

    size = appender.size
    with pytest.raises(StoreError):
        appender.append(meta("a", 5), breaking(), 5, 0)
    assert path.stat().st_size == appender.size == size


def test_a_segment_is_never_begun_twice(appender, tmp_path, path):
    add(appender, "a", b"x")
    with pytest.raises(StoreError, match="exists"):
        begin_segment(DISK, tmp_path, 1, MARKER)
    assert ids(path) == ["a"]
