"""
Other people's log lines with what they themselves expect of them.

Where a rival's test says that a line of Postfix or Dovecot is a refused login or a probe, we
must read the same client and the same time; where it says "not this one", we must not.  What
is out of scope is listed here with its reason, so that the rate means something.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from honeypost.beside.logs.files import understand
from honeypost.beside.logs.lines import Line, read_line
from honeypost.beside.logs.times import Calendar
from honeypost.engine.logevents import Kind, LogEvent, Outcome

ZONE = ZoneInfo("Europe/Zurich")
"""The zone and the day that those tests set their clock to."""
TODAY = datetime(2005, 8, 14, 12, 0, tzinfo=ZONE).timestamp()

TAI_SECONDS = 10
"""They read TAI64N without the ten seconds that multilog adds."""

NO_CLIENT_CAME = ("does not resolve to address", "SASL CRAM-MD5 authentication failed: Invalid")
"""A DNS remark; and a mechanism that the server does not have: there nobody was judged."""


def labelled(data_directory: Path) -> list[dict[str, Any]]:
    with (data_directory / "logs" / "labelled.jsonl").open() as rows:
        return [json.loads(row) for row in rows]


def read(row: dict[str, Any]) -> tuple[Line | None, LogEvent | None]:
    line = read_line(row["line"].encode(), Calendar(ZONE, TODAY))
    return line, understand(line) if line else None


def is_attempt(event: LogEvent | None) -> bool:
    """Is it a refused login or a recipient that does not exist?"""
    return event is not None and event.outcome in {Outcome.REFUSED, Outcome.UNKNOWN}


def concerns_attempts(text: str) -> bool:
    """Does the line say, in either server's words, that a login or recipient was refused?"""
    signs = (
        *(
            "authentication failed",
            "auth failed",
            "unknown user",
            "mismatch",
            "pam_authenticate() failed",
        ),
        *("authentication failure", "invalid credentials", "tried to use dis"),
        *("Recipient address rejected",),
    )
    return any(sign in text for sign in signs) and not any(s in text for s in NO_CLIENT_CAME)


@pytest.fixture
def rows(data_directory: Path) -> list[dict[str, Any]]:
    return [
        row
        for row in labelled(data_directory)
        if row["src"] == "fail2ban" and row["file"] in {"postfix", "dovecot"}
    ]


def test_refused_logins_and_probes_are_all_read(rows: list[dict[str, Any]]) -> None:
    wanted = [r for r in rows if r["expect"]["match"] and concerns_attempts(r["line"])]
    agreed = [
        row
        for row in wanted
        if (event := read(row)[1]) and is_attempt(event) and event.client == row["expect"]["host"]
    ]
    assert len(wanted) == 59
    assert len(agreed) == len(wanted), [r["line"] for r in wanted if r not in agreed]


def test_what_is_no_attempt_is_not_taken_for_one(rows: list[dict[str, Any]]) -> None:
    denied = [row for row in rows if not row["expect"]["match"]]
    assert len(denied) == 16
    assert [row["line"] for row in denied if is_attempt(read(row)[1])] == []


def test_every_client_named_is_the_expected_one(rows: list[dict[str, Any]]) -> None:
    wanted = [
        row
        for row in rows
        if row["expect"]["match"] and not any(sign in row["line"] for sign in NO_CLIENT_CAME[:1])
    ]
    agreed = [row for row in wanted if (e := read(row)[1]) and e.client == row["expect"]["host"]]
    assert len(wanted) >= 110
    assert len(agreed) == len(wanted), [r["line"] for r in wanted if r not in agreed]


def test_every_time_is_the_expected_one(rows: list[dict[str, Any]]) -> None:
    checked = 0
    for row in rows:
        line, _ = read(row)
        if line is None or line.time is None or not row["expect"].get("time"):
            continue
        date, _, clock = row["expect"]["time"].partition("T")
        year, month, day = (int(part) for part in date.split("-"))  # one of them is 2005-03-7
        moment = datetime(year, month, day, *map(int, clock.split(":")), tzinfo=ZONE)
        behind = TAI_SECONDS if row["line"].startswith("@") else 0
        assert int(line.time) == moment.timestamp() - behind, row["line"]
        checked += 1
    assert checked >= 120


def test_users_where_they_are_named(rows: list[dict[str, Any]]) -> None:
    named = [row for row in rows if row["expect"].get("user")]
    assert named
    for row in named:
        event = read(row)[1]
        assert event is not None
        assert event.name.decode() == row["expect"]["user"]


def test_lines_of_other_servers_say_nothing(data_directory: Path) -> None:
    others = [
        row
        for row in labelled(data_directory)
        if row["src"] == "fail2ban" and row["file"] not in {"postfix", "dovecot", "sendmail-auth"}
    ]
    claimed = [row["line"] for row in others if (e := read(row)[1]) and e.kind is Kind.LOGIN]
    assert len(others) > 200
    assert claimed == []


def test_the_second_collection_is_read_too(data_directory: Path) -> None:
    rows = [
        row
        for row in labelled(data_directory)
        if row["src"] == "crowdsec-hub"
        and any(part in row["file"] for part in ("/dovecot-", "/postfix-", "/postscreen-"))
    ]
    silent = [row["line"] for row in rows if read(row)[1] is None]
    assert len(rows) > 70
    assert silent == []
