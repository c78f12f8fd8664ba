"""
The bytes of a message on their way to the spool, and the end of the transaction.

Postfix counts a message by its lines without their ends, plus two for each (see
:mod:`honeypost.proto.dots`); ``BDAT`` shows that count to the client.  What is spooled are
the bytes as sent, after dot-unstuffing.
"""

from __future__ import annotations

from honeypost.proto.effects import AbandonMessage, OpenMessage, Spool
from honeypost.proto.smtp.session import Session
from honeypost.questions import Acceptance, KeepMessage, KeepVerdict


class Body:
    """One message being received; over the size limit it is only counted."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._limit = session.setting.message_bytes
        self.counted = 0
        """Size as Postfix counts it."""
        self.spooled = 0
        self.too_large = False
        session.body = self
        session.turns.do(OpenMessage(session.envelope()))

    def add(self, data: bytes, counted: int) -> None:
        """Take bytes in; ``counted`` is what they add to the size."""
        if self.too_large:
            return
        if self.counted + counted > self._limit:
            self.too_large = True
            self._session.turns.do(AbandonMessage())
            return
        self.counted += counted
        self.spooled += len(data)
        self._session.turns.do(Spool(data))

    def abandon(self) -> None:
        """Have the spooled bytes forgotten; the message will not be finished."""
        self._session.body = None
        if not self.too_large:
            self._session.turns.do(AbandonMessage())

    def finish(self, queued: bytes) -> None:
        """
        End the transaction: keep the message and say so, or say why not.

        ``queued`` is the reply for a kept message; ``{}`` in it becomes the queue id.
        """
        session = self._session
        session.body = None
        if self.too_large:
            _refuse(session, Acceptance.TOO_LARGE)
            return
        envelope = session.envelope()

        def kept(verdict: KeepVerdict) -> None:
            if verdict.acceptance is not Acceptance.ACCEPTED:
                _refuse(session, verdict.acceptance)
                return
            session.reset()
            session.forgive()
            queue_id = verdict.queue_id or envelope.queue_id
            session.reply(queued, value=queue_id.encode())

        session.turns.ask(KeepMessage(envelope, self.spooled), kept)


def _refuse(session: Session, acceptance: Acceptance) -> None:
    """A message is refused for its size, or as by a full disk; never for anything else."""
    replies = session.profile.data.message
    session.reset()
    session.refuse(replies.get(acceptance, replies[Acceptance.TRY_LATER]))
