"""What is said about a store that cannot be used, and that both processes say it."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from honeypost.app import edge, worker
from honeypost.app.mending import with_mend
from honeypost.app.supervisor import prepare
from honeypost.config.schema import Config, Listeners, Paths
from honeypost.errors import StoreBusy, StoreCorrupt, StoreError, StoreFull
from honeypost.stores.intel import IntelStore
from honeypost.stores.journal import JournalStore

DATABASE = Path("/data/edge/journal.db")


@pytest.mark.parametrize(
    ("error", "mend"),
    [
        (StoreCorrupt("bad"), "move it away: it is made anew"),
        (StoreFull("bad"), "make room on the disk of /data/edge"),
        (StoreError("bad"), f"{DATABASE} must be a file that"),
    ],
)
def test_each_trouble_has_its_mend(error: StoreError, mend: str) -> None:
    said = with_mend(error, DATABASE, "it is made anew")
    assert said.startswith("bad; ")
    assert mend in said


def test_another_process_needs_no_mend() -> None:
    assert with_mend(StoreBusy("in use"), DATABASE, "it is made anew") == "in use"


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[100::37] = bytes(byte ^ 0x5A for byte in content[100::37])
    path.write_bytes(content)


def halved(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2 + 13])


def a_text(path: Path) -> None:
    path.write_text("this is no database but a text\n" * 300)


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("damage", [flipped, halved, a_text, a_folder])
@pytest.mark.parametrize("process", ["edge", "worker"])
def test_a_damaged_store_is_named_with_its_mend(
    process: str,
    damage,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for listener in fields(Listeners):
        monkeypatch.setenv(f"HONEYPOST__LISTENERS__{listener.name.upper()}", "")
    paths = Paths(tmp_path)
    prepare(Config(), paths)
    damage(made_store(process, paths))
    program = edge if process == "edge" else worker
    assert program.main(["--data", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    path = paths.journal if process == "edge" else paths.intel
    assert said.startswith(f"{process}: {path.name}: ")
    assert str(path) in said
    assert "real mail does not need it" in said
    assert "Traceback" not in said


def made_store(process: str, paths: Paths) -> Path:
    """Make the database of a process, with something in it, and close it."""
    if process == "edge":
        store = JournalStore(paths.journal)
        store.open()
        store.close()
        return paths.journal
    IntelStore(paths.intel).close()
    return paths.intel
