"""
May the decoys be switched on yet?

Deceiving is safe for users because names and networks that logged in properly are known.  On
a site that was never looked at nobody is known, so every user would meet the first day as a
stranger.  A week shows who works there: also those who read their mail on a Sunday only.  It
may be a week of looking or a week of older logs; an operator who knows better may force it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

DAY = 86_400.0

WANTED_DAYS = 7.0
"""Days that must have been looked at."""

SLACK_DAYS = 0.5
"""A day's log begins with its first line and not at midnight; seven quiet days count as seven."""

FRESH_DAYS = 2.0
"""Looking that ended longer ago says too little about today's networks."""

WINDOW_DAYS = 30
"""Only the last so many days count: who logged in before may have moved since."""


@dataclass(frozen=True, slots=True)
class Observed:
    """How much was looked at within the last :data:`WINDOW_DAYS` days; times are Unix time."""

    first: float = 0.0
    """The earliest moment that was looked at; 0 when nothing was."""
    last: float = 0.0
    """The latest one."""
    missing_days: int = 0
    """Whole days between them of which nothing is known."""
    users: int = 0
    """Names that ever logged in."""
    networks: int = 0
    """Networks from which they did."""

    @property
    def days(self) -> float:
        """Days looked at."""
        return max(0.0, (self.last - self.first) / DAY - self.missing_days)


def may_deceive(observed: Observed, now: float) -> tuple[bool, str]:
    """
    Say whether decoys may be switched on without force, and why (not), in one sentence.

    :param now: Unix time.
    """
    if not observed.last:
        return False, f"no log was looked at yet; {_IMPORT}"
    if now - observed.last > FRESH_DAYS * DAY:
        ago = int((now - observed.last) / DAY)
        return False, f"the log was last looked at {ago} days ago; {_IMPORT}"
    if observed.days < WANTED_DAYS - SLACK_DAYS:
        left = (WANTED_DAYS - observed.days) * DAY
        until = datetime.fromtimestamp(now + left, UTC).strftime("%Y-%m-%d")
        return False, (
            f"{observed.days:.1f} of {WANTED_DAYS:g} days were looked at; wait until {until} or"
            " add older logs with honeypost import"
        )
    if not observed.users:
        return False, (
            f"in {observed.days:.0f} days nobody logged in, so no network is known as good;"
            " is it the right log?"
        )
    return True, (
        f"{observed.days:.0f} days were looked at, decoys may be switched on: names that logged"
        f" in {observed.users:,}, networks {observed.networks:,}"
    )


_IMPORT = "set observe.log, or add logs with honeypost import /var/log/mail.log*"
