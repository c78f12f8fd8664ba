"""
What one SMTP connection remembers, and the two ways to answer a command.

``reply`` answers, ``refuse`` answers and counts an error.  Once a client has made
``soft_errors`` errors each line of a reply costs ``error_seconds``; so a refused client
that asks for EHLO again waits twelve seconds, with the real one as with us.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING

from honeypost.events import ClientGreeted, RecipientProbed, SessionClosed
from honeypost.model import Envelope, Protocol, Recipient
from honeypost.personality.profile import Encryption, Limits, Profile, Role
from honeypost.personality.replies import fill
from honeypost.proto.lines import LineBuffer
from honeypost.proto.turns import Turns
from honeypost.questions import Acceptance

if TYPE_CHECKING:
    from honeypost.proto.smtp.body import Body

INPUT_BYTES = 262_144
"""Held back at most while an answer is outstanding; the driver then reads no further."""


class Chunks(Enum):
    """Where BDAT stands."""

    NONE = auto()
    OPEN = auto()
    """Chunks of a message came in, and all was well."""
    FAILED = auto()
    """A chunk was refused; those that follow are thrown away until LAST or RSET."""


@dataclass(slots=True)
class Transaction:
    """From MAIL to the end of the message."""

    reverse_path: bytes
    parameters: bytes
    recipients: list[Recipient] = field(default_factory=list)
    queue_id: str = ""
    """Named with the first accepted recipient, as Postfix opens the queue file then."""
    overshoot: int = 0
    """Recipients refused because there were too many."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What is the same for all sessions of a listener."""

    profile: Profile
    protocol: Protocol
    hostname: str
    message_bytes: int
    recipients: int

    @property
    def role(self) -> Role:
        return self.profile.roles[self.protocol]

    @property
    def limits(self) -> Limits:
        return self.profile.limits


Step = Callable[["Session"], bool]
"""Works off one thing of the input; false when it needs more of it."""


class Session:
    """One connection: its state, its input and its effects."""

    def __init__(self, setting: Setting, step: Step, input_bytes: int) -> None:
        self.setting = setting
        self.profile = setting.profile
        self.lines = LineBuffer(input_bytes)
        self.turns = Turns()
        self.step = step
        self.helo = b""
        self.secured = setting.role.encryption is Encryption.WRAPPED
        self.account = ""
        self.transaction: Transaction | None = None
        self.chunks = Chunks.NONE
        self.announced_size = 0
        """SIZE of the last MAIL; it sticks until the transaction is reset."""
        self.body: Body | None = None
        """The message being received."""
        self.errors = self.junk = self.commands = 0
        self._forgiven = 0
        self.bytes_in = 0

    # Answers

    def reply(self, *lines: bytes, value: bytes = b"") -> None:
        """Answer; ``value`` fills in what the client said."""
        limits = self.setting.limits
        host = self.setting.hostname.encode()
        for line in lines:
            if self.errors >= limits.soft_errors:
                self.turns.pause(limits.error_seconds)
            self.turns.send(fill(line, host, value) + b"\r\n")

    def refuse(self, reply: bytes, value: bytes = b"") -> None:
        """Answer and count an error."""
        self.reply(reply, value=value)
        self.errors += 1

    def close(self, reason: str) -> None:
        """End the session, saying why to the journal."""
        self.turns.emit(self.closing(reason))
        self.turns.close()

    def closing(self, reason: str) -> SessionClosed:
        """The event of the end."""
        return SessionClosed(
            reason=reason,
            commands=self.commands,
            errors=self.errors + self._forgiven,
            bytes_in=self.bytes_in,
            bytes_out=self.turns.bytes_out,
        )

    # State

    @property
    def offers_auth(self) -> bool:
        """Is AUTH announced now?"""
        role = self.setting.role
        return role.auth and (self.secured or role.plaintext_auth)

    @property
    def needs_tls(self) -> bool:
        """Must STARTTLS come first?"""
        return self.setting.role.encryption is Encryption.ENCRYPT and not self.secured

    def greeted(self, verb: str, name: bytes) -> None:
        """The client said who it is; that resets the transaction (RFC 5321, 4.1.4)."""
        self.helo = name
        self.reset()
        self.turns.emit(ClientGreeted(verb=verb, name=name))

    def reset(self) -> None:
        """Forget the transaction, what was announced for it, and a message half received."""
        if self.body is not None:
            self.body.abandon()
        self.transaction = None
        self.announced_size = 0
        self.chunks = Chunks.NONE

    def forgive(self) -> None:
        """A message was taken: errors and junk count from nought again."""
        self._forgiven += self.errors
        self.errors = self.junk = 0

    def forget(self) -> None:
        """Forget everything said before TLS (RFC 3207, section 4.2)."""
        self.reset()
        self.lines.clear()
        self.helo = b""
        self.account = ""

    def probed(self, recipient: bytes, acceptance: Acceptance) -> None:
        """Tell of a recipient that a stranger named."""
        if not self.account:
            sender = self.transaction.reverse_path if self.transaction else b""
            self.turns.emit(
                RecipientProbed(recipient=recipient, reverse_path=sender, answer=str(acceptance))
            )

    def envelope(self) -> Envelope:
        """The envelope as it stands."""
        transaction = self.transaction
        assert transaction is not None
        return Envelope(
            reverse_path=transaction.reverse_path,
            recipients=tuple(transaction.recipients),
            account=self.account,
            helo=self.helo,
            parameters=transaction.parameters,
            queue_id=transaction.queue_id,
        )
