from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from honeypost.app.presence import FILE, Claim, Presence, claimed, last, running
from honeypost.errors import UsageError


def test_nobody_is_there(tmp_path: Path) -> None:
    assert running(tmp_path) is None
    assert running(tmp_path / "none") is None


def test_what_is_announced_is_told(tmp_path: Path) -> None:
    presence = Presence(12.5, {"smtp": ["127.0.0.1:25", "[::1]:25"]}, {"edge": 7})
    with Claim(tmp_path) as claim:
        claim.announce(presence)
        assert running(tmp_path) == presence
        claim.announce(Presence(12.5))
        assert running(tmp_path) == Presence(12.5)
    assert running(tmp_path) is None
    assert last(tmp_path) == Presence(12.5)
    assert last(tmp_path / "none") is None


def test_a_folder_has_one_daemon(tmp_path: Path) -> None:
    with Claim(tmp_path), pytest.raises(UsageError, match="is in use by a running honeypost"):
        Claim(tmp_path)
    Claim(tmp_path).close()


def test_what_a_dead_daemon_left_is_not_believed(tmp_path: Path) -> None:
    code = (
        "import os, pathlib, signal, sys; from honeypost.app.presence import Claim, Presence;"
        "Claim(pathlib.Path(sys.argv[1])).announce(Presence(1.0)); os.kill(os.getpid(), signal.SIGKILL)"
    )
    dead = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False, timeout=30)
    assert dead.returncode == -signal.SIGKILL
    assert (tmp_path / FILE).stat().st_size > 0
    assert running(tmp_path) is None


@pytest.mark.parametrize("content", [b"", b"{", b'{"x": 1}', b"[]", b"\xff"])
def test_a_file_that_says_nothing(tmp_path: Path, content: bytes) -> None:
    with Claim(tmp_path) as claim:
        os.pwrite(claim._descriptor, content, 0)
        assert running(tmp_path) is None


def test_processes_that_run_apart_are_one_daemon(tmp_path: Path) -> None:
    edge = Presence(20.0, {"lmtp": ["unix:/run/lmtp"]}, {"edge": 7}, "/etc/h.toml")
    worker = Presence(10.0, {}, {"worker": 8}, "/etc/h.toml")
    for name in ("edge", "worker"):
        (tmp_path / name).mkdir()
    with claimed(tmp_path / "edge", edge, unless=False):
        assert running(tmp_path) == edge
        with claimed(tmp_path / "worker", worker, unless=False):
            both = Presence(10.0, edge.listeners, {"edge": 7, "worker": 8}, "/etc/h.toml")
            assert running(tmp_path) == both
            assert last(tmp_path) == both
    assert running(tmp_path) is None
    assert last(tmp_path) == both


def test_with_a_supervisor_the_processes_claim_nothing(tmp_path: Path) -> None:
    with claimed(tmp_path, Presence(1.0), unless=True):
        assert running(tmp_path) is None
    assert not (tmp_path / FILE).exists()
