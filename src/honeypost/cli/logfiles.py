"""Which log files a command reads, and how their times are meant."""

from __future__ import annotations

import time
from datetime import tzinfo
from typing import Annotated, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from honeypost.beside.logs.files import Reading
from honeypost.beside.logs.zone import own_zone
from honeypost.errors import UsageError

OLDEST_YEAR: Final = 1990
NEWEST_YEAR: Final = 9998

LogsArgument = Annotated[
    list[str], typer.Argument(metavar="LOG...", help="Log files in any order; - is stdin.")
]
YearOption = Annotated[
    int | None,
    typer.Option("--year", help="Year of the oldest line; else the latest that fits."),
]
ZoneOption = Annotated[
    str, typer.Option("--tz", metavar="ZONE", help="Zone of the log, as Europe/Berlin.")
]


def reading(year: int | None, tz: str) -> Reading:
    """
    Say how lines without a year or a zone are read, as the options say.

    :raises UsageError: there is no such year of a log, or no such zone.
    """
    if year is not None and not OLDEST_YEAR <= year <= NEWEST_YEAR:
        raise UsageError(f"--year {year}: not a year of a log")
    return Reading(zone(tz), time.time(), year)


def zone(name: str) -> tzinfo:
    """
    Give the named zone, or this machine's own for ``""``.

    :raises UsageError: when there is none of that name.
    """
    try:
        return ZoneInfo(name) if name else own_zone()
    except (ZoneInfoNotFoundError, ValueError, OSError) as problem:
        raise UsageError(f"--tz {name}: no such time zone") from problem
