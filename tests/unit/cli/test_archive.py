from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from honeypost.cli import archive as module
from honeypost.cli.archive import Archive
from honeypost.config.schema import Paths
from honeypost.intel.lineage import Lineages
from honeypost.ports import Entry
from honeypost.stores.intel import IntelStore
from support.history import ACCOUNT


def test_before_anything_was_stored_everything_is_empty(tmp_path: Path) -> None:
    with Archive(Paths(tmp_path)) as archive:
        assert archive.journal is None
        assert archive.intel is None
        assert list(archive.entries(account=ACCOUNT)) == []
        assert archive.decoys() == archive.messages() == []
        assert archive.counts() == {}
        assert archive.report("x") is None
        assert archive.lineages().accounts == {}


def test_what_was_stored(told: Paths) -> None:
    with Archive(told) as archive:
        assert [decoy.account for decoy in archive.decoys()] == [ACCOUNT]
        first, second = archive.messages()
        assert len(second.capture.envelope.recipients) == 130
        report = archive.report(first.capture.id)
        assert report is not None
        assert report.links[0].domain == "pay.example"
        assert archive.report(second.capture.id) is None
        assert archive.counts()["decoy.adopted"] == 1
        assert len(archive.lineages().accounts[ACCOUNT].handovers) == 1


def test_all_pages_are_read(told: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    with Archive(told) as archive:
        whole = [entry.id for entry in archive.entries()]
        monkeypatch.setattr(module, "LIMIT", 3)
        paged = [entry.id for entry in archive.entries(limit=3)]
        some = [entry.id for entry in archive.entries(after_id=whole[4], limit=3)]
    assert len(whole) > 20
    assert paged == whole
    assert some == whole[5:]


def test_what_the_worker_folded_is_not_folded_again(
    history: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Archive(history) as archive:
        whole = archive.lineages()
        half = Lineages()
        some = list(archive.entries(kinds=module.LINEAGE_KINDS))[:6]
        half.fold(some)
    with IntelStore(history.intel) as intel:
        intel.save_lineages(half)
    read: list[str] = []
    original = Archive.entries

    def entries(self: Archive, **conditions: object) -> Iterator[Entry]:
        for entry in original(self, **conditions):
            read.append(entry.id)
            yield entry

    monkeypatch.setattr(Archive, "entries", entries)
    with Archive(history) as archive:
        assert archive.lineages() == whole
    assert read
    assert min(read) > some[-1].id
