"""When a log line was written."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from honeypost.beside.logs.times import Calendar

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 8, 14, 12, 0, tzinfo=UTC).timestamp()


def read(line: bytes, *, zone=UTC, now=NOW, year=None) -> str:
    time, _ = Calendar(zone, now, year).read(line)
    return "" if time is None else datetime.fromtimestamp(time, UTC).isoformat()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"Aug 14 11:59:59 mail x: ", "2026-08-14T11:59:59+00:00"),
        (b"Aug 15 11:59:59 mail x: ", "2026-08-15T11:59:59+00:00"),  # within the slack of a day
        (b"Aug 16 00:00:00 mail x: ", "2025-08-16T00:00:00+00:00"),
        (b"Mar  7 02:09:33 mail x: ", "2026-03-07T02:09:33+00:00"),
        (b"Mar 7 02:09:33 mail x: ", "2026-03-07T02:09:33+00:00"),
        (b"Feb 29 02:09:33 mail x: ", "2024-02-29T02:09:33+00:00"),
        (b"Dec 31 23:59:60 mail x: ", "2025-12-31T23:59:59+00:00"),
        (b"2024-08-26T01:33:38.572449+00:00 mail x: ", "2024-08-26T01:33:38.572449+00:00"),
        (b"2024-12-31T06:56:17+01:00 mail x: ", "2024-12-31T05:56:17+00:00"),
        (b"2024-12-31T06:56:17Z mail x: ", "2024-12-31T06:56:17+00:00"),
        (b"2013-08-11 03:56:40 auth-worker(default): ", "2013-08-11T03:56:40+00:00"),
        (b"@400000004c91b044077a9e94 imap-login: ", "2010-09-16T05:50:50.125477+00:00"),
    ],
)
def test_every_form_of_time(line: bytes, expected: str) -> None:
    assert read(line) == expected


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"mail postfix/smtpd[1]: connect from unknown[192.0.2.1]",
        b"Foo 14 11:59:59 mail x: ",
        b"Feb 30 11:59:59 mail x: ",
        b"Aug 14 25:59:59 mail x: ",
        b"2024-13-31T06:56:17Z mail x: ",
        b"@4000000zz",
    ],
)
def test_what_is_no_time(line: bytes) -> None:
    assert read(line) == ""


def test_a_zone_and_its_summer_time() -> None:
    assert read(b"Jan 10 12:00:00 m x: ", zone=BERLIN) == "2026-01-10T11:00:00+00:00"
    assert read(b"Jul 10 12:00:00 m x: ", zone=BERLIN) == "2026-07-10T10:00:00+00:00"
    assert read(b"2024-12-31T06:56:17Z m x: ", zone=BERLIN) == "2024-12-31T06:56:17+00:00"


def test_a_given_year_turns_at_new_year() -> None:
    calendar = Calendar(UTC, NOW, 2010)
    lines = [b"Nov 30 10:00:00 ", b"Dec 31 23:59:59 ", b"Jan  1 00:00:01 ", b"Dec 31 23:59:58 "]
    times = [calendar.read(line)[0] for line in [*lines, b"Feb  2 00:00:00 "]]
    years = [datetime.fromtimestamp(time or 0, UTC).year for time in times]
    assert years == [2010, 2010, 2011, 2010, 2011]
    assert calendar.year == 2011


def test_a_given_year_without_the_day() -> None:
    assert read(b"Feb 29 10:00:00 m x: ", year=2011) == ""
