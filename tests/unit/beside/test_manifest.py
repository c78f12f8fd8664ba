from __future__ import annotations

import json

import pytest

from honeypost.beside import manifest


@pytest.fixture
def postfix(tmp_path):
    directory = tmp_path / "postfix"
    directory.mkdir()
    (directory / "main.cf").write_text("a = 1\n")
    (directory / "master.cf").write_text("smtp inet\n")
    (tmp_path / "queue").mkdir()
    return directory


def record(tmp_path, postfix):
    return manifest.record_attachment(
        tmp_path / "m.json", postfix_directory=postfix, queue_directory=tmp_path / "queue", now=5.0
    )


def test_what_is_recorded_is_read_back(tmp_path, postfix):
    recorded = record(tmp_path, postfix)
    assert manifest.read_manifest(tmp_path / "m.json") == recorded
    assert recorded.recorded_at == 5.0
    assert recorded.sha256["main.cf"] == manifest.digest(postfix / "main.cf")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.json", "postfix", "queue"]


def test_the_time_is_the_clocks_when_not_given(tmp_path, postfix):
    recorded = manifest.record_attachment(
        tmp_path / "m.json", postfix_directory=postfix, queue_directory=tmp_path / "queue"
    )
    assert recorded.recorded_at > 1_700_000_000


def test_an_earlier_manifest_survives_a_failure(tmp_path, postfix):
    recorded = record(tmp_path, postfix)
    (postfix / "main.cf").unlink()
    with pytest.raises(OSError):
        record(tmp_path, postfix)
    assert manifest.read_manifest(tmp_path / "m.json") == recorded


@pytest.mark.parametrize(
    "spoil",
    [
        lambda raw: [],
        lambda raw: {},
        lambda raw: raw | {"format": 2},
        lambda raw: raw | {"sha256": {"main.cf": "0"}},
        lambda raw: raw | {"sha256": 7},
        lambda raw: raw | {"more": 1},
    ],
)
def test_what_is_no_manifest_is_refused(tmp_path, postfix, spoil):
    record(tmp_path, postfix)
    path = tmp_path / "m.json"
    path.write_text(json.dumps(spoil(json.loads(path.read_text()))))
    with pytest.raises(ValueError):
        manifest.read_manifest(path)


def test_a_torn_manifest_is_refused(tmp_path, postfix):
    record(tmp_path, postfix)
    path = tmp_path / "m.json"
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(ValueError):
        manifest.read_manifest(path)
