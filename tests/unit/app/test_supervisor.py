"""Keeping processes alive, with programs that do as told instead of the real ones."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from honeypost.app import supervisor
from honeypost.app.presence import Claim, running
from honeypost.app.supervisor import Child, Program, Supervisor, pause_after, prepare, programs
from honeypost.config.schema import Config, Paths, Tls
from honeypost.errors import ConfigError, NotReady
from support.net_parts import eventually

READY = "import json, sys; print(json.dumps({'ready': True}), flush=True); sys.stdin.read();"
STAY = READY + "import signal; signal.sigwait({signal.SIGTERM})"
DEAF = (
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + READY + "signal.sigwait({10})"
)


def script(code: str, name: str = "edge") -> Program:
    return Program(name, ("-c", code))


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "PAUSE_SECONDS", 0.01)


def test_pauses_grow_up_to_a_limit() -> None:
    pauses = [pause_after(deaths) for deaths in range(1, 100)]
    assert pauses == sorted(pauses)
    assert pauses[0] == supervisor.PAUSE_SECONDS
    assert pauses[-1] == supervisor.PAUSE_SECONDS_MOST


async def test_a_child_is_ready_when_it_says_so(said: list[str]) -> None:
    child = Child(script(STAY), said.append)
    assert child.pid == 0
    assert await child.start() == {"ready": True}
    os.kill(child.pid, 0)
    await child.stop()
    await child.stop()


@pytest.mark.parametrize("code", ["import sys; sys.exit(1)", "print('hello', flush=True)"])
async def test_a_child_that_does_not_come_up_is_a_problem(said: list[str], code: str) -> None:
    with pytest.raises(NotReady, match="the edge did not come up"):
        await Child(script(code), said.append).start()


async def test_a_silent_child_is_ended(said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "READY_SECONDS", 0.05)
    child = Child(script("import signal; signal.sigwait({signal.SIGTERM})"), said.append)
    with pytest.raises(NotReady):
        await child.start()
    assert child._process is not None
    assert child._process.returncode is not None


async def test_a_child_that_does_not_hear_is_killed(
    said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "STOP_SECONDS", 0.05)
    child = Child(script(DEAF), said.append)
    await child.start()
    await child.stop()
    assert child._process is not None
    assert child._process.returncode == -signal.SIGKILL


async def test_a_dead_child_is_started_again(said: list[str], quick: None) -> None:
    child = Child(script(STAY), said.append)
    await child.start()
    pids = [child.pid]
    keeping = asyncio.ensure_future(child.keep(lambda: pids.append(child.pid)))
    for times in (2, 3):
        os.kill(pids[-1], signal.SIGKILL)
        await eventually(lambda times=times: len(pids) == times)  # type: ignore[misc]
    keeping.cancel()
    await child.stop()
    assert len(set(pids)) == 3
    assert child.deaths == 2
    assert said[0].startswith("the edge ended (-9); starting again in 0.01 s")


async def test_after_a_steady_life_pauses_begin_anew(
    said: list[str], quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "STEADY_SECONDS", 0.0)
    child = Child(script(STAY), said.append)
    child.deaths = 9
    await child.start()
    born: list[int] = []
    keeping = asyncio.ensure_future(child.keep(lambda: born.append(child.pid)))
    os.kill(child.pid, signal.SIGKILL)
    await eventually(lambda: len(born) == 1)
    keeping.cancel()
    await child.stop()
    assert child.deaths == 1


async def test_a_child_that_fails_to_come_back_is_tried_again(
    said: list[str], quick: None, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    mark.touch()
    code = f"import os, sys\nif not os.path.exists({str(mark)!r}): sys.exit(3)\n{STAY}"
    child = Child(script(code), said.append)
    await child.start()
    born: list[int] = []
    keeping = asyncio.ensure_future(child.keep(lambda: born.append(child.pid)))
    mark.unlink()
    os.kill(child.pid, signal.SIGKILL)
    await eventually(lambda: len(said) == 3)
    assert born == []
    mark.touch()
    await eventually(lambda: len(born) == 1)
    keeping.cancel()
    await child.stop()


# The whole


class Running:
    """A supervisor over two scripts, on a data folder."""

    def __init__(self, data: Path, *codes: str) -> None:
        self.paths = Paths(data)
        self.said: list[str] = []
        self.lines: list[Mapping[str, Any]] = []
        self.codes = codes

    async def run(self, during: Callable[[], Any] | None = None) -> None:
        names = ("edge", "worker")
        each = [script(code, name) for code, name in zip(self.codes, names, strict=True)]
        with Claim(self.paths.data) as claim, socket.create_server(("127.0.0.1", 0)) as bound:
            made = Supervisor(
                Config(), self.paths, {"smtp": [bound]}, each, claim, self.said.append
            )
            work = asyncio.ensure_future(made.run(self.lines.append))
            if during is not None:
                await eventually(lambda: bool(self.lines) or work.done())
                during()
            await work


async def test_up_says_where_it_listens_and_stops_on_sigterm(tmp_path: Path) -> None:
    whole = Running(tmp_path, STAY, STAY)
    pids: dict[str, int] = {}

    def during() -> None:
        presence = running(tmp_path)
        assert presence is not None
        pids.update(presence.pids)
        os.kill(os.getpid(), signal.SIGTERM)

    await whole.run(during)
    (line,) = whole.lines
    assert line["ready"] is True
    assert line["listeners"]["smtp"][0].startswith("127.0.0.1:")
    assert line["pids"] == pids
    assert set(pids) == {"up", "edge", "worker"}
    for name in ("edge", "worker"):
        with pytest.raises(ProcessLookupError):
            os.kill(pids[name], 0)
    assert running(tmp_path) is None


async def test_when_one_does_not_come_up_nothing_stays(tmp_path: Path) -> None:
    mark = tmp_path / "ended"
    leave = (
        "import signal, sys, pathlib\n"
        f"def end(*_): pathlib.Path({str(mark)!r}).touch(); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end)\n" + READY + "\nsignal.pause()"
    )
    with pytest.raises(NotReady, match="worker"):
        await Running(tmp_path, leave, "import sys; sys.exit(1)").run()
    assert mark.exists()


async def test_all_are_started_before_one_is_waited_for(tmp_path: Path) -> None:
    def waiting(own: str, other: str) -> str:
        return (
            "import time\nfrom pathlib import Path\n"
            f"Path({str(tmp_path / own)!r}).touch()\nend = time.monotonic() + 20\n"
            f"while not Path({str(tmp_path / other)!r}).exists(): assert time.monotonic() < end\n"
            + STAY
        )

    whole = Running(tmp_path, waiting("a", "b"), waiting("b", "a"))
    await whole.run(lambda: os.kill(os.getpid(), signal.SIGTERM))
    assert whole.lines


async def test_a_missing_empty_network_is_told_aloud(tmp_path: Path) -> None:
    line = json.dumps({"ready": True, "not_isolated": "unshare: Operation not permitted"})
    code = f"print({line!r}, flush=True); import signal; signal.sigwait({{signal.SIGTERM}})"
    whole = Running(tmp_path, code, STAY)
    await whole.run(lambda: os.kill(os.getpid(), signal.SIGINT))
    told = "the edge runs in the network of this host: unshare: Operation not permitted"
    assert whole.said == [told]


def test_a_site_is_prepared_once(tmp_path: Path) -> None:
    paths = Paths(tmp_path / "data")
    prepare(Config(), paths)
    made = {path: path.read_bytes() for path in paths.data.rglob("*") if path.is_file()}
    prepare(Config(), paths)
    assert {path: path.read_bytes() for path in made} == made
    assert {path.name for path in made} == {"site.json", "certificate.pem", "key.pem"}
    for path in paths.data.rglob("*"):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077
    assert not stat.S_IMODE(paths.data.stat().st_mode) & 0o077


def test_lost_secrets_are_not_replaced_beside_what_hangs_on_them(tmp_path: Path) -> None:
    paths = Paths(tmp_path / "data")
    prepare(Config(), paths)
    paths.journal.touch()
    paths.secrets.unlink()
    with pytest.raises(ConfigError, match="restore it from a backup"):
        prepare(Config(), paths)
    assert not paths.secrets.exists()


def test_who_brings_a_certificate_gets_none(tmp_path: Path) -> None:
    paths = Paths(tmp_path / "data")
    prepare(Config(tls=Tls(certificate="/etc/ssl/mine.pem", key="/etc/ssl/mine.key")), paths)
    assert not paths.tls.exists()


def test_the_edge_is_given_sockets_by_name(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("", 0)) as two:
        edge, worker = programs(tmp_path, tmp_path / "c.toml", {"smtp": [one, two]})
        assert edge.descriptors == (one.fileno(), two.fileno())
        assert f"--fd=smtp={two.fileno()}" in edge.arguments
        assert {"--isolate", "--supervised"} <= set(edge.arguments)
        assert worker.descriptors == ()
        assert worker.arguments[-5:-1] == (
            "--data",
            str(tmp_path),
            "--config",
            str(tmp_path / "c.toml"),
        )


def test_without_listeners_nobody_faces_a_client(tmp_path: Path) -> None:
    (worker,) = programs(tmp_path, None, {})
    assert worker.name == "worker"
