from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from honeypost.app.demo import site as module
from honeypost.app.demo.site import DemoSite, first_line
from honeypost.config.load import load
from honeypost.errors import NotReady, UsageError

READY = '{"ready": true, "listeners": {"smtp": ["127.0.0.1:1"], "submission": ["[::1]:2"], "submissions": ["127.0.0.1:3"]}, "pids": {"up": 7}}'


def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    """Have a script of a few lines run instead of ``honeypost up``."""
    program = tmp_path / "stand-in"
    program.write_text(f"#!{sys.executable}\n{body}\n")
    program.chmod(0o755)
    monkeypatch.setattr(module.sys, "executable", str(program))


def test_it_runs_while_it_is_entered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HONEYPOST__DECOYS__NEW_PER_DAY", "0")
    stand_in(
        tmp_path, monkeypatch,
        f"import os, time; assert 'HONEYPOST__DECOYS__NEW_PER_DAY' not in os.environ\nprint({READY!r}, flush=True); time.sleep(60)",
    )  # fmt: skip
    with DemoSite(tmp_path / "data", fast=True) as site:
        assert site.listeners.submission.host == "::1"
        assert site.pids == {"up": 7}
        process = site._process
        assert process.poll() is None
        config = load(site.settings, {})
        assert config.decoys.refusal_seconds == module.FAST_REFUSAL_SECONDS
        assert Path(config.site.real_names).read_text() == "anna@example.org\n"
    assert process.poll() is not None


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("import sys; sys.exit('port 25 is taken')", "did not come up: port 25 is taken"),
        ("", "no word"),
        ("print('?')", "no word"),
    ],
)
def test_what_went_wrong_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, said: str
) -> None:
    stand_in(tmp_path, monkeypatch, body)
    with pytest.raises(NotReady, match=said):
        DemoSite(tmp_path / "data", fast=False).__enter__()


def test_one_that_does_not_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STOP_SECONDS", 0.2)
    stand_in(
        tmp_path, monkeypatch,
        f"import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint({READY!r}, flush=True); time.sleep(60)",
    )  # fmt: skip
    with DemoSite(tmp_path / "data", fast=True) as site:
        process = site._process
    assert process.returncode == -9


def test_a_folder_in_use_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "honeypost.toml").write_text("mine")
    with pytest.raises(UsageError, match="is not empty"):
        DemoSite(tmp_path, fast=True).__enter__()
    assert (tmp_path / "honeypost.toml").read_text() == "mine"


def test_a_line_that_never_ends() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as stream:
        os.write(writing, b"half")
        assert first_line(stream, 0.1) == b"half"
        os.close(writing)
