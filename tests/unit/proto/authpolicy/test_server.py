"""Dovecot's reports, as it sends them (measured on 2.3.19 and 2.4.1)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from honeypost.model import Client, Secret
from honeypost.proto.authpolicy.server import (
    GO_ON,
    AuthPolicyHandler,
    AuthPolicyServer,
    report_question,
)
from honeypost.proto.effects import Ask, Send
from honeypost.proto.http import Consult, Reply, Request
from honeypost.questions import Noted, NoteReport

REPORT: dict[str, Any] = {
    "device_id": "",
    "login": "nobody@example.org",
    "protocol": "smtp",
    "pwhash": "0448",
    "remote": "127.0.0.21",
    "session_id": "",
    "success": False,
    "policy_reject": False,
    "tls": False,
}
ASKED = NoteReport(
    login=b"nobody@example.org",
    original=b"",
    service="smtp",
    client=Client("127.0.0.21", 0),
    success=False,
    secret_tag="0448",
)


def body(**changes: Any) -> bytes:
    return json.dumps({**REPORT, **changes}).encode()


def handled(target: bytes, data: bytes, method: bytes = b"POST") -> Reply | Consult:
    return AuthPolicyHandler().handle(Request(method, target, data))


def test_a_report_is_passed_on_and_answered_at_once() -> None:
    assert handled(b"/?command=report", body()) == Consult(ASKED, GO_ON)


def test_what_the_attributes_add_is_taken() -> None:
    told = report_question(
        body(
            orig="info@example.org",
            login="k3f9@m.invalid",
            remote="2001:db8::7",
            rport="40001",
            session_id="1Ht+",
            success=True,
            tls=True,
            attrs={"lname": "imap.example.org"},
            fail_type="account",
        )
    )
    assert told == NoteReport(
        login=b"k3f9@m.invalid",
        original=b"info@example.org",
        service="smtp",
        client=Client("2001:db8::7", 40001),
        success=True,
        secret_tag="0448",
        session="1Ht+",
        tls=True,
    )


@pytest.mark.parametrize("command", [b"allow", b"report&command=allow", b"", b"nonsense"])
def test_everything_else_is_allowed_without_looking(command: bytes) -> None:
    assert handled(b"/?command=" + command, body()) == GO_ON
    assert handled(b"/", b"") == GO_ON


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b'"x"',
        b"\xff",
        body(login=5),
        body(success="yes"),
        body(remote=""),
        body(remote="unknown"),
        body(remote=None),
    ],
)
def test_a_report_that_cannot_be_read_hurts_nobody(data: bytes) -> None:
    assert report_question(data) is None
    assert handled(b"/?command=report", data) == GO_ON


@pytest.mark.parametrize(
    ("given", "port"), [(40001, 40001), ("0", 0), ("", 0), ("x", 0), (65536, 0), (-1, 0), ("²", 0)]
)
def test_the_port_is_a_port_or_unknown(given: str | int, port: int) -> None:
    told = report_question(body(rport=given))
    assert told is not None
    assert told.client.port == port


def test_never_denied_never_delayed() -> None:
    assert GO_ON.status == 200
    assert json.loads(GO_ON.body) == {"status": 0, "msg": ""}
    assert AuthPolicyHandler().reply(Noted()) == GO_ON


def test_only_posts_are_served() -> None:
    assert handled(b"/?command=report", body(), b"GET") == Reply(404)


def test_a_whole_exchange_with_the_header_as_dovecot_writes_it() -> None:
    server = AuthPolicyServer(Secret(b"s3cret"))
    data = body()
    effects = server.receive(
        b"POST /?command=report HTTP/1.1\r\nHost: 127.0.0.1:2741\r\n"
        b"User-Agent: dovecot/auth-policy-client\r\nX-Key:  s3cret\r\n"
        b"Content-Length: %d\r\n\r\n%s" % (len(data), data)
    )
    assert isinstance(effects[-2], Send)
    assert effects[-2].data.endswith(b'\r\n\r\n{"status":0,"msg":""}')
    assert effects[-1] == Ask(ASKED)
    assert list(server.answer(Noted())) == []
