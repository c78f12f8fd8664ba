"""Options of the commands that read logs."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from honeypost.beside.logs.zone import own_zone
from honeypost.cli.logfiles import reading, zone
from honeypost.cli.main import main
from honeypost.errors import UsageError


def test_the_named_zone() -> None:
    assert zone("Europe/Berlin") == ZoneInfo("Europe/Berlin")
    assert type(zone("")) is type(own_zone())


@pytest.mark.parametrize("name", ["Mars/Olympus", "../etc/passwd"])
def test_no_such_zone(name: str) -> None:
    with pytest.raises(UsageError, match=f"--tz {name}: no such time zone"):
        zone(name)


def test_how_lines_are_read() -> None:
    assert reading(None, "UTC").year is None
    how = reading(2025, "Europe/Berlin")
    assert (how.year, how.zone) == (2025, ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize("year", [0, 20, 1989, 9999])
@pytest.mark.parametrize("verb", ["import", "replay"])
def test_no_year_of_a_log(verb: str, year: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([verb, "mail.log", "--year", str(year)]) == 2
    assert f"--year {year}: not a year of a log" in capsys.readouterr().err
