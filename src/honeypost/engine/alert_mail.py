"""
A mail to the operator on its way: what a crash or a lost connection may do to it.

SMTP leaves a gap that no protocol closes (RFC 1047): who loses the connection between the end of
the message and the answer does not know whether it was taken.  So a mail is put down before it
is tried, as a whole, and again when it is answered.  What was refused for sure is tried again.
What is in doubt is tried once more under the same Message-ID, and says so; after a second doubt
it is left alone.  So no crash loses a mail, and none makes more than two of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

RETRY_SECONDS: Final = (60.0, 300.0, 1800.0, 7200.0)
"""After the first refusal and each further one; then always the last."""

GIVE_UP_SECONDS: Final = 7 * 86_400.0
"""A mail that nobody took for so long is given up; it would be no news any more."""

DOUBTS_MOST: Final = 1
"""So many attempts may end in doubt and be repeated."""

SAID_MOST: Final = 200
"""Characters kept of what a server said."""


class Outcome(StrEnum):
    """How far a mail has come."""

    WAITING = "waiting"
    SENDING = "sending"
    """Being handed in; found so at a start, nobody knows what became of it."""
    SENT = "sent"
    UNKNOWN = "unknown"
    """Handed in twice, and neither time is it known whether it was taken."""
    FAILED = "failed"
    """Refused for so long that it was given up."""


class Reply(StrEnum):
    """What came of one attempt."""

    TAKEN = "taken"
    REFUSED = "refused"
    """Not taken, for sure; also when nobody listens."""
    DOUBT = "doubt"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one attempt, and in whose words."""

    reply: Reply
    said: str = ""


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail; every step gives a new one."""

    id: str
    time: float
    """When it was written, Unix time."""
    kinds: tuple[str, ...]
    subject: str
    text: str
    """``""`` when it is done: it may name people."""
    outcome: Outcome = Outcome.WAITING
    tries: int = 0
    doubts: int = 0
    next_try: float = 0.0
    said: str = ""
    """Why it is not sent, ``""`` when it is."""

    @property
    def open(self) -> bool:
        """Is there anything left to do?"""
        return self.outcome in {Outcome.WAITING, Outcome.SENDING}

    def due(self, now: float) -> bool:
        """May it be tried now?"""
        ahead = self.next_try - now
        # A clock that was set back does not make it wait for years.
        return self.outcome is Outcome.WAITING and not 0 < ahead <= RETRY_SECONDS[-1]

    def attempted(self) -> Mail:
        """It is handed in from now on; put this down before it is."""
        return replace(self, outcome=Outcome.SENDING, tries=self.tries + 1)

    def answered(self, answer: Answer, now: float) -> Mail:
        """An attempt came to an end."""
        said = answer.said[:SAID_MOST]
        match answer.reply:
            case Reply.TAKEN:
                return self._done(Outcome.SENT, said)
            case Reply.DOUBT if self.doubts >= DOUBTS_MOST:
                return replace(self._done(Outcome.UNKNOWN, said), doubts=self.doubts + 1)
            case Reply.DOUBT:
                waiting = self._waits(RETRY_SECONDS[0], said, now)
                return replace(waiting, doubts=self.doubts + 1)
            case Reply.REFUSED if now - self.time >= GIVE_UP_SECONDS:
                return self._done(Outcome.UNKNOWN if self.doubts else Outcome.FAILED, said)
            case Reply.REFUSED:
                rung = min(max(self.tries, 1), len(RETRY_SECONDS)) - 1
                return self._waits(RETRY_SECONDS[rung], said, now)

    def _waits(self, seconds: float, said: str, now: float) -> Mail:
        return replace(self, outcome=Outcome.WAITING, next_try=now + seconds, said=said)

    def _done(self, outcome: Outcome, said: str) -> Mail:
        return replace(self, outcome=outcome, text="", said=said)
