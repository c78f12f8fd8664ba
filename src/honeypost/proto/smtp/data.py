"""
DATA: the message up to a line with a single dot (RFC 5321, section 4.1.1.4).
"""

from __future__ import annotations

from honeypost.proto.dots import DottedText
from honeypost.proto.smtp.body import Body
from honeypost.proto.smtp.commands import Command
from honeypost.proto.smtp.session import Chunks, Session


def data(session: Session, command: Command) -> None:
    """DATA: ask for the message."""
    refusal = _refusal(session, command)
    if refusal:
        session.refuse(refusal)
        return
    session.reply(session.profile.data.go_ahead)
    session.step = _Receiver(session)


def _refusal(session: Session, command: Command) -> bytes:
    replies = session.profile.data
    transaction = session.transaction
    if session.chunks is not Chunks.NONE:
        return replies.data_after_chunk
    if transaction is None:
        return replies.need_recipient
    if not transaction.recipients:
        return replies.no_recipients
    return replies.data_syntax if command.words else b""


class _Receiver:
    """Works off the lines of a message; replaces the command step until the dot."""

    def __init__(self, session: Session) -> None:
        self._commands = session.step
        self._body = Body(session)
        self._text = DottedText(session.setting.limits.line_bytes)

    def __call__(self, session: Session) -> bool:
        passage = self._text.read(session.lines)
        if passage is None:
            return False
        if passage.data:
            self._body.add(passage.data, passage.counted)
        if passage.last:
            session.step = self._commands
            self._body.finish(session.profile.data.queued)
        return True
