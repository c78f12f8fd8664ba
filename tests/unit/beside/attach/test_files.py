from __future__ import annotations

import os

import pytest

from honeypost.beside.attach.files import (
    DRAFT,
    FILE_BYTES,
    Standing,
    content,
    put,
    remove,
    standing,
)

LIKE = Standing("", 0o640, os.geteuid(), os.getegid(), 1_600_000_000_000_000_000)


def test_a_file_gets_content_mode_owner_and_time_at_once(tmp_path):
    path = tmp_path / "main.cf"
    put(path, b"new\n", LIKE)
    found = standing(path)
    assert found.same(LIKE) is False
    assert (found.mode, found.mtime_ns) == (LIKE.mode, LIKE.mtime_ns)
    assert content(path) == b"new\n"
    assert found.same(standing(path))
    assert not found.same(None)
    assert [p.name for p in tmp_path.iterdir()] == ["main.cf"]


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    put(tmp_path / "link", b"new", LIKE)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_what_cannot_be_written_leaves_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "main.cf"
    path.write_text("old")

    def fails(*_):
        raise OSError("no")

    monkeypatch.setattr(os, "fchown", fails)
    with pytest.raises(OSError, match="no"):
        put(path, b"new", LIKE)
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["main.cf"]


def test_a_draft_that_a_crash_left_is_no_obstacle_and_goes(tmp_path):
    draft = tmp_path / f".x{DRAFT}"
    draft.write_text("half")
    put(tmp_path / "x", b"whole", LIKE)
    assert not draft.exists()
    draft.write_text("half")
    remove(tmp_path / "x")
    remove(tmp_path / "x")
    assert not list(tmp_path.iterdir())


def test_only_plain_files_of_a_sane_size_are_read(tmp_path):
    assert standing(tmp_path / "none") is None
    with pytest.raises(ValueError, match="plain file"):
        standing(tmp_path)
    with (tmp_path / "large").open("wb") as file:
        file.truncate(FILE_BYTES + 1)
    with pytest.raises(ValueError, match="plain file"):
        content(tmp_path / "large")
