"""
AUTH: a credential is taken in and asked about (RFC 4954).
"""

from __future__ import annotations

from honeypost.proto.sasl import Exchange, Guess, Prompt, begin, decode
from honeypost.proto.smtp.commands import Command
from honeypost.proto.smtp.session import Session
from honeypost.questions import LoginVerdict, MayLogin

WORDS_MAX = 2
"""Mechanism and initial response."""


def auth(session: Session, command: Command) -> None:
    """AUTH: begin a dialogue, or say why not."""
    refusal = _refusal(session, command)
    if refusal:
        session.refuse(refusal)
        return
    mechanism = command.texts[0].upper()
    exchange = _exchange(session, mechanism)
    if exchange is None:
        session.refuse(session.profile.auth.bad_mechanism)
    elif len(command.words) == WORDS_MAX:
        _initial(session, mechanism, exchange, command.texts[1])
    else:
        _go_on(session, mechanism, exchange, exchange.start())


def _refusal(session: Session, command: Command) -> bytes:
    """Why AUTH is refused before its mechanism is looked at, in the real one's order."""
    replies = session.profile.auth
    reasons = (
        (not session.offers_auth, replies.not_offered),
        (session.transaction is not None, replies.in_transaction),
        (bool(session.account), replies.already),
        (not 0 < len(command.words) <= WORDS_MAX, replies.syntax),
    )
    return next((reply for applies, reply in reasons if applies), b"")


def _exchange(session: Session, mechanism: bytes) -> Exchange | None:
    profile = session.profile
    if mechanism not in profile.mechanisms:
        return None
    return begin(mechanism, profile.login_characters)


def _initial(session: Session, mechanism: bytes, exchange: Exchange, response: bytes) -> None:
    """``=`` is an empty answer (RFC 4954, section 4); LOGIN then asks as without one."""
    decoded = b"" if response == b"=" else decode(response)
    if decoded is None:
        session.refuse(session.profile.auth.bad_initial)
    elif not decoded and exchange.start().text:
        _go_on(session, mechanism, exchange, exchange.start())
    else:
        _go_on(session, mechanism, exchange, exchange.answer(decoded))


def _go_on(session: Session, mechanism: bytes, exchange: Exchange, turn: Prompt | Guess) -> None:
    if isinstance(turn, Guess):
        _ask(session, mechanism, turn)
        return
    command_step = session.step

    def answered(session: Session) -> bool:
        line = session.lines.answer(session.setting.limits.sasl_bytes)
        if line is None:
            return False
        session.step = command_step
        _continued(session, mechanism, exchange, line)
        return True

    session.reply(session.profile.auth.prompt, value=turn.text)
    session.step = answered


def _continued(session: Session, mechanism: bytes, exchange: Exchange, line: bytes) -> None:
    replies = session.profile.auth
    if len(line) >= session.setting.limits.sasl_bytes:
        session.refuse(replies.too_long)
    elif line == b"*":
        session.refuse(replies.aborted)
    elif (decoded := decode(line)) is None:
        session.refuse(replies.bad_continued)
    else:
        _go_on(session, mechanism, exchange, exchange.answer(decoded))


def _ask(session: Session, mechanism: bytes, guess: Guess) -> None:
    question = MayLogin(
        login=guess.login,
        secret=guess.secret,
        mechanism=mechanism.decode(),
        service=session.setting.protocol,
        secured=session.secured,
    )
    session.turns.ask(question, lambda verdict: _answered(session, guess, verdict))


def _answered(session: Session, guess: Guess, verdict: LoginVerdict) -> None:
    session.turns.pause(verdict.delay_seconds)
    if verdict.granted and guess.possible:
        session.account = verdict.account
        session.reply(session.profile.auth.granted)
    else:
        session.refuse(session.profile.auth.refused)
