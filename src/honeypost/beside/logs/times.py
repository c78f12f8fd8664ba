"""
When a log line was written.

Syslog's classic form has neither year nor zone.  Without a given year a line belongs to the
latest year in which it does not lie after its reference (now, or the file's last change);
with one, the first line has that year and the year turns when the month jumps back.  Other
forms carry both, or a year: ISO 8601, Dovecot's own ``2013-08-11 03:56:40``, and TAI64N
(``@4000000`` and 16 more digits), as multilog writes it.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, tzinfo

NAMES = b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
MONTHS = {name: number for number, name in enumerate(NAMES, start=1)}

SYSLOG = re.compile(rb"([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d\d):(\d\d):(\d\d) ")
ISO = re.compile(rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)? ")
TAI64N = re.compile(rb"@40000000([0-9a-f]{8})([0-9a-f]{8}) ")

TAI_AHEAD_SECONDS = 10
"""What multilog adds to UTC; it knows no leap seconds."""

SLACK = timedelta(days=1)
"""A line may lie so far after its reference: clocks and zones differ."""

LEAP_YEARS_BACK = 8
"""29 February: the next year that has one is at most so many years back."""

HALF_A_YEAR = 6


class Calendar:
    """Turns the times of one file's lines into seconds since 1970."""

    def __init__(self, zone: tzinfo, reference: float, year: int | None = None) -> None:
        self._zone = zone
        self._latest = datetime.fromtimestamp(reference, zone) + SLACK
        self.year = year
        """Of the newest line so far, for the file after this one; ``None`` when none was given."""
        self._month = 0

    def read(self, line: bytes) -> tuple[float | None, int]:
        """Give the time at the start of a line and how many bytes it takes; ``(None, 0)``."""
        if match := SYSLOG.match(line):
            return self._syslog(match), match.end()
        if match := ISO.match(line):
            return self._iso(match.group().decode("ascii").strip()), match.end()
        if match := TAI64N.match(line):
            seconds = int(match.group(1), 16) - TAI_AHEAD_SECONDS
            return seconds + int(match.group(2), 16) / 1e9, match.end()
        return None, 0

    def _syslog(self, match: re.Match[bytes]) -> float | None:
        month = MONTHS.get(match.group(1))
        if month is None:
            return None
        day, hour, minute, second = (int(part) for part in match.groups()[1:])
        # A leap second has no number of its own in Unix time.
        rest = (month, day, hour, minute, min(second, 59))
        moment = self._newest(rest) if self.year is None else self._counted(rest)
        return None if moment is None else moment.timestamp()

    def _newest(self, rest: tuple[int, int, int, int, int]) -> datetime | None:
        for back in range(LEAP_YEARS_BACK + 1):
            moment = self._moment(self._latest.year - back, rest)
            if moment is not None and moment <= self._latest:
                return moment
        return None

    def _counted(self, rest: tuple[int, int, int, int, int]) -> datetime | None:
        assert self.year is not None
        month = rest[0]
        if self._month - month > HALF_A_YEAR:
            self.year += 1
            self._month = month
        elif self._month and month - self._month > HALF_A_YEAR:
            return self._moment(self.year - 1, rest)  # a late line from before New Year
        self._month = max(self._month, month)
        return self._moment(self.year, rest)

    def _moment(self, year: int, rest: tuple[int, int, int, int, int]) -> datetime | None:
        try:
            return datetime(year, *rest, tzinfo=self._zone)
        except ValueError:
            return None

    def _iso(self, text: str) -> float | None:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return None
        return (moment if moment.tzinfo else moment.replace(tzinfo=self._zone)).timestamp()
