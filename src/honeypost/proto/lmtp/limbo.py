"""
The LMTP session for mail to addresses that do not exist: the late bounce.

Theory of operation
===================

Postfix has accepted the message and tries each recipient again and again until it is told for
good.  What it is told is asked for at each RCPT
(:class:`~honeypost.questions.MayWithhold`):

* the first time the message is taken and spooled, and 450 said after it (RFC 2033 has a reply
  for each recipient there);
* later times 450 at RCPT: no body is sent again;
* when it is due 550 at RCPT, in Dovecot's words: Postfix then writes its standard bounce;
* 250 for a sender who is never told: the mail is kept and no notice can come to be.

Replies and notices that a sender gets to see are Postfix's own (measured on 3.7.11 and 3.10.13).
A message that is larger than we keep is cut, not refused: it must still be answered one day.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Final

from honeypost.model import Envelope, Recipient
from honeypost.personality.dovecot_lmtp import user_unknown
from honeypost.proto.effects import OpenMessage, Spool
from honeypost.proto.lmtp import replies
from honeypost.proto.lmtp.server import LmtpServer
from honeypost.questions import (
    Acceptance,
    KeepMessage,
    KeepVerdict,
    MayWithhold,
    Withholding,
    WithholdVerdict,
)

LATER: Final = b"450 4.2.0 <%b> Mailbox is not available now"
"""Only the operator reads it, in Postfix's log: notices that quote it are discarded."""

TAKEN: Final = frozenset({Withholding.HOLD, Withholding.TAKE})
"""What needs the message."""


class LimboServer(LmtpServer):
    """One connection from Postfix; see :class:`~honeypost.proto.lmtp.server.LmtpServer`."""

    def __init__(self, *, hostname: str, message_bytes: int, recipients: int = 1000) -> None:
        """:param message_bytes: what is longer is cut there."""
        super().__init__(hostname=hostname, message_bytes=message_bytes, recipients=recipients)
        self._withheld: list[tuple[Recipient, Withholding]] = []
        self._envelope = Envelope(b"", ())
        """With those recipients only who need the message kept."""

    def _name(self, recipient: Recipient) -> None:
        delivery, forwarded = self._delivery, self._delivery.forwarded
        question = MayWithhold(
            recipient,
            delivery.sender or b"",
            forwarded.queue_id,
            forwarded.client,
            forwarded.local,
        )
        self._turns.ask(question, partial(self._named, recipient))

    def _named(self, recipient: Recipient, verdict: WithholdVerdict) -> None:
        match verdict.withholding:
            case Withholding.LATER:
                self._say(LATER % recipient.address)
            case Withholding.DISCLOSE:
                self._say(user_unknown(recipient.address))
            case withholding:
                if not self._delivery.recipients:
                    self._withheld = []
                self._withheld.append((recipient, withholding))
                super()._name(recipient)

    def _begin_text(self) -> None:
        named = tuple(each for each, withholding in self._withheld if withholding in TAKEN)
        self._envelope = replace(self._delivery.envelope(), recipients=named)
        if named:
            self._turns.do(OpenMessage(self._envelope))

    def _take_text(self, data: bytes) -> None:
        room = self._message_bytes - self._delivery.size
        if room > 0 and self._envelope.recipients:
            self._delivery.size += min(room, len(data))
            self._turns.do(Spool(data[:room]))

    def _finish(self) -> None:
        self._text = None
        if self._envelope.recipients:
            self._turns.ask(KeepMessage(self._envelope, self._delivery.size), self._kept)
        else:
            self._kept(KeepVerdict(Acceptance.ACCEPTED))

    def _kept(self, verdict: KeepVerdict) -> None:
        kept = verdict.acceptance is Acceptance.ACCEPTED
        self._say(*(_outcome(each, withholding, kept) for each, withholding in self._withheld))
        self._start_over()

    def _say(self, *lines: bytes) -> None:
        """Send lines that quote a sender's words: nothing in them is filled in."""
        self._turns.send(b"".join(line + b"\r\n" for line in lines))


def _outcome(recipient: Recipient, withholding: Withholding, kept: bool) -> bytes:  # noqa: FBT001
    if withholding in TAKEN and not kept:
        return replies.TRY_LATER
    return LATER % recipient.address if withholding is Withholding.HOLD else replies.KEPT
