"""
The one vocabulary: what can have happened.

One frozen dataclass per event, past tense, subject first.  The wire id is derived from the
class name (``LoginRefused`` is ``login.refused``), never typed twice.  Who and where
(:class:`~honeypost.model.Identity`) is bound by the journal, not carried here, and time is
the journal's too.  If it is not in this file, it did not happen.

Fields that an attacker fills are ``bytes``; on the wire they are base64 (JSON has no bytes).
``account`` is always our canonical form (``local@domain``, lower case).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Event:
    """Base of all events."""

    version: ClassVar[int] = 1
    """Raised when a field is added; a field is never renamed or reused."""

    @classmethod
    @cache
    def kind(cls) -> str:
        """
        The wire id, derived from the class name.

        >>> LoginRefused.kind()
        'login.refused'
        """
        return re.sub(r"(?<!^)(?=[A-Z])", ".", cls.__name__).lower()


# Sessions


@dataclass(frozen=True, slots=True)
class SessionOpened(Event):
    """A client connected."""


@dataclass(frozen=True, slots=True)
class SessionRejected(Event):
    """A client was turned away before it could say anything (connection budget)."""

    budget: str


@dataclass(frozen=True, slots=True)
class TlsStarted(Event):
    """A TLS handshake was completed."""

    tls_version: str
    cipher: str


@dataclass(frozen=True, slots=True)
class ClientGreeted(Event):
    """HELO, EHLO or LHLO was said."""

    verb: str
    name: bytes


@dataclass(frozen=True, slots=True)
class SessionClosed(Event):
    """The connection is gone."""

    reason: str
    """``quit``, ``lost``, ``timeout``, ``errors``, ``rules`` (non-SMTP verb), ``shutdown``."""
    commands: int
    errors: int
    bytes_in: int
    bytes_out: int


# Probes and guesses


@dataclass(frozen=True, slots=True)
class RecipientProbed(Event):
    """A recipient was named by a client that is not logged in."""

    recipient: bytes
    reverse_path: bytes
    answer: str
    """The :class:`~honeypost.questions.Acceptance` given."""


@dataclass(frozen=True, slots=True)
class LoginRefused(Event):
    """A guess was refused; the evidence lets ``explain`` recompute why."""

    account: str
    login: bytes
    mechanism: str
    service: str
    secured: bool
    secret_tag: str
    """Keyed tag of the secret: tells repeats, reveals nothing."""
    secret: str
    """In clear only when it is on the shipped list or a template of the name, else ``""``."""
    reason: str
    """A :class:`~honeypost.decide.decoys.Reason` value."""
    distinct_failures: int
    """Distinct failed secrets on the account over all sources, this one included."""
    needed_failures: int
    """The keyed number of distinct failures after which the account may open."""


@dataclass(frozen=True, slots=True)
class DecoyAdopted(Event):
    """A guess won: the account exists from now on, with this secret, for good."""

    account: str
    marker: str
    secret: str
    service: str
    mechanism: str
    login: bytes
    distinct_failures: int
    needed_failures: int
    rule: str
    """Why the secret may be adopted: ``list`` or the template's name."""
    frozen_until: float
    """Unix time before which the credential is never withdrawn."""


@dataclass(frozen=True, slots=True)
class DecoyEntered(Event):
    """Somebody logged in to a decoy with its secret."""

    account: str
    service: str
    mechanism: str
    secured: bool


@dataclass(frozen=True, slots=True)
class LoginReported(Event):
    """Dovecot reported an attempt (auth policy, report only)."""

    account: str
    login: bytes
    service: str
    success: bool
    decoy: bool
    secret_tag: str


@dataclass(frozen=True, slots=True)
class GrantsStopped(Event):
    """Decoy logins are refused from now on."""

    reason: str


@dataclass(frozen=True, slots=True)
class GrantsResumed(Event):
    """Decoy logins are answered again."""


@dataclass(frozen=True, slots=True)
class PenaltyImposed(Event):
    """A network failed again: it cannot begin a session for a while."""

    network: str
    """IPv4 address, IPv6 /64, or the /48 of several such /64."""
    failures: int
    """Failed logins that count; repeats of one wrong secret do not."""
    rung: int
    """Of the ladder of times, 1 is the shortest."""
    seconds: float
    until: float
    """Unix time."""
    carried_out: bool
    """Given to the firewall helper; ``False``: only observed, this is what would have been."""


@dataclass(frozen=True, slots=True)
class PenaltyLifted(Event):
    """A standing penalty ended before its time."""

    network: str
    reason: str
    """``login`` (a real user), ``decoy`` (it holds a won login), ``allowed`` (the operator)."""


# Messages


@dataclass(frozen=True, slots=True)
class MessageCaptured(Event):
    """A message is safe on disk; only after this its sender was told 250."""

    capture: str
    """Id of the capture in the store."""
    account: str
    queue_id: str
    reverse_path: bytes
    recipients: int
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class MessageRefused(Event):
    """A message was not kept."""

    account: str
    answer: str
    budget: str
    """The budget or store that said no, ``""`` when it was the message itself."""
    size: int


# Late bounces


@dataclass(frozen=True, slots=True)
class MessageWithheld(Event):
    """Mail to unknown addresses is safe on disk; its sender was told that it is accepted."""

    capture: str
    """Id of the capture in the store."""
    queue_id: str
    """Postfix's own."""
    reverse_path: bytes
    recipients: int
    size: int
    network: str
    """Of the client that Postfix named, ``""`` when it named none."""


@dataclass(frozen=True, slots=True)
class RecipientDisclosed(Event):
    """Postfix was told that a recipient does not exist, so that it writes its bounce."""

    capture: str
    """``""`` for mail of this very host, of which nothing is kept."""
    queue_id: str
    recipient: bytes
    why: str
    after_seconds: float


@dataclass(frozen=True, slots=True)
class RecipientSilenced(Event):
    """A recipient does not exist and its sender is never told; the mail is kept."""

    capture: str
    queue_id: str
    recipient: bytes
    why: str


@dataclass(frozen=True, slots=True)
class BudgetExceeded(Event):
    """Something was shed because a budget is used up; at most one event a minute and budget."""

    budget: str
    limit: int


# What the worker finds


@dataclass(frozen=True, slots=True)
class CaptureExtracted(Event):
    """A capture was taken apart."""

    capture: str
    account: str
    links: int
    recipients: int
    attachments: int
    errors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CredentialHandedOver(Event):
    """A network that never guessed knew the secret at its first try: it was told or sold."""

    account: str
    network: str
    guessed_by: int
    """How many networks guessed at the account before."""
    after_seconds: float
    """Since the adoption."""


@dataclass(frozen=True, slots=True)
class SenderJudged(Event):
    """It was found out whether the sender to an unknown address may be told."""

    capture: str
    recipient: bytes
    told: bool
    near: bool
    why: str


@dataclass(frozen=True, slots=True)
class AddressForgotten(Event):
    """``honeypost forget`` erased an address; only a keyed tag of it remains here."""

    tag: str
    captures: int
    events: int


def all_events() -> dict[str, type[Event]]:
    """Every event class by wire id."""
    return {event.kind(): event for event in Event.__subclasses__()}
