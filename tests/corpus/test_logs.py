"""
Other people's log lines with what they themselves expect of them.

Where a rival's test says that a line of Postfix, Dovecot or Exim tells of a client, we must
read the same client and the same time; where it says "not this one", we must not take it for
a refused login or a probe.  A line that it judges both ways (it has a strict mode, in which a
client that only hung up counts) must name the client and be no attempt.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from honeypost.beside.logs.lines import Line, read_line
from honeypost.beside.logs.reader import understand
from honeypost.beside.logs.times import Calendar
from honeypost.engine.logevents import Kind, LogEvent, Outcome

ZONE = ZoneInfo("Europe/Zurich")
"""The zone and the day that those tests set their clock to."""
TODAY = datetime(2005, 8, 14, 12, 0, tzinfo=ZONE).timestamp()

TAI_SECONDS = 10
"""They read TAI64N without the ten seconds that multilog adds; four lines."""

OURS = {"postfix", "dovecot", "exim", "exim-spam"}
SERVED = ("/dovecot-", "/postfix-", "/postscreen-", "/exim-")


def labelled(data_directory: Path) -> list[dict[str, Any]]:
    with (data_directory / "logs" / "labelled.jsonl").open() as rows:
        return [json.loads(row) for row in rows]


def read(row: dict[str, Any]) -> tuple[Line | None, LogEvent | None]:
    line = read_line(row["line"].encode(), Calendar(ZONE, TODAY))
    return line, understand(line) if line else None


def is_attempt(event: LogEvent | None) -> bool:
    """Is it a refused login or a recipient that does not exist?"""
    return event is not None and event.outcome in {Outcome.REFUSED, Outcome.UNKNOWN}


def names(row: dict[str, Any]) -> str:
    event = read(row)[1]
    return event.client if event else "nobody"


@pytest.fixture
def rows(data_directory: Path) -> list[dict[str, Any]]:
    return [r for r in labelled(data_directory) if r["src"] == "fail2ban" and r["file"] in OURS]


@pytest.fixture
def positives(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if row["expect"]["match"]]


def test_every_positive_names_its_client(positives: list[dict[str, Any]]) -> None:
    assert len(positives) == 170
    assert [(names(r), r["line"]) for r in positives if names(r) != r["expect"]["host"]] == []


def test_every_positive_has_its_time(positives: list[dict[str, Any]]) -> None:
    checked = 0
    for row in positives:
        if not row["expect"].get("time"):
            continue  # two have none there
        line, _ = read(row)
        assert line is not None
        assert line.time is not None
        date, _, clock = row["expect"]["time"].partition("T")
        year, month, day = (int(part) for part in date.split("-"))  # one of them is 2005-03-7
        moment = datetime(year, month, day, *map(int, clock.split(":")), tzinfo=ZONE)
        behind = TAI_SECONDS if row["line"].startswith("@") else 0
        assert int(line.time) == moment.timestamp() - behind, row["line"]
        checked += 1
    assert checked == 168


def test_no_negative_is_taken_for_an_attempt(rows: list[dict[str, Any]]) -> None:
    negatives = [row for row in rows if not row["expect"]["match"]]
    assert len(negatives) == 19
    assert [row["line"] for row in negatives if is_attempt(read(row)[1])] == []


def test_a_refused_login_or_recipient_is_an_attempt(positives: list[dict[str, Any]]) -> None:
    """In either server's words; what the server could not judge is none."""
    signs = (
        *("authentication failed", "auth failed", "unknown user", "mismatch", "invalid cred"),
        *("pam_authenticate() failed", "authentication failure", "tried to use dis"),
        *("Recipient address rejected", "Incorrect authentication data", "Unknown user"),
        "rejected RCPT <some.invalid.name@a.domain>: Unrouteable address",
    )
    nobody_judged = "SASL CRAM-MD5 authentication failed: Invalid"
    said = [
        row
        for row in positives
        if any(sign in row["line"] for sign in signs)
        and nobody_judged not in row["line"]
        and "verify fail" not in row["line"]
    ]
    assert len(said) == 73
    assert [row["line"] for row in said if not is_attempt(read(row)[1])] == []


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
        if row["src"] == "fail2ban" and row["file"] not in OURS | {"sendmail-auth"}
    ]
    claimed = [row["line"] for row in others if (e := read(row)[1]) and e.kind is Kind.LOGIN]
    assert len(others) == 184
    assert claimed == []


def test_the_second_collection_is_read_too(data_directory: Path) -> None:
    rows = [
        row
        for row in labelled(data_directory)
        if row["src"] == "crowdsec-hub" and any(part in row["file"] for part in SERVED)
    ]
    silent = [row["line"] for row in rows if names(row) in ("", "nobody")]
    assert len(rows) > 100
    assert silent == []
