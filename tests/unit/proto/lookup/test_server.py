"""What Dovecot's script asks, as it asks it."""

from __future__ import annotations

from ipaddress import ip_network
from urllib.parse import quote

import pytest

from honeypost.model import Client, Protocol, Secret
from honeypost.proto.effects import Ask, Send
from honeypost.proto.http import Reply, Request
from honeypost.proto.lookup.server import (
    FIELDS_MOST,
    LookupHandler,
    LookupServer,
    form_fields,
    login_question,
    named_client,
)
from honeypost.questions import LoginVerdict, MayLogin, Noted

FORM = {
    "user": "info@example.org",
    "service": "smtp",
    "rip": "192.0.2.7",
    "rport": "40001",
    "lip": "127.0.0.1",
    "secured": "TLS",
    "session": "OAOxNvNgDKh/AAAB",
    "mech": "LOGIN",
    "password": "pass word+1&x",
}


def encoded(**changes: str | None) -> bytes:
    fields = {name: value for name, value in {**FORM, **changes}.items() if value is not None}
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in fields.items()).encode()


def asked(**changes: str | None) -> MayLogin | None:
    return login_question(form_fields(encoded(**changes)))


def test_the_form_becomes_the_question() -> None:
    assert asked() == MayLogin(
        login=b"info@example.org",
        secret=Secret(b"pass word+1&x"),
        mechanism="LOGIN",
        service=Protocol.SUBMISSION,
        secured=True,
        client=Client("192.0.2.7", 40001),
    )


@pytest.mark.parametrize(
    ("service", "protocol"),
    [("smtp", Protocol.SUBMISSION), ("imap", Protocol.IMAP), ("pop3", Protocol.POP3)],
)
def test_dovecots_services(service: str, protocol: Protocol) -> None:
    question = asked(service=service)
    assert question is not None
    assert question.service is protocol


@pytest.mark.parametrize(
    "changes",
    [
        {"service": "sieve"},
        {"service": "submission"},
        {"service": "doveadm"},
        {"service": None},
        {"user": None},
        {"user": ""},
        {"password": None},
        {"password": ""},
        {"rip": None},
        {"rip": "unknown"},
        {"rip": "192.0.2.7\n"},
    ],
)
def test_what_is_no_login_of_a_decoy_is_refused_unasked(changes: dict[str, str | None]) -> None:
    assert asked(**changes) is None
    request = Request(b"POST", b"/", encoded(**changes))
    assert LookupHandler("m.invalid").handle(request) == Reply(204)


@pytest.mark.parametrize(
    ("rip", "rport", "client"),
    [
        (b"2001:db8::1", b"40001", Client("2001:db8::1", 40001)),
        (b"2001:0db8::0001", b"0", Client("2001:db8::1", 0)),
        (b"::ffff:192.0.2.7", b"1", Client("192.0.2.7", 1)),
        (b"192.0.2.7", b"", Client("192.0.2.7", 0)),
        (b"192.0.2.7", b"65536", Client("192.0.2.7", 0)),
        (b"192.0.2.7", b"-1", Client("192.0.2.7", 0)),
        (b"192.0.2.7", b"9" * 5000, Client("192.0.2.7", 0)),
    ],
)
def test_the_client_that_is_named(rip: bytes, rport: bytes, client: Client) -> None:
    assert named_client(rip, rport) == client


@pytest.mark.parametrize(("secured", "is_secured"), [(None, False), ("", False), ("TLS", True)])
def test_is_it_secured(secured: str | None, is_secured: bool) -> None:
    question = asked(secured=secured)
    assert question is not None
    assert question.secured is is_secured


def test_attackers_bytes_stay_as_they_are() -> None:
    fields = form_fields(b"user=%ff%00%C3%A9&password=%25zz%zz&=x&y")
    assert fields[b"user"] == b"\xff\x00\xc3\xa9"
    assert fields[b"password"] == b"%zz%zz"


def test_a_second_field_of_a_name_does_not_replace_the_first() -> None:
    assert form_fields(b"service=imap&service=sieve")[b"service"] == b"imap"


def test_more_fields_than_the_limit_are_not_read() -> None:
    body = b"&".join(b"f%d=1" % number for number in range(2 * FIELDS_MOST))
    assert len(form_fields(body)) == FIELDS_MOST


def test_only_a_post_is_a_question() -> None:
    assert LookupHandler("m.invalid").handle(Request(b"GET", b"/", encoded())) == Reply(404)


@pytest.mark.parametrize(
    ("verdict", "reply"),
    [
        (LoginVerdict("info@example.org", "k3f9"), Reply(200, b"user=k3f9@m.invalid")),
        (LoginVerdict(), Reply(204)),
        (LoginVerdict("info@example.org", ""), Reply(204)),
        (Noted(), Reply(204)),
    ],
)
def test_the_verdict_in_dovecots_words(verdict: LoginVerdict | Noted, reply: Reply) -> None:
    assert LookupHandler("m.invalid").reply(verdict) == reply


def test_a_whole_exchange() -> None:
    server = LookupServer(Secret(b"s3cret"), "m.invalid")
    body = encoded()
    head = (
        b"POST /lua HTTP/1.1\r\nHost: 127.0.0.1:2740\r\nExpect: 100-continue\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\nX-Key: s3cret\r\n"
        b"Content-Length: %d\r\n\r\n" % len(body)
    )
    assert isinstance(server.receive(head)[-1], Send)
    assert isinstance(server.receive(body)[-1], Ask)
    (reply,) = server.answer(LoginVerdict("info@example.org", "k3f9"))
    assert isinstance(reply, Send)
    assert reply.data.endswith(b"\r\n\r\nuser=k3f9@m.invalid")


@pytest.mark.parametrize(
    ("address", "asked_about"),
    [
        ("127.0.0.1", False),
        ("::ffff:127.0.0.1", False),
        ("::1", False),
        ("198.51.100.9", False),
        ("2001:db8::1", True),
        ("192.0.2.7", True),
    ],
)
def test_who_is_spared_is_refused_and_nobody_is_asked(address: str, *, asked_about: bool) -> None:
    spared = [ip_network(text) for text in ("127.0.0.0/8", "::1/128", "198.51.100.0/24")]
    handler = LookupHandler("m.invalid", spared)
    request = Request(b"POST", b"/", encoded(rip=address))
    answer = handler.handle(request)
    assert (answer == Reply(204)) is not asked_about
