from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from honeypost.app.prepare import main
from honeypost.config.schema import Paths
from honeypost.config.secrets import read

NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


def modes(paths: Paths) -> list[tuple[str, int, int, int]]:
    found = []
    for path in (paths.secrets, paths.tls, *sorted(paths.tls.iterdir())):
        state = path.stat()
        found.append((path.name, state.st_uid, state.st_gid, stat.S_IMODE(state.st_mode)))
    return found


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    paths = Paths(tmp_path / "data")
    paths.journal.parent.mkdir(parents=True)
    return paths


@as_root
def test_the_edges_group_may_read_and_nobody_but_root_write(paths: Paths) -> None:
    os.chown(paths.journal.parent, NOBODY, NOBODY)
    for _ in range(2):
        assert main(["--data", str(paths.data)]) == 0
        assert modes(paths) == [
            ("site.json", 0, NOBODY, 0o640),
            ("tls", 0, NOBODY, 0o750),
            ("certificate.pem", 0, NOBODY, 0o640),
            ("key.pem", 0, NOBODY, 0o640),
        ]
    assert read(paths.secrets).marker_domain.endswith(".invalid")


def test_what_is_our_own_stays_private(paths: Paths) -> None:
    assert main(["--data", str(paths.data)]) == 0
    assert [mode for *_, mode in modes(paths)] == [0o600, 0o700, 0o600, 0o600]


@as_root
def test_a_certificate_of_the_sites_own_is_left_alone(paths: Paths, tmp_path: Path) -> None:
    os.chown(paths.journal.parent, NOBODY, NOBODY)
    (tmp_path / "c.toml").write_text('[tls]\ncertificate = "/c.pem"\nkey = "/k.pem"\n')
    assert main(["--data", str(paths.data), "--config", str(tmp_path / "c.toml")]) == 0
    assert not paths.tls.exists()
    assert stat.S_IMODE(paths.secrets.stat().st_mode) == 0o640


def test_lost_secrets_are_told_and_not_made_anew(
    paths: Paths, capsys: pytest.CaptureFixture[str]
) -> None:
    paths.journal.touch()
    assert main(["--data", str(paths.data)]) == 1
    assert "restore it from a backup" in capsys.readouterr().err
    assert not paths.secrets.exists()
