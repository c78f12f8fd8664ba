import errno
import os
import stat

import pytest

from honeypost.errors import StoreError, StoreFull
from honeypost.stores.files import DISK, UMASK, own_errors


def test_what_is_written_is_read_back(tmp_path):
    file = DISK.create(tmp_path / "a")
    file.write(0, b"hello")
    file.write(5, b" world")
    file.write(0, b"J")
    assert file.read(0, 100) == b"Jello world"
    assert file.read(6, 3) == b"wor"
    assert file.size() == 11
    file.truncate(4)
    file.sync()
    file.close()
    again = DISK.open(tmp_path / "a")
    assert again.read(0, 100) == b"Jell"
    with pytest.raises(OSError, match="Bad file descriptor"):
        again.write(0, b"x")
    again.close()


@pytest.fixture
def umask():
    before = os.umask(UMASK)
    yield os.umask
    os.umask(before)


@pytest.mark.parametrize(("mask", "mode"), [(UMASK, 0o640), (0, 0o640), (0o077, 0o600)])
def test_a_file_is_ours_and_our_groups_and_made_once(tmp_path, umask, mask, mode):
    umask(mask)
    DISK.create(tmp_path / "a").close()
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == mode
    with pytest.raises(FileExistsError):
        DISK.create(tmp_path / "a")


def test_a_link_is_not_followed(tmp_path):
    (tmp_path / "target").touch()
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with pytest.raises(OSError, match="symbolic links"):
        DISK.open(tmp_path / "link")


def test_directories_are_made_with_their_parents(tmp_path, umask):
    DISK.make_directory(tmp_path / "a" / "b")
    DISK.make_directory(tmp_path / "a" / "b")
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o750
    umask(0o077)
    DISK.make_directory(tmp_path / "private")
    assert stat.S_IMODE((tmp_path / "private").stat().st_mode) == 0o700
    assert DISK.names(tmp_path / "a") == ["b"]
    assert DISK.names(tmp_path / "none") == []


def test_unlink_and_directory_sync(tmp_path):
    DISK.create(tmp_path / "a").close()
    DISK.unlink(tmp_path / "a")
    DISK.sync_directory(tmp_path)
    assert DISK.names(tmp_path) == []
    assert DISK.free_bytes(tmp_path) > 0


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, StoreFull),
        (errno.EDQUOT, StoreFull),
        (errno.EIO, StoreError),
        (errno.EACCES, StoreError),
    ],
)
def test_errors_of_the_disk_become_ours(number, kind):
    with pytest.raises(StoreError, match="captures: ") as caught, own_errors("captures"):
        raise OSError(number, os.strerror(number))
    assert type(caught.value) is kind
