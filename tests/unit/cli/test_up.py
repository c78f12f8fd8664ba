"""The command line of ``honeypost up``."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from honeypost.app.presence import Claim
from honeypost.cli.main import main
from honeypost.cli.up import wanted_listeners
from honeypost.config.schema import Listeners
from honeypost.errors import UsageError

NONE = Listeners(smtp="", submission="", submissions="")


def test_only_the_listeners_that_are_named_are_served() -> None:
    wanted = wanted_listeners(["smtp=127.0.0.1:0", "policy=unix:/run/p", "smtp=[::1]:0"])
    assert wanted.smtp == "127.0.0.1:0 [::1]:0"
    assert wanted.policy == "unix:/run/p"
    assert (wanted.submission, wanted.submissions) == ("", "")


@pytest.mark.parametrize("option", ["smtp", "smtp:25", "imap4=127.0.0.1:0", "=127.0.0.1:0"])
def test_a_name_that_is_none_is_a_usage_error(option: str) -> None:
    with pytest.raises(UsageError, match="NAME is one of smtp, submission"):
        wanted_listeners([option])


def test_a_place_that_is_none_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="localhost"):
        wanted_listeners(["smtp=localhost:25"])


def test_without_any_listener_there_is_nothing_to_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "honeypost.toml"
    config.write_text('[listeners]\nsmtp = ""\nsubmission = ""\nsubmissions = ""\n')
    assert main(["up", "--data", str(tmp_path / "data"), "--config", str(config)]) == 2
    assert "no listener is on and no log is to be read" in capsys.readouterr().err


def test_a_second_one_on_the_same_folder_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Claim(tmp_path):
        assert main(["up", "--data", str(tmp_path), "--listen", "smtp=127.0.0.1:0"]) == 2
    assert "in use by a running honeypost" in capsys.readouterr().err


def test_a_taken_port_is_one_clear_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        where = f"127.0.0.1:{taken.getsockname()[1]}"
        assert main(["up", "--data", str(tmp_path), "--listen", f"smtp={where}"]) == 1
    told = capsys.readouterr().err
    assert told == f"honeypost: {where}: Address already in use\n"


def test_a_broken_secret_file_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "site.json").write_text("{}")
    (tmp_path / "site.json").chmod(0o600)
    done = subprocess.run(
        [sys.executable, "-m", "honeypost.cli.main", "up", "--data", str(tmp_path)],
        check=False,
        capture_output=True,
        env=dict(os.environ),
        timeout=30,
    )
    del done
    assert (tmp_path / "site.json").read_text() == "{}"
    assert main(["up", "--data", str(tmp_path), "--listen", "smtp=127.0.0.1:0"]) == 1
