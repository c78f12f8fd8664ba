"""The order of checks, the limits of a session, and its ends."""

from __future__ import annotations

import pytest

from honeypost.events import SessionClosed
from honeypost.model import Protocol
from honeypost.personality.postfix_3_7 import PROFILE
from honeypost.proto.effects import Ask, Close, Emit, StartTls, Wake
from honeypost.proto.smtp.server import SmtpServer
from honeypost.questions import LoginVerdict

IDLE = Wake(300.0)
GUESS = b"AUTH PLAIN AGJvYgBzZWNyZXQ=\r\n"


def new_core(protocol: Protocol = Protocol.SMTP, **limits: int) -> SmtpServer:
    core = SmtpServer(PROFILE, protocol, hostname="mx1.example.org", **limits)
    core.open()
    return core


def reasons(effects) -> list[str]:
    return [
        effect.event.reason
        for effect in effects
        if isinstance(effect, Emit) and isinstance(effect.event, SessionClosed)
    ]


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        (b"\xff\r\n", "500 5.5.2 Error: bad UTF-8 syntax"),
        (b"\r\n", "500 5.5.2 Error: bad syntax"),
        (b"\0\r\n", "500 5.5.2 Error: bad syntax"),
        (b"FOO\r\n", "500 5.5.2 Error: command not recognized"),
        (b"HELP\r\n", "500 5.5.2 Error: command not recognized"),
        (b"get /\r\n", "221 2.7.0 Error: I can break rules, too. Goodbye."),
        (b"NOOP " + b"x" * 5000 + b"\r\n", "250 2.0.0 Ok"),
    ],
)
@pytest.mark.parametrize("protocol", [Protocol.SMTP, Protocol.SUBMISSION])
def test_lines_that_are_no_command(talk, protocol: Protocol, line: bytes, reply: str) -> None:
    assert talk(protocol)(line) == [reply]


@pytest.mark.parametrize(
    "line", ["MAIL", "RCPT", "DATA", "BDAT x", "AUTH", "RSET", "VRFY", "ETRN", "XFORWARD"]
)
def test_where_tls_is_demanded_nothing_of_weight_is_said_before(talk, line: str) -> None:
    assert talk(Protocol.SUBMISSION)(line) == ["530 5.7.0 Must issue a STARTTLS command first"]


def test_twenty_errors_end_the_session(talk) -> None:
    session = talk()
    assert session(*["FOO"] * 20)[19:] == [
        "500 5.5.2 Error: command not recognized",
        "421 4.7.0 mx1.example.org Error: too many errors",
    ]
    assert session.closed
    assert session.events[-1].reason == "errors"


def test_too_much_junk_counts_as_errors(talk) -> None:
    session = talk()
    said = session(*["NOOP"] * 130)
    assert said == ["250 2.0.0 Ok"] * 121 + ["421 4.7.0 mx1.example.org Error: too many errors"]


def test_a_foreign_verb_ends_the_session(talk) -> None:
    session = talk()
    session("GET / HTTP/1.0", "NOOP")
    assert session.closed
    assert session.events[-1].reason == "rules"


def test_silence_ends_the_session() -> None:
    core = new_core()
    effects = core.woken()
    assert b"421 4.4.2 mx1.example.org Error: timeout exceeded\r\n" in [
        getattr(effect, "data", b"") for effect in effects
    ]
    assert reasons(effects) == ["timeout"]
    assert effects[-1] == Close()
    assert [*core.woken(), *core.eof(), *core.receive(b"NOOP\r\n"), *core.secured()] == []
    assert [*core.answer(LoginVerdict())] == []


def test_every_input_sets_the_idle_limit_anew() -> None:
    core = new_core()
    assert core.receive(b"NO")[-1] == IDLE
    assert core.receive(b"OP\r\n")[-1] == IDLE


def test_the_idle_limit_does_not_end_a_question() -> None:
    core = new_core()
    assert isinstance(core.receive(GUESS)[-1], Ask)
    assert list(core.woken()) == [IDLE]
    assert core.holding


def test_a_handshake_that_takes_too_long_ends_without_a_word() -> None:
    core = new_core()
    assert list(core.receive(b"STARTTLS\r\n"))[1:] == [StartTls(), IDLE]
    effects = core.woken()
    assert reasons(effects) == ["timeout"]
    assert effects[-1] == Close()


def test_a_client_that_leaves_while_it_is_asked_about() -> None:
    core = new_core()
    core.receive(GUESS)
    assert reasons(core.eof()) == ["lost"]
    assert list(core.answer(LoginVerdict("bob@example.org"))) == []


def test_a_client_that_leaves_in_a_pause_still_gets_its_end_noted() -> None:
    core = new_core()
    core.receive(b"FOO\r\n" * 10)
    core.receive(b"QUIT\r\n")
    assert core.holding
    assert reasons(core.eof())[:1] == ["quit"]


def test_input_is_held_back_up_to_its_limit() -> None:
    core = new_core(input_bytes=10)
    core.receive(GUESS)
    assert list(core.receive(b"NOOP\r\n")) == []
    effects = core.receive(b"NOOP\r\n")
    assert reasons(effects) == ["lost"]
    assert effects[-1] == Close()


def test_a_held_command_is_worked_off_after_the_answer() -> None:
    core = new_core()
    core.receive(GUESS + b"NOOP\r\n")
    core.answer(LoginVerdict(delay_seconds=2.0))
    core.receive(b"QUIT\r\n")
    said = b"".join(getattr(effect, "data", b"") for effect in core.woken())
    assert [line[:3] for line in said.splitlines()] == [b"535", b"250", b"221"]


def test_what_came_before_the_handshake_is_thrown_away_also_when_it_came_in_a_pause() -> None:
    core = new_core()
    core.receive(b"FOO\r\n" * 10)
    core.receive(b"STARTTLS\r\n")
    core.receive(b"QUIT\r\n")
    assert StartTls() in list(core.woken())
    core.receive(b"QUIT\r\n")
    assert list(core.secured()) == [IDLE]
