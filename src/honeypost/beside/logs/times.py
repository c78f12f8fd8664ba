"""
When a log line was written.

Syslog's classic form has neither year nor zone.  Without a given year a line belongs to the
latest year in which it does not lie after its reference (now, or the file's last change);
with one, the first line has that year and the year turns when the month jumps back.  Other
forms carry both, or a year: ISO 8601, the ``2013-08-11 03:56:40`` of Dovecot's and Exim's own
files, and TAI64N (``@4000000`` and 16 more digits), as multilog writes it.

Where a clock without zone is set back in autumn an hour comes twice.  Lines come in order, so
a time is the first of its two unless that lies before the line in front of it.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, tzinfo

NAMES = b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
MONTHS = {name: number for number, name in enumerate(NAMES, start=1)}

SYSLOG = re.compile(rb"([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))? ")
ISO = re.compile(rb"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:)(\d\d)(?:[.,](\d{1,9}))?(Z| ?[+-]\d\d:?\d\d)? ")
TAI64N = re.compile(rb"@40000000([0-9a-f]{8})([0-9a-f]{8}) ")

MINUTE_BYTES = 13
"""``Nov 23 10:00:``, all of syslog's form but the seconds."""
SECOND_BYTES = 16
"""The same with its seconds and the space behind them."""

LAST_SECOND = 59
"""A leap second has no number of its own in Unix time."""
SECONDS = {b"%02d " % second: min(second, LAST_SECOND) for second in range(LAST_SECOND + 2)}

TAI_AHEAD_SECONDS = 10
"""What multilog adds to UTC; it knows no leap seconds."""

SLACK = timedelta(days=1)
"""A line may lie so far after its reference: clocks and zones differ."""

DISORDER_SECONDS = 120
"""A line may stand so far behind a later one; more in a doubled hour is the second hour."""

LEAP_YEARS_BACK = 8
"""29 February: the next year that has one is at most so many years back."""

HALF_A_YEAR = 6

Minute = tuple[int, int, int, int]
"""Month, day, hour, minute."""


class Calendar:
    """Turns the times of one file's lines, taken in order, into seconds since 1970."""

    def __init__(
        self,
        zone: tzinfo,
        reference: float,
        year: int | None = None,
        previous: float | None = None,
    ) -> None:
        self._zone = zone
        self.look_back_from(reference)
        self.year = year
        """Of the newest line so far, for the file after this one; ``None`` when none was given."""
        self._month = 0
        self._previous = previous
        self._key = b""
        self._start: float | None = None

    def look_back_from(self, reference: float) -> None:
        """Say anew after which time no line was written: a log that grows is read for long."""
        self._latest = datetime.fromtimestamp(reference, self._zone) + SLACK

    def read(self, line: bytes) -> tuple[float | None, int]:
        """Give the time at the start of a line and how many bytes it takes; ``(None, 0)``."""
        # Most lines are of the same minute as the one before.
        if line[:MINUTE_BYTES] == self._key:
            second = SECONDS.get(line[MINUTE_BYTES:SECOND_BYTES])
            if second is not None:
                return None if self._start is None else self._start + second, SECOND_BYTES
        if match := SYSLOG.match(line):
            return self._syslog(match), match.end()
        if match := ISO.match(line):
            return self._iso(match), match.end()
        if match := TAI64N.match(line):
            time = int(match.group(1), 16) - TAI_AHEAD_SECONDS
            return time + int(match.group(2), 16) / 1e9, match.end()
        return None, 0

    def _syslog(self, match: re.Match[bytes]) -> float | None:
        name, day, hour, minute, seconds, fraction = match.groups()
        key = match.string[: match.start(5)]
        if key != self._key:
            month = MONTHS.get(name)
            rest = (month or 0, int(day), int(hour), int(minute))
            self._turn(key, self._yearless(rest) if month else None)
        return self._at(seconds, fraction)

    def _iso(self, match: re.Match[bytes]) -> float | None:
        minute, seconds, fraction, offset = match.groups()
        key = minute + (offset or b"")
        if key != self._key:
            self._turn(key, self._written_out(minute, offset))
        return self._at(seconds, fraction)

    def _turn(self, key: bytes, start: float | None) -> None:
        self._key, self._start = key, start
        self._previous = start or self._previous

    def _at(self, seconds: bytes, fraction: bytes | None = None) -> float | None:
        if self._start is None:
            return None
        time = self._start + min(int(seconds), LAST_SECOND)
        return time + int(fraction) / 10 ** len(fraction) if fraction else time

    def _written_out(self, minute: bytes, offset: bytes | None) -> float | None:
        text = minute.decode("ascii") + "00" + (offset or b"").decode("ascii").strip()
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return None
        return moment.timestamp() if moment.tzinfo else self._in_order(moment)

    def _yearless(self, rest: Minute) -> float | None:
        moment = self._newest(rest) if self.year is None else self._counted(rest)
        return None if moment is None else self._in_order(moment)

    def _newest(self, rest: Minute) -> datetime | None:
        for back in range(LEAP_YEARS_BACK + 1):
            moment = self._moment(self._latest.year - back, rest)
            if moment is not None and moment <= self._latest.replace(tzinfo=None):
                return moment
        return None

    def _counted(self, rest: Minute) -> datetime | None:
        assert self.year is not None
        month = rest[0]
        if self._month - month > HALF_A_YEAR:
            self.year += 1
            self._month = month
        elif self._month and month - self._month > HALF_A_YEAR:
            return self._moment(self.year - 1, rest)  # a late line from before New Year
        self._month = max(self._month, month)
        return self._moment(self.year, rest)

    def _moment(self, year: int, rest: Minute) -> datetime | None:
        try:
            return datetime(year, *rest)  # noqa: DTZ001 - the zone is added in _in_order
        except ValueError:
            return None

    def _in_order(self, moment: datetime) -> float:
        """Give the time; of the two that it has in a doubled hour, the one that comes in order."""
        first = moment.replace(tzinfo=self._zone, fold=0).timestamp()
        second = moment.replace(tzinfo=self._zone, fold=1).timestamp()
        if second <= first or self._previous is None:
            return first
        gone_by = first + DISORDER_SECONDS < self._previous <= second + DISORDER_SECONDS
        return second if gone_by else first
