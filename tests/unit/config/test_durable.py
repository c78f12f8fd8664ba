"""Names in a folder are synced by the folder itself."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from honeypost.config.durable import sync_folder


def test_the_folder_is_synced_and_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = []

    def note(descriptor: int) -> None:
        synced.append((descriptor, Path(f"/proc/self/fd/{descriptor}").readlink()))

    monkeypatch.setattr(os, "fsync", note)
    sync_folder(tmp_path)
    ((descriptor, folder),) = synced
    assert folder == tmp_path
    with pytest.raises(OSError, match="Bad file"):
        os.fstat(descriptor)


def test_what_is_no_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name in ("file", "none"):
        with pytest.raises(OSError, match=name):
            sync_folder(tmp_path / name)
