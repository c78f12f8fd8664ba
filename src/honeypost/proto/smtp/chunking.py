"""
BDAT: the message in counted chunks (RFC 3030).

A chunk that is refused is still read to its end.  After it every further chunk is thrown
away until LAST, RSET, EHLO or HELO.  LAST ends the transaction whatever came of it.
"""

from __future__ import annotations

from honeypost.proto.dots import count, count_lines, short_lines
from honeypost.proto.lines import LineBuffer
from honeypost.proto.smtp.body import Body
from honeypost.proto.smtp.commands import Command
from honeypost.proto.smtp.parameters import FILE_OFFSET_MAX
from honeypost.proto.smtp.session import Chunks, Session

READ_BYTES = 65_536
"""Taken out of the input at once."""


def bdat(session: Session, command: Command) -> None:
    """BDAT: take in a chunk."""
    parsed = _parse(command)
    if parsed is None:
        session.reply(session.profile.data.chunk_syntax)
        session.close("errors")
        return
    size, last = parsed
    refusal = _refusal(session, size, last=last)
    if refusal:
        session.step = _Skipper(session, size, refusal, last=last)
        return
    body = session.body if isinstance(session.body, ChunkedBody) else ChunkedBody(session)
    session.chunks = Chunks.OPEN
    session.step = _Receiver(session, body, size, last=last)


def _parse(command: Command) -> tuple[int, bool] | None:
    """Read ``count [LAST]``."""
    size, *rest = command.texts or (b"",)
    if not size.isdigit() or int(size[:32]) > FILE_OFFSET_MAX:
        return None
    if rest and [word.upper() for word in rest] != [b"LAST"]:
        return None
    return int(size), bool(rest)


def _refusal(session: Session, size: int, *, last: bool) -> bytes:
    replies = session.profile.data
    if size == 0 and not last:
        return replies.chunk_empty
    if session.chunks is Chunks.FAILED:
        return replies.chunk_discarded
    if session.transaction is None:
        return replies.need_recipient
    if not session.transaction.recipients:
        return replies.no_recipients
    received = session.body.counted if session.body else 0
    if size > session.setting.message_bytes - received:
        return replies.chunk_too_large
    return b""


class ChunkedBody(Body):
    """A message whose lines may be cut anywhere by chunks; it is counted by whole lines."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._line_bytes = session.setting.limits.line_bytes
        self._open_line = LineBuffer(self._line_bytes)

    def chunk(self, data: bytes) -> None:
        """Take in bytes of a chunk."""
        self._open_line.feed(data, held=False)
        if text := short_lines(self._open_line, self._line_bytes):
            self.add(self._open_line.take(len(text)), count_lines(text))
        while (taken := self._open_line.piece(self._line_bytes)) is not None:
            piece, _ends_line = taken
            self.add(piece, count(piece))

    def end_line(self) -> None:
        """Count a line without an end; Postfix ends it."""
        rest = self._open_line.take(self._line_bytes)
        if rest:
            self.add(rest, count(rest))


class _Receiver:
    """Takes a chunk into the message; replaces the command step until its last byte."""

    def __init__(self, session: Session, body: ChunkedBody, size: int, *, last: bool) -> None:
        self._commands = session.step
        self._body = body
        self._size = self._missing = size
        self._last = last

    def __call__(self, session: Session) -> bool:
        if not self._missing:
            self._finish(session)
            return True
        data = session.lines.take(min(self._missing, READ_BYTES))
        self._missing -= len(data)
        self._body.chunk(data)
        return bool(data)

    def _finish(self, session: Session) -> None:
        session.step = self._commands
        replies = session.profile.data
        if not self._last:
            session.reply(replies.chunk, value=b"%d" % self._size)
            return
        self._body.end_line()
        size = b"%d" % self._body.counted
        self._body.finish(replies.queued_chunks.replace(b"{size}", size))


class _Skipper:
    """Reads a refused chunk to its end before saying so, as RFC 3030, section 2 wants it."""

    def __init__(self, session: Session, size: int, refusal: bytes, *, last: bool) -> None:
        self._commands = session.step
        self._size = self._missing = size
        self._refusal = refusal
        self._last = last

    def __call__(self, session: Session) -> bool:
        if not self._missing:
            self._finish(session)
            return True
        skipped = len(session.lines.take(min(self._missing, READ_BYTES)))
        self._missing -= skipped
        return bool(skipped)

    def _finish(self, session: Session) -> None:
        session.step = self._commands
        if self._last:
            session.reset()
        else:
            session.chunks = Chunks.FAILED
        session.refuse(self._refusal, b"%d" % self._size)
