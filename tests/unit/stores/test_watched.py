"""Joining pictures: exact, bounded, and taken out again."""

from __future__ import annotations

from pathlib import Path

import pytest

from honeypost.config.schema import Observe
from honeypost.engine.logevents import Kind, LogEvent, Outcome
from honeypost.engine.traces import Trace
from honeypost.engine.watching import number
from honeypost.ports import Reality
from honeypost.stores import watched as watched_module
from honeypost.stores.intel import IntelStore
from honeypost.stores.observations import Observations
from honeypost.stores.watched import Watched
from support.observed import NOON, login, picture

DAY = 86_400.0


@pytest.fixture
def watched(intel: IntelStore) -> Watched:
    return Watched(intel, homes_days=100)


@pytest.fixture
def view(intel: IntelStore, path: Path):
    with Observations(path) as made:
        yield made


LINES = [
    (login("bob", good=True), NOON - 2 * DAY),
    (login("info", tries=3), NOON - DAY),
    (login("info", behind=True), NOON - DAY + 5),
    (login("bob"), NOON - 10),
    (login("bob", "198.51.100.4", good=True), NOON),
    (login("info", "203.0.113.9"), NOON),
    (LogEvent(Kind.RECIPIENT, Outcome.UNKNOWN, "203.0.113.9", "smtp", b"x"), NOON),
]


def places(view: Observations) -> set[str]:
    return {place for (place,) in view.ask("SELECT place FROM observed_homes")}


def everything(intel: IntelStore) -> dict[str, list]:
    tables = ("days", "users", "homes", "guesses", "misses")
    return {t: sorted(intel.ask(f"SELECT * FROM observed_{t}")) for t in tables}


def test_portions_and_their_order_do_not_matter(intel: IntelStore, tmp_path: Path) -> None:
    Watched(intel).add(picture(*LINES), "end")
    with IntelStore(tmp_path / "other.db") as other:
        watched = Watched(other)
        for line in reversed(LINES):
            watched.add(picture(line), "end")
        assert everything(intel) == everything(other)


def test_picture_and_state_come_into_force_together(watched: Watched, view, monkeypatch) -> None:
    watched.add(picture(LINES[0]), "1")

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(watched, "_shed", broken)
    with pytest.raises(ZeroDivisionError):
        watched.add(picture(*LINES), "2")
    assert watched.state == view.cursor("observed") == "1"
    assert view.guesses(0) == []


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """What was observed elsewhere: yesterday, and a day that is known here as well."""
    path = tmp_path / "other" / "intel.db"
    with IntelStore(path) as intel:
        elsewhere = picture(
            (login("info"), NOON - DAY),
            (login("sales", "203.0.113.1"), NOON - DAY),
            (login("info"), NOON),
            (login("bob", good=True), NOON),
        )
        Watched(intel).add(elsewhere, "there")
    return path


def test_other_logs_add_days_that_were_not_looked_at(watched: Watched, view, other) -> None:
    watched.add(picture((login("info"), NOON)), "here")
    for _ in range(2):  # whoever is interrupted does it again
        watched.learn(other)
        assert [(day.day, day.refused, day.accepted) for day in view.days(0)] == [
            (number(NOON) - 1, 2, 0),
            (number(NOON), 1, 0),
        ]
        assert [(guess.day, guess.name, guess.tries) for guess in view.guesses(0)] == [
            (number(NOON) - 1, "info", 1),
            (number(NOON) - 1, "sales", 1),
            (number(NOON), "info", 1),
        ]
        assert {(miss.name, miss.tries) for miss in view.misses(0.0)} == {("info", 1), ("sales", 1)}
        assert view.users() == {"bob": number(NOON)}
        assert places(view) == {"192.0.2.0/24"}
        assert watched.state == "here"


def test_learning_is_all_or_nothing(watched: Watched, view, other, monkeypatch) -> None:
    def broken() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(watched, "_shed_all", broken)
    with pytest.raises(ZeroDivisionError):
        watched.learn(other)
    assert view.users() == {}
    monkeypatch.undo()
    watched.learn(other)
    assert view.users() == {"bob": number(NOON)}


def test_names_are_given_until_there_are_too_many(watched: Watched, monkeypatch) -> None:
    shed = [(t, 3 if t == "users" else limit, *rest) for t, limit, *rest in watched_module._SHED]
    monkeypatch.setattr(watched_module, "_SHED", shed)
    for number_ in range(3):
        watched.add(picture((login(f"u{number_}", good=True), NOON)), "")
    assert watched.users() == {"u0", "u1", "u2"}
    watched.add(picture((login("u3", good=True), NOON)), "")
    assert watched.users() is None


@pytest.mark.parametrize(
    ("table", "kept"),
    [
        ("guesses", {"often", "late5"}),
        ("misses", {"home", "late5"}),
        ("homes", {"late4", "late5"}),
    ],
)
def test_full_tables_shed_what_matters_least(
    watched: Watched, intel: IntelStore, monkeypatch, table: str, kept: set[str]
) -> None:
    shed = [(t, 3 if t == table else limit, *rest) for t, limit, *rest in watched_module._SHED]
    monkeypatch.setattr(watched_module, "_SHED", shed)
    if table == "homes":
        lines = [(login(f"late{n}", good=True), NOON - 9 * DAY + n * DAY) for n in range(6)]
    else:
        watched.add(picture((login("bob", "192.0.2.7", good=True), NOON)), "")
        lines = [
            (login("often", "203.0.113.9", tries=9), NOON - 9 * DAY),
            (login("home", "192.0.2.99", tries=2 if table == "misses" else 1), NOON - 9 * DAY),
            *((login(f"late{n}", "203.0.113.9"), NOON - 8 * DAY + n * DAY) for n in range(6)),
        ]
    for line in lines:
        watched.add(picture(line), "")
    names = {name for (name,) in intel.ask(f"SELECT name FROM observed_{table}")}
    assert len(names) <= 3
    assert kept <= names


async def test_what_is_too_old_goes_places_later(watched: Watched, view) -> None:
    watched.add(picture(*LINES), "")
    watched.stand("info@example.org", Reality.UNKNOWN, NOON - DAY)
    before = NOON - DAY / 2
    foreseen = view.count_expired(before + 7 * DAY, Observe(keep_days=7, known_days=107))
    # Of three days two go, with them one row of guesses, one miss and one standing.
    assert (await watched.prune(before)).count == foreseen == 5
    assert [day.day for day in view.days(0)] == [number(NOON)]
    assert len(places(view)) == 2
    assert (await watched.prune(NOON + 99 * DAY)).count > 0
    assert len(places(view)) == 1
    assert view.users() == {"bob": number(NOON) - 2}


async def test_a_user_is_forgotten_with_every_byte(watched: Watched, view, path: Path) -> None:
    watched.add(
        picture(
            (login("ann@example.org", good=True), NOON),
            (login("ann", good=True), NOON),
            (login("ann", "203.0.113.1"), NOON),
            (login("joann@example.org"), NOON),
            (login("annette"), NOON),
        ),
        "",
    )
    watched.stand("ann@example.org", Reality.REAL, NOON)
    trace = Trace("ann@example.org")
    foreseen = view.count_tracing(trace)
    assert foreseen == 2 + 2 + 1 + 1 + 1
    assert await watched.forget(trace) == foreseen
    assert view.count_tracing(trace) == 0
    assert [guess.name for guess in view.guesses(0)] == ["annette", "joann@example.org"]
    assert all(b"ann@example.org" not in file.read_bytes().replace(b"joann", b"jo")
               for file in path.parent.iterdir())  # fmt: skip


async def test_an_address_is_forgotten_with_its_place(watched: Watched, view) -> None:
    watched.add(picture(*LINES), "")
    assert await watched.forget(Trace("192.0.2.200")) == 1 + 2
    assert places(view) == {"198.51.100.0/24"}
    assert [miss.place for miss in view.misses(0.0)] == ["203.0.113.0/24"]
    assert await watched.forget(Trace("127.0.0.1")) == 0
