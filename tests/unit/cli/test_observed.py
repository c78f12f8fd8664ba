"""What the status says about the real server's log."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from honeypost.cli import observed
from honeypost.cli.archive import Archive
from honeypost.cli.observed import collect
from honeypost.config.schema import Config, Decoys, Paths, Site
from honeypost.config.secrets import create_if_missing
from honeypost.engine.logevents import Kind, LogEvent, Outcome
from honeypost.engine.watching import Picture
from honeypost.stores.intel import IntelStore
from honeypost.stores.watched import Watched

NOW = 1_772_366_400.0
DAY = 86_400.0
CONFIG = Config(
    site=Site(domains=("example.org",)),
    decoys=Decoys(failures_min=2, failures_max=2, role_share=1.0, name_share=1.0),
)


def login(name: str, client: str = "203.0.113.5", *, good: bool = False, tries: int = 1):
    outcome = Outcome.ACCEPTED if good else Outcome.REFUSED
    return LogEvent(Kind.LOGIN, outcome, client, "imap", name.encode(), tries)


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    made = Paths(tmp_path)
    create_if_missing(made.secrets, os.urandom)
    picture = Picture("k3f9x2.invalid", NOW)
    for day in range(8):
        picture.take(login("bob", "192.0.2.7", good=True), NOW - day * DAY)
    picture.take(login("info", tries=5), NOW - 2 * DAY)
    picture.take(login("dave", tries=4), NOW - 2 * DAY)
    picture.take(login("dave", "198.51.100.1", good=True), NOW - DAY)
    picture.take(login("bib", tries=2), NOW - DAY)
    picture.take(login("elsie", "192.0.2.9", tries=1), NOW)
    picture.take(LogEvent(Kind.RECIPIENT, Outcome.UNKNOWN, "203.0.113.5", "smtp", b"x"), NOW)
    with IntelStore(made.intel) as intel:
        said = '[{"log":"/var/log/mail.log","newest":1772366400.0,"problem":""}]'
        Watched(intel).add(picture, "", said)
    return made


def look(paths: Paths, mode: str = "observe", config: Config = CONFIG):
    with Archive(paths) as archive:
        return collect(archive, config, mode, NOW)


def test_the_figures(paths: Paths) -> None:
    found = look(paths)
    assert [(log.log, log.newest) for log in found.logs] == [
        ("/var/log/mail.log", "2026-03-01T12:00:00Z")
    ]
    assert (found.days_looked, found.days_wanted, found.may_deceive) == (7.0, 7.0, True)
    assert (found.users, found.networks) == (2, 2)
    would = found.would_divert
    assert (would.days, would.sessions, would.names) == (
        8,
        3 + 2,
        ["info@example.org", "dave@example.org"],
    )
    assert (would.your_sessions, would.your_names) == (2, ["dave@example.org"])
    assert [(miss.name, miss.network, miss.reason) for miss in found.near_misses] == [
        ("bib", "203.0.113.0/24", "slip"),
        ("elsie", "192.0.2.0/24", "network"),
    ]
    assert found.near_miss_count == 2
    assert [(name.name, name.tries, name.standing) for name in found.most_wanted] == [
        ("info@example.org", 5, "nobody"),
        ("dave@example.org", 4, "user"),
        ("bib@example.org", 2, "slip"),
        ("elsie@example.org", 1, "nobody"),
    ]
    assert len(found.week) == 7
    today = found.week[-1]
    assert (today.date, today.logins, today.refused, today.unknown_recipients) == (
        "2026-03-01", 1, 1, 1,
    )  # fmt: skip
    assert found.first_decoy.guesses_per_day == round(6 / 7, 1)


def test_nothing_was_looked_at(tmp_path: Path) -> None:
    found = look(Paths(tmp_path))
    assert (found.logs, found.week, found.may_deceive) == ([], [], False)
    assert found.reason.startswith("no log was looked at yet")


@pytest.mark.parametrize(
    ("mode", "why"),
    [
        ("observe", "only looking, nothing is answered by Honeypost; 7 days were looked at"),
        ("", "it is not running"),
        ("deceive", "nobody has guessed in the last week"),
    ],
)
def test_why_there_is_no_decoy_yet(paths: Paths, mode: str, why: str) -> None:
    assert look(paths, mode).first_decoy.why_none.startswith(why)


def test_where_there_is_a_decoy_nothing_is_to_be_explained(told: Paths) -> None:
    assert look(told, "deceive").first_decoy.why_none == ""


def test_most_refusals_say_why_none_has_won(told: Paths, monkeypatch) -> None:
    monkeypatch.setattr(Archive, "decoys", lambda _: [])
    monkeypatch.setattr(observed, "RECENT_SECONDS", 30 * DAY)
    assert look(told, "deceive").first_decoy.why_none in observed.WHY_REFUSED.values()
