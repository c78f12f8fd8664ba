from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from honeypost.app.owner import acting_as_owner

NOBODY = 65534


def made(path: Path) -> tuple[int, int]:
    path.touch()
    state = path.stat()
    return state.st_uid, state.st_gid


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A folder that others may pass, as those of pytest may not be."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o711)
        yield Path(name)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can take another user's place")
def test_root_writes_as_whose_folder_it_is(reachable: Path) -> None:
    folder = reachable / "edge"
    folder.mkdir()
    os.chown(folder, NOBODY, NOBODY)
    before = os.geteuid(), os.getegid(), os.getgroups()
    with acting_as_owner(folder):
        assert made(folder / "a") == (NOBODY, NOBODY)
        assert os.getgroups() == []
        with pytest.raises(PermissionError):
            (reachable / "b").touch()
    assert (os.geteuid(), os.getegid(), os.getgroups()) == before
    with pytest.raises(ZeroDivisionError), acting_as_owner(folder):
        raise ZeroDivisionError
    assert (os.geteuid(), os.getegid(), os.getgroups()) == before


def test_in_a_folder_of_our_own_nothing_changes(tmp_path: Path) -> None:
    before = os.geteuid(), os.getegid()
    with acting_as_owner(tmp_path):
        assert (os.geteuid(), os.getegid()) == before


def test_who_is_not_root_stays_who_he_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(os, "seteuid", lambda _: pytest.fail("must not"))
    with acting_as_owner(tmp_path):
        pass


def test_without_a_folder_there_is_no_owner(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), acting_as_owner(tmp_path / "none"):
        pass
