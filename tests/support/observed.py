"""What a log said, as a test makes it up."""

from __future__ import annotations

from honeypost.engine.logevents import Kind, LogEvent, Outcome
from honeypost.engine.watching import Picture

NOON = 1_772_366_400.0
MARKER = "k3f9x2.invalid"


def login(name: str, client: str = "192.0.2.7", *, good: bool = False, **more) -> LogEvent:
    """Give an IMAP login, refused unless it is good."""
    outcome = Outcome.ACCEPTED if good else Outcome.REFUSED
    return LogEvent(Kind.LOGIN, outcome, client, "imap", name.encode(), **more)


def picture(*lines: tuple[LogEvent, float]) -> Picture:
    """Give the picture of a log with these lines and times."""
    made = Picture(MARKER, NOON)
    for event, time in lines:
        made.take(event, time)
    return made
