"""`honeypost up` as an operator runs it: one line, restarts, no orphans, no second one."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from honeypost.app.presence import Presence
from honeypost.app.presence import running as presence
from support.edge_process import address, clean_environment, running

SECONDS = 30.0


def until(condition: Callable[[], Any]) -> Any:
    """Poll for something within the deadline; give what it was."""
    deadline = time.monotonic() + SECONDS
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        select_nothing(0.02)
    return found


def select_nothing(seconds: float) -> None:
    signal.sigtimedwait(set(), seconds)


def alive(pid: int) -> bool:
    try:
        return "zombie" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def command(data: Path, *listeners: str) -> tuple[str, ...]:
    options = [option for each in listeners for option in ("--listen", each)]
    code = "from honeypost.cli.main import run; run()"
    return ("-c", code, "up", "--data", str(data), *options)


@pytest.fixture
def up(tmp_path: Path) -> Iterator[tuple[Any, dict[str, Any]]]:
    listeners = ("smtp=127.0.0.1:0", "smtp=[::1]:0", f"policy=unix:{tmp_path}/policy")
    with running(command(tmp_path / "data", *listeners), env=clean_environment()) as started:
        yield started


def banner(where: str) -> bytes:
    with socket.create_connection(address(where), SECONDS) as client:
        return client.recv(100)


def test_one_line_tells_where_and_who(up: tuple[Any, dict[str, Any]], tmp_path: Path) -> None:
    process, ready = up
    assert ready["ready"] is True
    assert [banner(where)[:4] for where in ready["listeners"]["smtp"]] == [b"220 ", b"220 "]
    assert ready["pids"]["up"] == process.pid
    told = presence(tmp_path / "data")
    assert told == Presence(told.started, ready["listeners"], ready["pids"]) if told else False
    process.send_signal(signal.SIGTERM)
    assert process.wait(SECONDS) == 0
    assert not any(alive(pid) for pid in ready["pids"].values())
    assert not (tmp_path / "policy").exists()


def test_a_killed_edge_comes_back_on_the_same_ports(
    up: tuple[Any, dict[str, Any]], tmp_path: Path
) -> None:
    _, ready = up
    os.kill(ready["pids"]["edge"], signal.SIGKILL)
    # Nobody is refused meanwhile: the socket is open, the client waits for its banner.
    assert banner(ready["listeners"]["smtp"][0]).startswith(b"220 ")
    now = until(lambda: new_edge(tmp_path / "data", ready["pids"]["edge"]))
    assert now.pids["worker"] == ready["pids"]["worker"]


def new_edge(data: Path, old: int) -> Presence | None:
    told = presence(data)
    return told if told and told.pids["edge"] not in (0, old) else None


def test_a_killed_worker_comes_back_and_the_edge_answers_meanwhile(
    up: tuple[Any, dict[str, Any]], tmp_path: Path
) -> None:
    _, ready = up
    os.kill(ready["pids"]["worker"], signal.SIGKILL)
    assert banner(ready["listeners"]["smtp"][1]).startswith(b"220 ")
    until(
        lambda: (
            (told := presence(tmp_path / "data"))
            and told.pids["worker"] not in (0, ready["pids"]["worker"])
        )
    )


def test_when_up_is_killed_nobody_stays_behind(up: tuple[Any, dict[str, Any]]) -> None:
    process, ready = up
    process.kill()
    process.wait(SECONDS)
    until(lambda: not any(alive(pid) for pid in ready["pids"].values()))


def test_a_second_up_on_the_same_folder_says_so(
    up: tuple[Any, dict[str, Any]], tmp_path: Path
) -> None:
    second = subprocess.run(
        [sys.executable, *command(tmp_path / "data", "smtp=127.0.0.1:0")],
        check=False,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        env=clean_environment(),
    )
    assert second.returncode == 2
    assert "in use by a running honeypost" in second.stderr
    assert banner(up[1]["listeners"]["smtp"][0]).startswith(b"220 ")
