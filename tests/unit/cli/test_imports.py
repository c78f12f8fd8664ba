"""``honeypost import``: a week of logs is as good as a week of looking."""

from __future__ import annotations

import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from honeypost.cli.main import main
from honeypost.config.schema import Paths
from honeypost.config.secrets import create_if_missing


@pytest.fixture
def data(tmp_path: Path) -> Path:
    paths = Paths(tmp_path / "data")
    create_if_missing(paths.secrets, os.urandom)
    paths.intel.parent.mkdir()
    return paths.data


def write(log: Path, days: int) -> Path:
    lines = []
    for ago in range(days, -1, -1):
        stamp = datetime.fromtimestamp(time.time() - ago * 86_400 - 60, UTC)
        lines.append(
            f"{stamp.isoformat()} mail dovecot: imap-login: Login: user=<bob>, method=PLAIN,"
            " rip=2001:db8::7, lip=::1, TLS, session=<x>\n"
        )
    log.write_text("".join(lines))
    return log


def test_a_week_is_enough(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = write(tmp_path / "mail.log", 7)
    assert main(["import", str(log), "--data", str(data)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "8 lines, 8 days: 1 name logged in from 1 network, 0 logins refused"
    assert said[1].startswith("7 days were looked at, decoys may be switched on")


def test_less_is_said_so(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = write(tmp_path / "mail.log", 3)
    assert main(["import", str(log), "--data", str(data), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["days"], found["days_looked"], found["may_deceive"]) == (4, 3.0, False)
    assert "3.0 of 7 days" in found["reason"]


def test_a_file_that_is_not_there(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", str(data / "none.log"), "--data", str(data)]) == 1
    assert "none.log: No such file" in capsys.readouterr().err
