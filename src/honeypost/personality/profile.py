"""
What makes a server that version and no other, beside its words: order, limits and pace.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from honeypost.model import Protocol
from honeypost.personality.replies import (
    AuthReplies,
    DataReplies,
    MailReplies,
    SessionReplies,
    TlsReplies,
)


class Encryption(StrEnum):
    """How a listener treats TLS; the values are those of ``smtpd_tls_security_level``."""

    NONE = "none"
    MAY = "may"
    ENCRYPT = "encrypt"
    """Nothing of weight is said before STARTTLS."""
    WRAPPED = "wrapped"
    """TLS from the first byte (``smtpd_tls_wrappermode``)."""


@dataclass(frozen=True, slots=True)
class Role:
    """What one kind of listener offers."""

    encryption: Encryption
    auth: bool
    """Is AUTH offered at all?"""
    plaintext_auth: bool
    """Is it offered before TLS (``smtpd_tls_auth_only=no``)?"""
    login_needed: bool
    """May only who is logged in name a recipient?"""


@dataclass(frozen=True, slots=True)
class Limits:
    """Numbers that a client can find out."""

    line_bytes: int
    """Longest command with its line end; the rest of a longer one is skipped."""
    sasl_bytes: int
    """The same for an answer within AUTH."""
    soft_errors: int
    """From so many errors on each line of a reply costs ``error_seconds``."""
    hard_errors: int
    """With so many the session ends."""
    junk_commands: int
    """Commands without mail (NOOP, RSET, VRFY, ...) before each counts as an error."""
    recipient_overshoot: int
    """Recipients over the limit that are refused without counting as an error."""
    error_seconds: float
    idle_seconds: float


@dataclass(frozen=True, slots=True)
class Profile:
    """One real server: its words, order, limits and pace."""

    version: str
    session: SessionReplies
    tls: TlsReplies
    auth: AuthReplies
    mail: MailReplies
    data: DataReplies
    roles: Mapping[Protocol, Role]
    keywords: tuple[bytes, ...]
    """EHLO keywords in order; ``SIZE``, ``STARTTLS`` and ``AUTH`` are filled in or left out."""
    mechanisms: tuple[bytes, ...]
    """SASL mechanisms in the order in which they are announced."""
    forbidden: frozenset[bytes]
    """Verbs of other protocols, in capitals."""
    login_characters: frozenset[int]
    """Bytes that a login may have; one with another byte is refused without a look."""
    limits: Limits

    def with_plaintext_auth(self, allowed: bool) -> Profile:  # noqa: FBT001  a switch
        """
        Give the same server with AUTH before TLS allowed or not on port 587.

        Allowed also means that TLS is offered there and no longer demanded; many tools of
        attackers never speak STARTTLS.
        """
        role = self.roles[Protocol.SUBMISSION]
        changed = replace(
            role,
            plaintext_auth=allowed,
            encryption=Encryption.MAY if allowed else Encryption.ENCRYPT,
        )
        return replace(self, roles={**self.roles, Protocol.SUBMISSION: changed})
