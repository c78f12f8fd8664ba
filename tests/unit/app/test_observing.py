"""The worker's look at a log: nothing twice, nothing left out, nothing hidden."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from honeypost.app import observing
from honeypost.app.observing import ALIVE_SECONDS, Observer, cursors, observer
from honeypost.beside.cannot_tell import CannotTell
from honeypost.beside.logs.reader import Counts, LogLine
from honeypost.config.schema import Observe
from honeypost.engine.logevents import Kind, LogEvent, Outcome, Place
from honeypost.engine.watching import Picture, number
from honeypost.errors import StoreFull
from honeypost.stores.intel import IntelStore
from honeypost.stores.observations import LogState, Observations
from honeypost.stores.watched import Watched
from honeypost.testing.memory import ManualClock

NOON = 1_772_366_400.0
MARKER = "k3f9x2.invalid"


class Script:
    """A log that says these things, one poll after the other."""

    def __init__(self, *polls: list[LogLine] | OSError, at: int = 0) -> None:
        self.polls = polls
        self.at = at
        self.counts = Counts()
        self.closed = False

    @property
    def cursor(self) -> str:
        return str(self.at) if self.at else ""

    def poll(self) -> list[LogLine]:
        if self.at >= len(self.polls):
            return []
        told = self.polls[self.at]
        if isinstance(told, OSError):
            raise told
        self.at += 1
        times = [line.place.time for line in told]
        self.counts.newest = times[-1] if times else self.counts.newest
        return told

    def close(self) -> None:
        self.closed = True


def line(name: str, time: float = NOON, *, good: bool = False) -> LogLine:
    outcome = Outcome.ACCEPTED if good else Outcome.REFUSED
    event = LogEvent(Kind.LOGIN, outcome, "192.0.2.7", "imap", name.encode())
    return LogLine(Place("log", 1, time), event)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "intel.db"


@pytest.fixture
def intel(path: Path):
    with IntelStore(path) as made:
        yield made


@pytest.fixture
def view(intel: IntelStore, path: Path):
    with Observations(path) as made:
        yield made


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


def observe(intel: IntelStore, clock: ManualClock, **sources: Script) -> Observer:
    async def at_once() -> None:
        await asyncio.sleep(0)

    return Observer(sources, Watched(intel), MARKER, clock=clock, give_way=at_once)


async def test_everything_there_is_read_at_once(intel, view, clock) -> None:
    script = Script([line("info")], [line("info"), line("bob", good=True)])
    watching = observe(intel, clock, log=script)
    assert await watching.look() == 3
    assert await watching.look() == 0
    assert [guess.tries for guess in view.guesses(0)] == [2]
    assert view.users() == {"bob": number(NOON)}
    assert watching.users() == {"bob"}
    assert cursors(view.cursor("observed")) == {"log": "2"}
    watching.close()
    assert script.closed


async def test_a_crash_between_poll_and_store_loses_and_doubles_nothing(
    intel, view, clock, monkeypatch
) -> None:
    polls = [[line("info")], [line("info"), line("sales")], [line("info")]]
    watching = observe(intel, clock, log=Script(*polls))

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    kept = []

    def crash_at_the_second(picture, state, said):
        kept.append(1)
        if len(kept) == 2:
            raise KeyboardInterrupt
        return Watched(intel).add(picture, state, said)

    monkeypatch.setattr(watching._watched, "add", crash_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        await watching.look()
    after = observe(intel, clock, log=Script(*polls, at=int(cursors(Watched(intel).state)["log"])))
    await after.look()
    assert {guess.name: guess.tries for guess in view.guesses(0)} == {"info": 3, "sales": 1}


async def test_what_could_not_be_kept_is_kept_next_time(intel, view, clock, monkeypatch) -> None:
    watching = observe(intel, clock, one=Script([line("info")]), two=Script([line("sales")]))
    add = watching._watched.add

    def full(*_: object) -> None:
        raise StoreFull("disk")

    monkeypatch.setattr(watching._watched, "add", full)
    with pytest.raises(StoreFull):
        await watching.look()
    monkeypatch.setattr(watching._watched, "add", add)
    await watching.look()
    assert {guess.name: guess.tries for guess in view.guesses(0)} == {"info": 1, "sales": 1}
    assert cursors(view.cursor("observed")) == {"one": "1", "two": "1"}


async def test_a_log_whose_lines_wait_has_its_old_cursor_kept(
    intel, view, clock, monkeypatch
) -> None:
    watching = observe(intel, clock, one=Script([line("info")]), two=Script([line("sales")]))
    add = watching._watched.add

    def full_for_two(picture, state, said):
        if "sales" in {name for _, name in picture.guessed}:
            raise StoreFull("disk")
        add(picture, state, said)

    monkeypatch.setattr(watching._watched, "add", full_for_two)
    with pytest.raises(StoreFull):
        await watching.look()
    clock.now += ALIVE_SECONDS
    with pytest.raises(StoreFull):
        await watching.look()
    assert cursors(view.cursor("observed"))["two"] == ""


async def test_a_log_that_cannot_be_read_is_said_and_the_others_go_on(
    intel, view, clock, caplog
) -> None:
    broken = Script(OSError(13, "Permission denied"))
    watching = observe(intel, clock, bad=broken, good=Script([line("info")]))
    for _ in range(150):
        await watching.look()
    assert len(caplog.records) == 2
    states = {state.log: state for state in view.logs()}
    assert "Permission denied" in states["bad"].problem
    assert states["good"] == LogState("good", NOON, "")
    broken.polls = ([line("sales")],)
    await watching.look()
    assert {state.log: state.problem for state in view.logs()} == {"bad": "", "good": ""}


async def test_a_silent_log_is_looked_at_all_the_same(intel, view, clock) -> None:
    watching = observe(intel, clock, log=Script([line("info")]), none=Script())
    await watching.look()
    clock.now += 86_400 * 3
    await watching.look()
    clock.now += 1
    await watching.look()
    assert view.observed(clock.now).last == NOON + 86_400 * 3


async def test_a_log_that_is_not_there_was_not_looked_at(intel, view, clock) -> None:
    await observe(intel, clock, log=Script()).look()
    assert view.days(0) == []
    assert view.logs() == [LogState("log", 0.0, "")]


async def test_another_log_of_the_same_days_counts_nothing_twice(intel, view, clock) -> None:
    first = [line("info", NOON - 60), line("info", NOON - 50)]
    await observe(intel, clock, file=Script(first)).look()
    journal = [*first, line("info", NOON + 5)]
    clock.now += 10
    await observe(intel, clock, journal=Script(journal[:2], journal[2:])).look()
    assert [guess.tries for guess in view.guesses(0)] == [3]
    # The limit outlives a restart in the middle.
    again = observe(intel, clock, journal=Script([], journal[:1], at=1))
    await again.look()
    assert [guess.tries for guess in view.guesses(0)] == [3]


async def test_too_many_names_are_a_doubt(intel, clock, monkeypatch) -> None:
    watching = observe(intel, clock, log=Script([line("bob", good=True)]))
    monkeypatch.setattr(Watched, "users", lambda _: None)
    await watching.look()
    with pytest.raises(CannotTell):
        watching.users()


async def test_forgotten_names_are_read_again(intel, clock) -> None:
    watching = observe(intel, clock, log=Script([line("bob", good=True)]))
    await watching.look()
    intel.change("DELETE FROM observed_users WHERE name = ?", [("bob",)])
    watching.reread()
    assert watching.users() == frozenset()


async def test_real_files_from_before_the_first_start(intel, view, tmp_path, monkeypatch) -> None:
    def said(day: int, name: str) -> str:
        return (
            f"2026-03-0{day}T11:00:00+00:00 mail postfix/smtpd[7]: warning: unknown[192.0.2.9]:"
            f" SASL LOGIN authentication failed: (reason unavailable), sasl_username={name}\n"
        )

    log = tmp_path / "mail.log"
    log.write_text(said(1, "info"))
    log.with_name("mail.log.1").write_text(said(1, "sales").replace("03-01", "02-27"))
    monkeypatch.setattr(observing.time, "time", lambda: NOON)

    async def at_once() -> None:
        pass

    config = Observe(log=(str(log),), backfill_days=36_500)
    watching = observer(config, Watched(intel), MARKER, at_once)
    assert await watching.look() == 2
    assert [guess.name for guess in view.guesses(0)] == ["sales", "info"]
    watching.close()
    again = observer(config, Watched(intel), MARKER, at_once)
    with log.open("a") as more:
        more.write(said(1, "info"))
    assert await again.look() == 1
    again.close()
    assert json.loads(view.cursor("observed")).keys() == {str(log)}


async def test_nothing_is_read_unless_it_was_asked_for(intel, view) -> None:
    watched = Watched(intel)
    watched.add(Picture(MARKER, NOON), "")
    intel.change("INSERT INTO observed_users VALUES (?, ?, ?)", [("bob", NOON, NOON)])
    watching = observer(Observe(), watched, MARKER, asyncio.sleep)
    assert await watching.look() == 0
    assert view.logs() == []
    assert watching.users() == {"bob"}, "who once logged in stays real"
