"""How it looks: everything fits on 80 columns, and what is bad is red."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from honeypost.cli import shapes
from honeypost.cli.observed_screen import show

FOUND = shapes.Observed(
    logs=[shapes.FollowedLog("/var/log/mail.log", "2026-03-01T12:00:00Z", "")],
    days_looked=3.2,
    days_wanted=7.0,
    may_deceive=False,
    reason="3.2 of 7 days were looked at",
    users=14,
    networks=1,
    would_divert=shapes.WouldDivert(4, 312, ["info@example.org"], 0, []),
    near_misses=[
        shapes.NearMiss("bib", "2001:db8:ffff::/48", 2, "2026-03-01T11:00:00Z", "slip"),
        shapes.NearMiss("a" * 90, "192.0.2.0/24", 1, "2026-03-01T11:00:00Z", "network"),
    ],
    near_miss_count=7,
    first_decoy=shapes.FirstDecoy(44.0, 12.0, 105.8, "only looking"),
    most_wanted=[shapes.WantedName("info@example.org", 1234, "nobody")],
    week=[shapes.Day("2026-03-01", 88, 1240, 17, 3, 900)],
)


def shown(found: shapes.Observed, width: int = 80) -> str:
    out = Console(file=StringIO(), width=width, force_terminal=True, color_system=None)
    show(out, found)
    return out.file.getvalue()


@pytest.mark.parametrize("width", [80, 120])
def test_everything_fits(width: int) -> None:
    lines = shown(FOUND, width).splitlines()
    assert max(map(len, lines)) <= width


def test_the_sentences() -> None:
    text = " ".join(shown(FOUND, 120).split())
    assert "/var/log/mail.log, newest line 03-01 12:00 UTC" in text
    assert "3.2 days (7 wanted); 14 names logged in from 1 network" in text
    assert "would have diverted up to 312 sessions in 4 days, 0 of your users; 1 decoy" in text
    assert (
        "12 h after switching on at half of all sites, 4 days at nine of ten"
        " (at 44 guesses a day)" in text
    )
    assert "none yet only looking" in text
    assert "nearest misses (and 5 more)" in text
    assert "info@example.org 1,234 nobody has it" in text
    assert "2026-03-01 88 1,240 17 3 900" in text


def test_users_who_would_have_been_diverted_are_named() -> None:
    would = shapes.WouldDivert(4, 9, ["dave@example.org"], 3, ["dave@example.org"])
    text = " ".join(shown(replace(FOUND, would_divert=would), 120).split())
    assert "3 of your users (dave@example.org)" in text


def test_a_log_that_cannot_be_read_and_one_without_lines() -> None:
    logs = [
        shapes.FollowedLog("/var/log/mail.log", "", "Permission denied"),
        shapes.FollowedLog("journal", "", ""),
    ]
    text = shown(replace(FOUND, logs=logs))
    assert "/var/log/mail.log: Permission denied" in text
    assert "journal, no line yet" in text


def test_a_quiet_site() -> None:
    quiet = replace(
        FOUND,
        near_misses=[],
        near_miss_count=0,
        most_wanted=[],
        week=[],
        would_divert=shapes.WouldDivert(0, 0, [], 0, []),
        first_decoy=shapes.FirstDecoy(0.0, 0.0, 0.0, ""),
    )
    text = shown(quiet)
    assert "not to be expected: nobody guesses" in text
    assert "diverted 0 sessions in 0 days, 0 of your users" in text
    assert "nearest" not in text


@pytest.mark.parametrize(("hours", "said"), [(0.2, "12 min"), (30.0, "30 h"), (60.0, "2 days")])
def test_a_forecast_is_no_more_exact_than_it_is(hours: float, said: str) -> None:
    first = shapes.FirstDecoy(44.0, hours, 500.0, "")
    assert f"{said} after switching on" in shown(replace(FOUND, first_decoy=first))
