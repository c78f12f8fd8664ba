"""
What one line of somebody's mail log says, whichever server wrote it.

Not to be mixed up with :mod:`honeypost.events`: these are other programs' words about what
they did, not ours about what we did.  Structs, not data classes: a log has millions of lines.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Kind(StrEnum):
    """What a line is about."""

    LOGIN = "login"
    RECIPIENT = "recipient"
    SESSION = "session"


class Outcome(StrEnum):
    """How it ended, as the log says."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    NO_ANSWER = "no-answer"
    """The user database could not be asked, or the mechanism does not exist: nobody's guess."""
    UNKNOWN = "unknown"
    """No such mailbox."""
    RELAY_DENIED = "relay-denied"
    OPENED = "opened"
    CLOSED = "closed"
    LOST = "lost"
    """The client went away in the middle."""
    REJECTED = "rejected"
    """Turned away for its name, its address or a list, not for a recipient."""
    TOO_MANY_ERRORS = "too-many-errors"
    NOT_SMTP = "not-smtp"
    IMPATIENT = "impatient"
    """Spoke before its turn."""
    TOO_FAST = "too-fast"
    """Over a rate limit."""
    NO_NAME = "no-name"
    """Its address has no host name, or one that does not lead back to it."""


class LogEvent(msgspec.Struct, frozen=True, gc=False):
    """What one line of a log says."""

    kind: Kind
    outcome: Outcome
    client: str
    """Address, ``""`` when the line does not name one or cannot be trusted to."""
    service: str
    """``smtp``, ``submission``, ``submissions``, ``imap``, ``pop3``, ``sieve``, or ``""``."""
    name: bytes = b""
    """Login or recipient as typed."""
    tries: int = 1
    behind: bool = False
    """Said by Dovecot's auth process; the process in front may say it once more."""
    note: str = ""
    """What else the line says, in words."""


class Place(msgspec.Struct, frozen=True, gc=False):
    """Where a line stands and when it was written."""

    file: str
    line: int
    """Counted from 1; of the journal's export its entries are."""
    time: float | None
    """Seconds since 1970, UTC; ``None`` when the line has no readable time."""
