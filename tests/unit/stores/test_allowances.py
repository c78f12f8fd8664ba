"""What the operator allows survives, whole."""

import pytest

from honeypost.engine.allowed import NETWORKS_LIMIT
from honeypost.errors import StoreCorrupt, StoreError, StoreFull
from honeypost.stores.allowances import (
    AllowedNetwork,
    read_allowed,
    version_of,
    write_allowed,
)

ONE = [AllowedNetwork("192.0.2.0/24", 5.0)]


def test_what_is_written_is_read_again_by_anybody(tmp_path):
    path = tmp_path / "operator" / "allowed.json"
    assert (read_allowed(path), version_of(path)) == ([], (0, 0, 0))
    write_allowed(path, ONE)
    assert read_allowed(path) == ONE
    assert path.stat().st_mode & 0o777 == 0o644
    before = version_of(path)
    write_allowed(path, [])
    assert read_allowed(path) == []
    assert version_of(path) != before


@pytest.mark.parametrize("text", ["", "{}", '[{"network": 5}]', "[" * 300_000])
def test_a_file_that_is_none_of_ours_is_told(tmp_path, text):
    path = tmp_path / "allowed.json"
    path.write_text(text)
    with pytest.raises(StoreCorrupt):
        read_allowed(path)


def test_more_than_are_looked_at_are_refused(tmp_path):
    with pytest.raises(StoreFull, match="wider ones"):
        write_allowed(tmp_path / "a", ONE * (NETWORKS_LIMIT + 1))


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "operator").write_text("")
    with pytest.raises(StoreError):
        write_allowed(tmp_path / "operator" / "allowed.json", ONE)
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoreError):
        read_allowed(tmp_path / "folder")
