"""Older logs are read by the command and learned by whoever writes the store."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from honeypost.app import importing
from honeypost.app.importing import SUFFIX, imported, take_imports
from honeypost.beside.logs.reader import Counts, LogLine
from honeypost.config.schema import Paths
from honeypost.engine.logevents import Kind, LogEvent, Outcome, Place
from honeypost.engine.watching import number
from honeypost.errors import NotReady
from honeypost.stores.intel import IntelStore
from honeypost.stores.observations import open_observations
from honeypost.stores.watched import Watched

NOON = 1_772_366_400.0
DAY = 86_400.0
MARKER = "k3f9x2.invalid"


def line(name: str, time: float, *, good: bool = False) -> LogLine:
    outcome = Outcome.ACCEPTED if good else Outcome.REFUSED
    event = LogEvent(Kind.LOGIN, outcome, "192.0.2.7", "imap", name.encode())
    return LogLine(Place("log", 1, time), event)


BLOCKS = [
    [line("bob", NOON - 3 * DAY, good=True), line("info", NOON - 3 * DAY)],
    [line("info", NOON - DAY), line("won@" + MARKER, NOON - DAY, good=True)],
]
FIGURES = {"days": 3, "users": 1, "networks": 1, "refused": 2}


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    made = Paths(tmp_path / "data")
    made.intel.parent.mkdir(parents=True)
    return made


def run(paths: Paths) -> dict[str, int]:
    return imported(BLOCKS, Counts(), paths, MARKER, clock=lambda: NOON)


def guessed(paths: Paths) -> dict[tuple[int, str], int]:
    view = open_observations(paths.intel)
    assert view is not None
    with view:
        assert set(view.users()) == {"bob"}
        return {(guess.day, guess.name): guess.tries for guess in view.guesses(0)}


EXPECTED = {(number(NOON) - 3, "info"): 1, (number(NOON) - 1, "info"): 1}


def test_where_no_worker_runs_the_command_does_it(paths: Paths) -> None:
    for _ in range(2):
        assert run(paths) == FIGURES
        assert guessed(paths) == EXPECTED
    assert not list(paths.intel.parent.glob(f"*{SUFFIX}*"))


def test_a_running_worker_takes_it(paths: Paths) -> None:
    learned = []

    async def at_once() -> None:
        pass

    def work() -> None:
        with IntelStore(paths.intel) as intel:
            running.set()
            while not done.is_set():
                taking = take_imports(
                    paths.intel.parent, Watched(intel), lambda: learned.append(1), at_once
                )
                asyncio.run(taking)
                done.wait(0.01)

    running, done = threading.Event(), threading.Event()
    worker = threading.Thread(target=work)
    worker.start()
    try:
        assert running.wait(10)
        assert run(paths) == FIGURES
    finally:
        done.set()
        worker.join()
    assert learned == [1]
    assert guessed(paths) == EXPECTED
    assert not list(paths.intel.parent.glob(f"*{SUFFIX}*"))


def test_a_worker_that_hangs_is_said_so_and_finds_it_later(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "WAIT_SECONDS", 0.01)
    monkeypatch.setattr(importing, "LOOK_SECONDS", 0.001)
    with IntelStore(paths.intel), pytest.raises(NotReady, match="it will when it can"):
        run(paths)
    (left,) = paths.intel.parent.glob(f"*{SUFFIX}")
    assert left.stat().st_size > 0
    assert run(paths) == FIGURES
    assert guessed(paths) == EXPECTED


def test_a_log_that_cannot_be_read_changes_nothing(paths: Paths) -> None:
    def blocks():
        yield BLOCKS[0]
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        imported(blocks(), Counts(), paths, MARKER, clock=lambda: NOON)
    assert not list(paths.intel.parent.iterdir())
