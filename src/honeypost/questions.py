"""
What a protocol core may not decide alone, and the verdicts it gets back.

A core yields ``Ask(question)`` and holds all further input until it is given the verdict,
so that pipelined replies stay in order.  The director in ``engine`` answers; in tests a
table does.  Verdicts say *what*, never *how*: the words on the wire are the personality's.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from honeypost.model import Client, Envelope, Protocol, Recipient, Secret


@dataclass(frozen=True, slots=True)
class MayLogin:
    """Does this credential work?  Answered by :class:`LoginVerdict`."""

    login: bytes
    """The authentication identity as typed."""
    secret: Secret
    mechanism: str
    """SASL mechanism in capitals, for example ``PLAIN``."""
    service: Protocol
    """Where it was offered; what Dovecot calls ``smtp`` is SUBMISSION."""
    secured: bool
    """Was it said over TLS?"""
    client: Client | None = None
    """The client that Dovecot names; ``None`` when it is the session's own."""


@dataclass(frozen=True, slots=True)
class LoginVerdict:
    """Granted when ``account`` is set; refused otherwise."""

    account: str = ""
    """Canonical decoy address, ``local@domain``."""
    marker: str = ""
    """Opaque local part of the marker user for Dovecot, ``[a-z0-9]+``."""
    delay_seconds: float = 0.0
    """How long a real server would take before it says so."""

    @property
    def granted(self) -> bool:
        return bool(self.account)


class Acceptance(StrEnum):
    """What happens to a recipient or a message."""

    ACCEPTED = "accepted"
    UNKNOWN = "unknown"
    """No such mailbox here."""
    RELAY_DENIED = "relay-denied"
    """Not ours, and the session is not authenticated."""
    TRY_LATER = "try-later"
    """Over a budget, or a store cannot keep it: 4xx, as a full server would say."""
    TOO_LARGE = "too-large"


@dataclass(frozen=True, slots=True)
class MayReceive:
    """May this recipient be named?  Answered by :class:`ReceiveVerdict`."""

    recipient: Recipient
    reverse_path: bytes
    account: str
    """The decoy that is logged in, ``""`` when nobody is."""
    first: bool
    """First of its transaction: the verdict then carries a queue id."""


@dataclass(frozen=True, slots=True)
class ReceiveVerdict:
    """For one RCPT TO."""

    acceptance: Acceptance
    queue_id: str = ""
    """Set with the first accepted recipient; Postfix names the queue file at that moment."""


@dataclass(frozen=True, slots=True)
class KeepMessage:
    """
    Keep what was spooled since ``OpenMessage``.  Answered by :class:`KeepVerdict`.

    The verdict comes only after the message is safe on disk, so the core may say 250 then.
    """

    envelope: Envelope
    size: int
    """Bytes spooled: after dot-unstuffing, with CRLF as sent."""


@dataclass(frozen=True, slots=True)
class KeepVerdict:
    acceptance: Acceptance
    queue_id: str = ""


@dataclass(frozen=True, slots=True)
class MaySpend:
    """
    Postfix's end-of-data policy call for a decoy (``decoy_budget``).

    Answered by :class:`SpendVerdict`; silence makes Postfix DISCARD, which is safe.
    """

    marker: str
    """Local part of the marker user (``sasl_username``)."""
    client: Client
    queue_id: str
    size: int
    recipient_count: int


@dataclass(frozen=True, slots=True)
class SpendVerdict:
    acceptance: Acceptance


@dataclass(frozen=True, slots=True)
class MayConverse:
    """
    May one more conversation of this client go on?  Answered by :class:`ConverseVerdict`.

    Asked by Postfix before somebody is logged in.  Each of its processes asks on a connection
    of its own, so the session that asks stands for one conversation at a time.
    """

    client: Client


@dataclass(frozen=True, slots=True)
class ConverseVerdict:
    allowed: bool


@dataclass(frozen=True, slots=True)
class NoteReport:
    """
    Dovecot's auth-policy report of one attempt.  Nothing waits for the verdict.

    Real accounts' secrets never come this way: ``secret_tag`` has 12 bits (integration
    facts, B) and is bound to the login.
    """

    login: bytes
    original: bytes
    service: str
    client: Client
    success: bool
    secret_tag: str
    session: str = ""
    tls: bool = False
    judged: bool = True
    """Was the secret compared?  ``False`` where Dovecot says that it could not or need not be."""


@dataclass(frozen=True, slots=True)
class Noted:
    """The report was taken."""


class Withholding(StrEnum):
    """What becomes of a recipient that does not exist, this time."""

    HOLD = "hold"
    """Not seen before: take the message, then say 450."""
    LATER = "later"
    """450 at once, without the message."""
    DISCLOSE = "disclose"
    """550 at once: the MTA that asks writes its standard bounce."""
    TAKE = "take"
    """Not seen before: take the message for the operator and say 250; nobody is told."""
    DROP = "drop"
    """250, and the message is read and forgotten: it is kept already, and nobody is told."""


@dataclass(frozen=True, slots=True)
class MayWithhold:
    """What is a recipient of a late bounce told now?  Answered by :class:`WithholdVerdict`."""

    recipient: Recipient
    reverse_path: bytes
    queue_id: str
    """Postfix's, the same at every try; ``""`` when it did not say."""
    client: Client | None
    local: bool
    """Did the mail come from this very host?"""


@dataclass(frozen=True, slots=True)
class WithholdVerdict:
    """For one RCPT TO."""

    withholding: Withholding


Question = MayLogin | MayReceive | KeepMessage | MaySpend | MayConverse | NoteReport | MayWithhold
Verdict = (
    LoginVerdict
    | ConverseVerdict
    | ReceiveVerdict
    | KeepVerdict
    | SpendVerdict
    | Noted
    | WithholdVerdict
)
