"""Lines that we labelled ourselves: time, client, account and outcome, in every dialect."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from honeypost.beside.logs.files import Reading, read_logs
from honeypost.beside.logs.reader import Counts
from honeypost.engine.replay import Replay, ReplayedLine, Rules

CORPUS = Path(__file__).parent / "logs" / "labelled.jsonl"
READING = Reading(ZoneInfo("Europe/Berlin"), datetime(2026, 11, 1, tzinfo=UTC).timestamp())
BYSTANDER = "203.0.113.66"
FIELDS = ("time", "kind", "client", "account", "service", "outcome")


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    return [json.loads(row) for row in CORPUS.read_text().splitlines()]


@pytest.fixture
def told(rows: list[dict[str, Any]], tmp_path: Path) -> dict[int, ReplayedLine]:
    log = tmp_path / "mail.log"
    log.write_text("".join(row["line"] + "\n" for row in rows))
    replay = Replay(Rules(("example.org",)))
    lines = [line for block in read_logs([str(log)], READING, Counts()) for line in block]
    return {line.place.line: replay.take(line.event, line.place) for line in lines}


def test_every_line_says_what_its_label_says(
    rows: list[dict[str, Any]], told: dict[int, ReplayedLine]
) -> None:
    assert len(rows) >= 150
    for number, row in enumerate(rows, start=1):
        said = told.get(number)
        found = said and {field: getattr(said, field) for field in FIELDS}
        assert found == row["expect"], row["line"]


def test_nobody_speaks_for_a_bystander(told: dict[int, ReplayedLine]) -> None:
    assert BYSTANDER not in {line.client for line in told.values()}


def test_the_labels_cover_every_dialect_and_both_families(rows: list[dict[str, Any]]) -> None:
    wanted = [row["expect"] for row in rows if row["expect"]]
    families = {":" in expect["client"] for expect in wanted}
    assert families == {True, False}
    assert {expect["service"] for expect in wanted} == {
        *("smtp", "submission", "submissions", "imap", "pop3", "sieve", ""),
    }
    assert {"refused", "accepted", "no-answer", "unknown", "relay-denied"} <= {
        expect["outcome"] for expect in wanted
    }
