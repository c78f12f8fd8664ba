"""
The SMTP server session: bytes and verdicts in, effects out.

Theory of operation
===================

``Session.step`` works off one thing of the input: a command, an answer within AUTH, a
line of a message, a part of a chunk.  :class:`SmtpServer` calls it again and again until
more input is needed or something is outstanding (a question, a handshake, a pause).  The
order of checks before a command is handled is Postfix's own (smtpd, measured on 3.7.11):
too many errors, UTF-8, empty, foreign, unknown, TLS demanded, then the handler.
"""

from __future__ import annotations

from collections.abc import Sequence

from honeypost.model import Protocol
from honeypost.personality.profile import Profile
from honeypost.proto.effects import Effect, Wake
from honeypost.proto.lines import InputOverflow
from honeypost.proto.smtp.commands import Command, Form, read_command
from honeypost.proto.smtp.session import INPUT_BYTES, Session, Setting
from honeypost.proto.smtp.states import KNOWN, VERBS
from honeypost.questions import Verdict


class SmtpServer:
    """
    One connection to a listener of protocol ``smtp``, ``submission`` or ``submissions``.

    Implements :class:`honeypost.proto.effects.Core`.  ``message_bytes`` is announced as
    SIZE; ``recipients`` is the most of one message; ``input_bytes`` is what may be held
    back while an answer is outstanding, a client that sends more is dropped.
    """

    def __init__(
        self,
        profile: Profile,
        protocol: Protocol,
        *,
        hostname: str,
        message_bytes: int = 10_240_000,
        recipients: int = 1000,
        input_bytes: int = INPUT_BYTES,
    ) -> None:
        setting = Setting(profile, protocol, hostname, message_bytes, recipients)
        self._session = Session(setting, _command, input_bytes)
        self._turns = self._session.turns

    @property
    def holding(self) -> bool:
        """Is input being held back?"""
        return self._turns.holding

    def open(self) -> Sequence[Effect]:
        """Greet the client; a wrapped listener greets once the driver has done TLS."""
        self._session.reply(self._session.profile.session.banner)
        return self._finish()

    def receive(self, data: bytes) -> Sequence[Effect]:
        """Take in bytes of the client, any split."""
        if self._turns.closed:
            return ()
        self._session.bytes_in += len(data)
        try:
            self._session.lines.feed(data, held=self.holding)
        except InputOverflow:
            self._end("lost")
            self._turns.close()
        return self._finish()

    def answer(self, verdict: Verdict) -> Sequence[Effect]:
        """Take in the verdict to the one open question; one that comes late is dropped."""
        if self._turns.closed:
            return ()
        self._turns.answered(verdict)
        return self._finish()

    def secured(self) -> Sequence[Effect]:
        """The handshake is done; the client is a stranger again."""
        if self._turns.closed:
            return ()
        self._turns.secured()
        self._session.lines.clear()
        self._session.secured = True
        return self._finish()

    def woken(self) -> Sequence[Effect]:
        """A pause is over, or the client has been silent for too long."""
        if self._turns.closed:
            return ()
        if self._turns.paused:
            self._turns.resume()
            return self._finish()
        if self._turns.in_handshake:
            self._end("timeout")
            self._turns.close()
        elif not self.holding:
            self._session.reset()
            self._session.reply(self._session.profile.session.timeout)
            self._session.close("timeout")
        return self._finish(rearm=True)

    def eof(self) -> Sequence[Effect]:
        """The client has closed."""
        if self._turns.closed:
            return ()
        self._end("lost")
        self._turns.closed = True
        return self._turns.take()

    def _end(self, reason: str) -> None:
        """End without a word: only the journal and the spool are told."""
        self._turns.cut()
        self._session.reset()
        self._turns.emit(self._session.closing(reason))

    def _finish(self, *, rearm: bool = False) -> Sequence[Effect]:
        while not self._turns.closed and not self.holding and self._session.step(self._session):
            pass
        if not self._turns.closed and (rearm or not self.holding or self._turns.in_handshake):
            self._turns.do(Wake(self._session.setting.limits.idle_seconds))
        return self._turns.take()


def _command(session: Session) -> bool:
    """Work off one command line."""
    limits = session.setting.limits
    if session.errors >= limits.hard_errors:
        session.reply(session.profile.session.too_many_errors)
        session.close("errors")
        return True
    line = session.lines.command(limits.line_bytes)
    if line is None:
        return False
    session.commands += 1
    _handle(session, read_command(line, KNOWN, session.profile.forbidden))
    return True


def _handle(session: Session, command: Command) -> None:
    replies = session.profile.session
    verb = VERBS.get(command.verb)
    if command.form is Form.NOT_UTF8:
        session.refuse(replies.bad_utf8)
    elif command.form is Form.EMPTY:
        session.refuse(replies.empty_command)
    elif command.form is Form.FOREIGN:
        session.reply(replies.not_smtp)
        session.close("rules")
    elif verb is None:
        session.refuse(replies.unknown_command)
    elif session.needs_tls and not verb.before_tls:
        session.refuse(session.profile.tls.needed)
    else:
        verb.handle(session, command)
        if verb.junk:
            _count_junk(session)


def _count_junk(session: Session) -> None:
    """Past the limit every command that brings no mail is an error, however it was answered."""
    if session.junk > session.setting.limits.junk_commands:
        session.errors += 1
    session.junk += 1
