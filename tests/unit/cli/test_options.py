from __future__ import annotations

from pathlib import Path

import pytest

from honeypost.app.presence import Claim, Presence
from honeypost.cli import options
from honeypost.cli.options import (
    daemons_own,
    default_data,
    existing_data,
    settings,
    usual,
)
from honeypost.errors import ConfigError, UsageError


@pytest.mark.parametrize(
    ("environ", "user", "folder"),
    [
        ({"HOME": "/home/a"}, 1000, "/home/a/.local/share/honeypost"),
        ({"HOME": "/home/a"}, 0, "/var/lib/honeypost"),
        ({"HOME": "/home/a", "HONEYPOST_DATA": "/srv/x"}, 0, "/srv/x"),
        ({"HOME": "/h", "HONEYPOST_DATA": ""}, 1, "/h/.local/share/honeypost"),
        ({}, 1, "/.local/share/honeypost"),
    ],
)
def test_where_the_stores_are_by_default(environ: dict[str, str], user: int, folder: str) -> None:
    assert default_data(environ, user) == Path(folder)


def test_a_folder_where_nothing_was_stored(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nothing is stored there yet"):
        existing_data(tmp_path / "none")
    assert existing_data(tmp_path) == tmp_path


def test_the_file_that_is_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    system = tmp_path / "etc.toml"
    monkeypatch.setattr(options, "SYSTEM_CONFIG", system)
    assert usual(tmp_path) is None
    system.write_text("")
    assert usual(tmp_path) == system
    (tmp_path / "honeypost.toml").write_text("[decoys]\nnew_per_day = 7\n")
    assert usual(tmp_path) == tmp_path / "honeypost.toml"
    assert settings(None, tmp_path).decoys.new_per_day == 7
    with pytest.raises(ConfigError):
        settings(Path("given.toml"), tmp_path)


def test_the_daemons_own_file_goes_first_also_when_it_has_ended(tmp_path: Path) -> None:
    own = tmp_path / "elsewhere.toml"
    own.write_text("[decoys]\nnew_per_day = 9\n")
    (tmp_path / "honeypost.toml").write_text("[decoys]\nnew_per_day = 7\n")
    with Claim(tmp_path) as claim:
        assert daemons_own(tmp_path) is None
        claim.announce(Presence(1.0, config=str(own)))
        assert settings(None, tmp_path).decoys.new_per_day == 9
    assert settings(None, tmp_path).decoys.new_per_day == 9
    assert settings(tmp_path / "honeypost.toml", tmp_path).decoys.new_per_day == 7
    own.unlink()
    assert settings(None, tmp_path).decoys.new_per_day == 7
