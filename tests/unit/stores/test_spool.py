import errno
import os

import pytest

from honeypost.config.schema import Budgets
from honeypost.errors import StoreError, StoreFull
from honeypost.stores.files import DISK, DiskFiles
from honeypost.stores.spool import CHUNK_BYTES, Spool

SMALL = Budgets(spool_memory_bytes=100, spool_bytes=1000, disk_free_bytes=0)


class FailingFile:
    def __init__(self, file, files):
        self._file = file
        self._files = files

    def write(self, offset, data):
        if self._files.full:
            raise OSError(errno.ENOSPC, "No space left on device")
        self._file.write(offset, data)

    def __getattr__(self, name):
        return getattr(self._file, name)


class FillingFiles(DiskFiles):
    """A disk that is full when the test says so."""

    full = False

    def create(self, path):
        return FailingFile(super().create(path), self)


def opened(tmp_path, budgets=SMALL, files=DISK):
    spool = Spool(tmp_path / "spool", budgets, files)
    spool.open()
    return spool


def whole(body):
    return b"".join(body.chunks())


def test_a_small_body_stays_in_memory(tmp_path):
    body = opened(tmp_path).body()
    body.write(b"x" * 60)
    body.write(b"y" * 40)
    assert body.size == 100
    assert whole(body) == b"x" * 60 + b"y" * 40
    assert body._file is None


def test_a_large_body_moves_to_a_file_without_a_name(tmp_path):
    spool = opened(tmp_path)
    body = spool.body()
    body.write(b"x" * 60)
    body.write(b"y" * 60)
    body.write(b"z" * 60)
    assert whole(body) == b"x" * 60 + b"y" * 60 + b"z" * 60
    assert body._memory is None
    assert list((tmp_path / "spool").iterdir()) == []
    body.abandon()


def test_a_body_comes_in_bounded_pieces(tmp_path):
    body = opened(tmp_path, Budgets(disk_free_bytes=0)).body()
    body.write(b"x" * (2 * CHUNK_BYTES + 1))
    assert [len(chunk) for chunk in body.chunks()] == [CHUNK_BYTES, CHUNK_BYTES, 1]
    body.abandon()


@pytest.mark.parametrize("size", [50, 500])
def test_the_beginning_can_be_seen_and_skipped(tmp_path, size):
    body = opened(tmp_path).body()
    body.write(b"Secret: 1\r\n" + b"x" * size)
    assert body.head(7) == b"Secret:"
    body.skip(11)
    assert body.size == size
    assert body.head(3) == b"xxx"
    assert whole(body) == b"x" * size
    body.skip(size + 1)
    assert (body.size, whole(body)) == (0, b"")
    body.abandon()


def test_all_bodies_share_one_budget(tmp_path):
    spool = opened(tmp_path)
    one, other = spool.body(), spool.body()
    one.write(b"x" * 600)
    with pytest.raises(StoreFull, match="spool_bytes"):
        other.write(b"x" * 401)
    other.write(b"x" * 400)
    assert spool.bytes == 1000
    one.abandon()
    one.abandon()
    assert spool.bytes == 400
    other.write(b"x" * 600)
    other.abandon()
    assert spool.bytes == 0


def test_a_skipped_beginning_is_given_back_too(tmp_path):
    spool = opened(tmp_path)
    body = spool.body()
    body.write(b"x" * 50)
    body.skip(20)
    body.abandon()
    assert spool.bytes == 0


def test_free_space_is_left_to_others(tmp_path):
    spool = opened(tmp_path, Budgets(spool_memory_bytes=10, disk_free_bytes=1 << 60))
    body = spool.body()
    body.write(b"x" * 10)
    with pytest.raises(StoreFull, match="disk_free_bytes"):
        body.write(b"x")
    assert spool.bytes == 10
    body.abandon()


def test_a_full_disk_gives_the_room_back(tmp_path):
    files = FillingFiles()
    spool = opened(tmp_path, files=files)
    moving, filed = spool.body(), spool.body()
    filed.write(b"x" * 101)
    files.full = True
    with pytest.raises(StoreFull):
        filed.write(b"y")
    with pytest.raises(StoreFull):
        moving.write(b"y" * 101)
    assert (spool.bytes, filed.size, moving.size) == (101, 101, 0)
    files.full = False
    filed.write(b"z")
    assert whole(filed) == b"x" * 101 + b"z"
    filed.abandon()
    moving.abandon()


def test_a_lent_body_is_freed_only_when_it_is_given_back(tmp_path):
    spool = opened(tmp_path)
    body = spool.body()
    body.write(b"x" * 200)
    body.lend()
    body.abandon()
    assert whole(body) == b"x" * 200
    body.give_back()
    assert spool.bytes == 0


def test_what_an_earlier_process_left_is_swept_out(tmp_path):
    (tmp_path / "spool").mkdir()
    (tmp_path / "spool" / "00000001.body").touch()
    opened(tmp_path)
    assert list((tmp_path / "spool").iterdir()) == []


def test_a_directory_that_cannot_be_made_is_said_so(tmp_path):
    (tmp_path / "spool").touch()
    with pytest.raises(StoreError):
        opened(tmp_path)


@pytest.mark.parametrize("taken", [True, False])
def test_a_file_is_closed_by_whom_it_was_given_to_or_here(tmp_path, taken):
    given = []
    spool = opened(tmp_path)
    spool.close_by(lambda close: given.append(close) or taken)
    body = spool.body()
    body.write(b"x" * 160)
    descriptor = body._file._descriptor
    body.abandon()
    assert spool.bytes == 0
    if taken:
        assert os.fstat(descriptor).st_size == 160
        given[0]()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)
