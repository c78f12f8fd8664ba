"""Greetings, STARTTLS and the small commands."""

from __future__ import annotations

from dataclasses import replace

import pytest

from honeypost.events import ClientGreeted
from honeypost.model import Protocol
from honeypost.personality.postfix_3_7 import PROFILE
from honeypost.personality.profile import Encryption


def keywords(said: list[str]) -> list[str]:
    return [line[4:].split()[0] for line in said[1:]]


ALL = [
    "PIPELINING",
    "SIZE",
    "VRFY",
    "ETRN",
    "STARTTLS",
    "AUTH",
    "ENHANCEDSTATUSCODES",
    "8BITMIME",
    "DSN",
    "SMTPUTF8",
    "CHUNKING",
]


@pytest.mark.parametrize(
    ("protocol", "without"),
    [(Protocol.SMTP, ""), (Protocol.SUBMISSION, "AUTH"), (Protocol.SUBMISSIONS, "STARTTLS")],
)
def test_keywords_in_order(talk, protocol: Protocol, without: str) -> None:
    said = talk(protocol)("EHLO x")
    assert keywords(said) == [keyword for keyword in ALL if keyword != without]
    assert [line[3] for line in said] == ["-"] * (len(said) - 1) + [" "]


@pytest.mark.parametrize("protocol", [Protocol.SMTP, Protocol.SUBMISSION])
def test_after_starttls_it_is_gone_and_auth_is_there(talk, protocol: Protocol) -> None:
    said = talk(protocol)("STARTTLS", "EHLO x")
    assert said[0] == "220 2.0.0 Ready to start TLS"
    assert keywords(said[1:]) == [keyword for keyword in ALL if keyword != "STARTTLS"]


def test_without_tls_there_is_no_starttls(talk) -> None:
    role = replace(PROFILE.roles[Protocol.SMTP], encryption=Encryption.NONE)
    session = talk(profile=replace(PROFILE, roles={**PROFILE.roles, Protocol.SMTP: role}))
    assert "STARTTLS" not in keywords(session("EHLO x"))
    assert session("STARTTLS") == ["502 5.5.1 Error: command not implemented"]


def test_the_name_is_told_with_all_its_words(talk) -> None:
    session = talk()
    session("EHLO a b c")
    assert session.events == [ClientGreeted("EHLO", b"a b c")]


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        ("HELO x", "250 mx1.example.org"),
        ("HELO", "501 Syntax: HELO hostname"),
        ("EHLO", "501 Syntax: EHLO hostname"),
        ("STARTTLS x", "501 5.5.4 Syntax: STARTTLS"),
        ("RSET", "250 2.0.0 Ok"),
        ("RSET x", "501 5.5.4 Syntax: RSET"),
        ("NOOP x y", "250 2.0.0 Ok"),
        ("QUIT now", "221 2.0.0 Bye"),
        ("ETRN", "500 Syntax: ETRN domain"),
        ("ETRN a b", "500 Syntax: ETRN domain"),
        ("ETRN #x", "459 <x>: service unavailable"),
        ("ETRN @x", "459 <x>: service unavailable"),
        ("ETRN a..b", "501 Error: invalid parameter syntax"),
        ("XCLIENT", "501 5.5.4 Syntax: XCLIENT attribute=value..."),
        ("XCLIENT NAME=x", "550 5.7.0 Error: insufficient authorization"),
        ("XFORWARD", "501 5.5.4 Syntax: XFORWARD attribute=value..."),
        ("XFORWARD NAME=x", "550 5.7.0 Error: insufficient authorization"),
    ],
)
def test_small_commands(talk, line: str, reply: str) -> None:
    assert talk()(line) == [reply]


def test_etrn_waits_for_the_end_of_a_transaction(talk) -> None:
    assert talk()("MAIL FROM:<>", "ETRN x")[-1] == "503 Error: MAIL transaction in progress"


@pytest.mark.parametrize("line", ["XCLIENT", "XFORWARD", "XCLIENT NAME=x", "XFORWARD NAME=x"])
def test_forwarding_too(talk, line: str) -> None:
    assert talk()("MAIL FROM:<>", line)[-1] == "503 5.5.1 Error: MAIL transaction in progress"


@pytest.mark.parametrize("greeting", ["EHLO x", "HELO x", "RSET", "STARTTLS"])
def test_a_transaction_is_forgotten(talk, greeting: str) -> None:
    session = talk()
    session("MAIL FROM:<>", "RCPT TO:<a@example.org>", greeting)
    assert session("DATA") == ["503 5.5.1 Error: need RCPT command"]


def test_a_greeting_that_fails_forgets_nothing(talk) -> None:
    session = talk()
    session("MAIL FROM:<>", "RCPT TO:<a@example.org>", "EHLO")
    assert session("DATA")[0].startswith("354")
