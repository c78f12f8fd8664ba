"""The layer itself: it forgets what was not synced, and only that."""

import pytest

from honeypost.testing.forgetful import ForgetfulFiles

SEEDS = range(60)


@pytest.fixture
def files():
    return ForgetfulFiles()


@pytest.fixture
def old(tmp_path):
    path = tmp_path / "old"
    path.mkdir()
    return path


@pytest.fixture
def states(files, old, tmp_path):
    """All that crashes at this moment were seen to leave, file by file."""

    def seen(position=None):
        found = set()
        for seed in SEEDS:
            new = tmp_path / f"new{seed}-{position}"
            left = files.after_power_loss(
                files.position if position is None else position, seed, old, new
            )
            found.add(tuple((path.name, path.read_bytes()) for path in left))
        return found

    return seen


def test_what_was_synced_is_there(files, old, states):
    file = files.create(old / "a")
    file.write(0, b"hello")
    file.sync()
    files.sync_directory(old)
    assert states() == {(("a", b"hello"),)}
    file.close()


def test_a_name_that_was_not_synced_may_be_gone(files, old, states):
    file = files.create(old / "a")
    file.write(0, b"hello")
    file.sync()
    assert states() == {(("a", b"hello"),), ()}
    file.close()


def test_a_write_that_was_not_synced_may_be_missing_or_torn(files, old, states):
    file = files.create(old / "a")
    files.sync_directory(old)
    file.write(0, b"hello")
    contents = {state[0][1] for state in states()}
    assert {b"", b"hello"} < contents
    assert all(b"hello".startswith(content) for content in contents)
    file.close()


def test_a_later_write_may_survive_an_earlier_one(files, old, states):
    file = files.create(old / "a")
    files.sync_directory(old)
    file.write(0, b"ab")
    file.write(2, b"cd")
    assert b"\0\0cd" in {state[0][1] for state in states()}
    file.close()


def test_an_overwrite_and_a_cut_may_be_missing(files, old, states):
    file = files.create(old / "a")
    file.write(0, b"abcdef")
    file.sync()
    files.sync_directory(old)
    file.write(1, b"X")
    file.truncate(3)
    assert {state[0][1] for state in states()} == {b"abcdef", b"aXcdef", b"abc", b"aXc"}
    file.close()


def test_a_deleted_file_may_come_back_until_the_directory_is_synced(files, old, states):
    files.create(old / "a").close()
    files.sync_directory(old)
    files.unlink(old / "a")
    assert states() == {(), (("a", b""),)}
    files.sync_directory(old)
    assert states() == {()}


def test_the_past_can_be_asked_for(files, old, states):
    file = files.create(old / "a")
    files.sync_directory(old)
    file.write(0, b"1")
    file.sync()
    position = files.position
    file.write(1, b"2")
    file.sync()
    assert states(position) == {(("a", b"1"),)}
    assert states() == {(("a", b"12"),)}
    file.close()


def test_it_works_on_the_real_directory(files, old, tmp_path):
    files.make_directory(old / "sub")
    file = files.create(old / "sub" / "a")
    file.write(0, b"hello")
    assert (file.read(1, 3), file.size()) == (b"ell", 5)
    assert files.open(old / "sub" / "a").read(0, 9) == b"hello"
    assert files.names(old / "sub") == ["a"]
    assert files.free_bytes(old) > 0
    file.close()
