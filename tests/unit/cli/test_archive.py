from __future__ import annotations

from pathlib import Path

import pytest

from honeypost.cli import archive as module
from honeypost.cli.archive import Archive
from honeypost.config.schema import Paths
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
