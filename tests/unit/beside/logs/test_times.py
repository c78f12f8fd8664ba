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


def test_fractions_and_other_programs_own_forms() -> None:
    assert read(b"Aug 14 11:59:59.250 m x: ") == "2026-08-14T11:59:59.250000+00:00"
    assert read(b"2013-08-11 03:56:40 +0200 x") == "2013-08-11T01:56:40+00:00"
    assert read(b"2013-08-11 03:56:40.345 x", zone=BERLIN) == "2013-08-11T01:56:40.345000+00:00"
    assert read(b"2013-08-11T03:56:40,5-0530 x") == "2013-08-11T09:26:40.500000+00:00"


def autumn(*clocks: str, previous: float | None = None, form: str = "Oct 25 {} m x: ") -> list[str]:
    """Read lines of the night in which Berlin's clocks go back from 3 to 2, at 01:00 UTC."""
    now = datetime(2026, 11, 1, tzinfo=UTC).timestamp()
    calendar = Calendar(BERLIN, now, previous=previous)
    times = [calendar.read(form.format(clock).encode())[0] for clock in clocks]
    return [datetime.fromtimestamp(time or 0, UTC).strftime("%H:%M:%S") for time in times]


@pytest.mark.parametrize("form", ["Oct 25 {} m x: ", "2026-10-25 {} x: "])
def test_both_hours_when_clocks_go_back(form: str) -> None:
    clocks = ("01:59:59", "02:00:00", "02:58:30", "02:00:10", "02:30:00", "02:59:59", "03:00:00")
    assert autumn(*clocks, form=form) == [
        *("23:59:59", "00:00:00", "00:58:30", "01:00:10", "01:30:00", "01:59:59", "02:00:00"),
    ]


def test_a_line_a_little_out_of_order_is_not_of_the_second_hour() -> None:
    assert autumn("02:30:01", "02:29:59", "02:31:00") == ["00:30:01", "00:29:59", "00:31:00"]


def test_the_hour_goes_on_in_the_next_file_or_after_a_restart() -> None:
    second_hour = datetime(2026, 10, 25, 1, 10, tzinfo=UTC).timestamp()
    assert autumn("02:15:00", previous=second_hour) == ["01:15:00"]
    days_later = second_hour + 3 * 86_400
    assert autumn("02:15:00", previous=days_later) == ["00:15:00"]


def test_the_hour_that_spring_leaves_out() -> None:
    zoned = [read(b"Mar 29 %s m x: " % clock, zone=BERLIN) for clock in (b"01:59:59", b"03:00:00")]
    assert zoned == ["2026-03-29T00:59:59+00:00", "2026-03-29T01:00:00+00:00"]
    assert read(b"Mar 29 02:30:00 m x: ", zone=BERLIN) == "2026-03-29T01:30:00+00:00"


def test_new_year_without_a_year() -> None:
    now = datetime(2026, 1, 2, tzinfo=UTC).timestamp()
    calendar = Calendar(UTC, now)
    lines = (b"Dec 31 23:59:59 m x: ", b"Jan  1 00:00:00 m x: ", b"Dec 31 23:59:58 m x: ")
    years = [datetime.fromtimestamp(calendar.read(line)[0] or 0, UTC).year for line in lines]
    assert years == [2025, 2026, 2025]


def test_a_log_that_grows_over_new_year() -> None:
    calendar = Calendar(UTC, datetime(2025, 12, 30, tzinfo=UTC).timestamp())
    assert (
        calendar.read(b"Jan  2 00:00:00 m x: ")[0] == datetime(2025, 1, 2, tzinfo=UTC).timestamp()
    )
    calendar.look_back_from(datetime(2026, 1, 2, 0, 0, 1, tzinfo=UTC).timestamp())
    assert calendar.read(b"Jan  2 00:01:00 m x: ")[0] == (
        datetime(2026, 1, 2, 0, 1, tzinfo=UTC).timestamp()
    )
