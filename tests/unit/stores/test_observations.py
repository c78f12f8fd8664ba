"""Reading what was observed, and what is not there yet."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from honeypost.engine.outlook import Guessed, Missed
from honeypost.engine.readiness import Observed
from honeypost.engine.watching import number
from honeypost.ports import Reality
from honeypost.stores.intel import IntelStore
from honeypost.stores.observations import (
    Observations,
    open_observations,
    read_observed,
)
from honeypost.stores.watched import Watched
from support.observed import NOON, login, picture

DAY = 86_400.0


@pytest.fixture
def watched(intel: IntelStore) -> Watched:
    return Watched(intel)


@pytest.fixture
def view(intel: IntelStore, path: Path):
    with Observations(path) as made:
        yield made


def test_what_was_written_is_read(watched: Watched, view: Observations) -> None:
    watched.add(
        picture(
            (login("bob", "192.0.2.7", good=True), NOON),
            (login("info", "192.0.2.9"), NOON - DAY),
            (login("info", "198.51.100.1"), NOON),
        ),
        "",
    )
    today = number(NOON)
    assert [(day.day, day.accepted, day.refused, day.sources) for day in view.days(0)] == [
        (today - 1, 0, 1, 1),
        (today, 1, 1, 1),
    ]
    assert view.days(today + 1) == []
    assert view.users() == {"bob": today}
    assert view.guesses(today) == [Guessed(today, "info", 1)]
    assert view.misses(0.0) == [
        Missed("info", "198.51.100.0/24", NOON, NOON, 1, 0),
        Missed("info", "192.0.2.0/24", NOON - DAY, NOON - DAY, 1, 1),
    ]
    assert view.misses(NOON)[1:] == []


def test_how_much_was_looked_at(watched: Watched, view: Observations) -> None:
    assert view.observed(NOON) == Observed()
    watched.add(
        picture(
            (login("bob", "192.0.2.7", good=True), NOON - 60 * DAY),
            (login("bob", "192.0.2.7", good=True), NOON - 5 * DAY),
            (login("eve", "192.0.2.8", good=True), NOON),
        ),
        "",
    )
    assert view.observed(NOON) == Observed(NOON - 5 * DAY, NOON, 4, users=2, networks=1)


def test_what_the_sources_said_of_a_name(watched: Watched, view: Observations) -> None:
    watched.stand("info@example.org", Reality.UNSURE, NOON)
    watched.stand("info@example.org", Reality.REAL, NOON)
    assert view.standings() == {"info@example.org": "real"}


def test_nothing_is_there_yet(path: Path) -> None:
    assert open_observations(path) is None
    assert read_observed(path, NOON) == Observed()


def test_a_store_of_an_older_version_has_observed_nothing(path: Path) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE reports (capture TEXT)")
    connection.close()
    assert open_observations(path) is None
    assert read_observed(path, NOON) == Observed()


def test_the_gate_reads_it(watched: Watched, path: Path) -> None:
    watched.add(picture((login("bob", "192.0.2.7", good=True), NOON)), "")
    assert read_observed(path, NOON) == Observed(NOON, NOON, 0, users=1, networks=1)
