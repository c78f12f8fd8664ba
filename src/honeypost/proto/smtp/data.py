"""
DATA: the message up to a line with a single dot (RFC 5321, section 4.1.1.4).

Postfix 3.7 takes a bare LF for a line end, here too: ``\\n.\\n`` ends a message, and so does
a dot followed by any number of CR and LF.  (Later versions have ``smtpd_forbid_bare_newline``.)
"""

from __future__ import annotations

import re

from honeypost.proto.smtp.body import Body, count
from honeypost.proto.smtp.commands import Command
from honeypost.proto.smtp.session import Chunks, Session

_DOT_LINE = re.compile(rb"(?:\A|\n)\.")


def data(session: Session, command: Command) -> None:
    """DATA: ask for the message."""
    replies = session.profile.data
    refusal = b""
    if session.chunks is not Chunks.NONE:
        refusal = replies.data_after_chunk
    elif not session.transaction or not session.transaction.recipients:
        refusal = replies.no_recipients if session.transaction else replies.need_recipient
    elif command.words:
        refusal = replies.data_syntax
    if refusal:
        session.refuse(refusal)
        return
    session.reply(replies.go_ahead)
    session.step = _Receiver(session)


class _Receiver:
    """Works off the lines of a message; replaces the command step until the dot."""

    def __init__(self, session: Session) -> None:
        self._commands = session.step
        self._body = Body(session)
        limit = session.setting.limits.line_bytes
        self._long_line = re.compile(rb"[^\n]{%d}" % limit)
        self._within_line = False

    def __call__(self, session: Session) -> bool:
        return self._in_bulk(session) or self._one_piece(session)

    def _in_bulk(self, session: Session) -> bool:
        """Take many ordinary lines at once: no dots, no stray CR, none too long."""
        if self._within_line:
            return False
        lines = session.lines.whole_lines()
        dot = _DOT_LINE.search(lines)
        if dot:
            lines = lines[: dot.end() - 1]
        if not lines or b"\r\r\n" in lines or self._long_line.search(lines):
            return False
        session.lines.take(len(lines))
        ends = lines.count(b"\n")
        self._body.add(lines, len(lines) + ends - lines.count(b"\r\n"))
        return True

    def _one_piece(self, session: Session) -> bool:
        taken = session.lines.piece(session.setting.limits.line_bytes)
        if taken is None:
            return False
        piece, ends_line = taken
        if piece.startswith(b".") and not self._within_line:
            piece = piece[1:]
            if ends_line and not piece.rstrip(b"\r\n"):
                self._finish(session)
                return True
        self._body.add(piece, count(piece))
        self._within_line = not ends_line
        return True

    def _finish(self, session: Session) -> None:
        session.step = self._commands
        self._body.finish(session.profile.data.queued)
