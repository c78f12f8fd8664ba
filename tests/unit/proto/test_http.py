"""The HTTP end that programs of the same host call."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from honeypost.model import Client, Protocol, Secret
from honeypost.proto.effects import Ask, Close, Effect, Send, Wake
from honeypost.proto.http import (
    BODY_BYTES,
    HEADER_BYTES,
    IDLE_SECONDS,
    Consult,
    HttpServer,
    Reply,
    Request,
)
from honeypost.questions import LoginVerdict, MayLogin, Noted, NoteReport, Verdict

KEY = Secret(b"s3cret")
LOGIN = MayLogin(b"a", Secret(b"b"), "PLAIN", Protocol.IMAP, False)
REPORT = NoteReport(b"a", b"", "imap", Client("192.0.2.7"), True, "")


class Handler:
    """Answers what the target says."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    def handle(self, request: Request) -> Reply | Consult:
        self.requests.append(request)
        if request.target == b"/ask":
            return Consult(LOGIN)
        if request.target == b"/tell":
            return Consult(REPORT, Reply(200, b"noted"))
        if request.target == b"/none":
            return Reply(204)
        return Reply(200, b"you said " + request.body)

    def reply(self, verdict: Verdict) -> Reply:
        return Reply(200, str(getattr(verdict, "account", "")).encode())


def post(
    target: bytes = b"/", body: bytes = b"hi", *headers: bytes, key: bytes = b"s3cret"
) -> bytes:
    lines = [
        b"POST " + target + b" HTTP/1.1",
        b"Host: 127.0.0.1:2740",
        b"X-Key: " + key,
        b"Content-Length: %d" % len(body),
        *headers,
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def sent(effects: Sequence[Effect]) -> bytes:
    return b"".join(effect.data for effect in effects if isinstance(effect, Send))


def closes(effects: Sequence[Effect]) -> bool:
    return any(isinstance(effect, Close) for effect in effects)


@pytest.fixture
def handler() -> Handler:
    return Handler()


@pytest.fixture
def server(handler: Handler) -> HttpServer:
    made = HttpServer(handler, KEY)
    assert made.open() == [Wake(IDLE_SECONDS)]
    return made


def test_a_request_is_answered_and_the_connection_stays(server: HttpServer) -> None:
    for body in (b"one", b"two"):
        effects = server.receive(post(body=body))
        assert sent(effects).startswith(b"HTTP/1.1 200 ")
        assert sent(effects).endswith(b"\r\n\r\nyou said " + body)
        assert not closes(effects)


def test_any_split_of_the_bytes_is_the_same(handler: Handler) -> None:
    server = HttpServer(handler, KEY)
    wire = post(body=b"one") + post(b"/none", b"two")
    got = b"".join(sent(server.receive(wire[n : n + 1])) for n in range(len(wire)))
    assert got == sent(HttpServer(handler, KEY).receive(wire))
    assert [request.body for request in handler.requests] == [b"one", b"two"] * 2


def test_no_bytes_are_no_end(server: HttpServer) -> None:
    assert server.receive(b"") == ()
    assert sent(server.receive(post()))


def test_who_waits_for_100_continue_gets_it(server: HttpServer, handler: Handler) -> None:
    head, _, body = post(b"/", b"hi", b"Expect: 100-continue").partition(b"\r\n\r\n")
    assert sent(server.receive(head + b"\r\n\r\n")).startswith(b"HTTP/1.1 100 ")
    assert sent(server.receive(body)).startswith(b"HTTP/1.1 200 ")
    assert handler.requests[0].body == b"hi"


def test_a_reply_without_content_has_no_length(server: HttpServer) -> None:
    got = sent(server.receive(post(b"/none")))
    assert got.startswith(b"HTTP/1.1 204 ")
    assert b"ength" not in got


@pytest.mark.parametrize("given", [b"s3cret", b" s3cret", b"  s3cret ", b"\ts3cret"])
def test_blanks_around_the_key_do_not_count(server: HttpServer, given: bytes) -> None:
    assert sent(server.receive(post(key=given))).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("given", [b"", b"S3cret", b"s3cre", b"s3crets", b"x"])
def test_without_the_key_nobody_is_heard(
    server: HttpServer, handler: Handler, given: bytes
) -> None:
    effects = server.receive(post(b"/ask", key=given))
    assert sent(effects).startswith(b"HTTP/1.1 403 ")
    assert closes(effects)
    assert not any(isinstance(effect, Ask) for effect in effects)
    assert handler.requests == []


def test_a_missing_key_header_is_a_wrong_key(server: HttpServer) -> None:
    assert b" 403 " in sent(server.receive(b"POST / HTTP/1.1\r\nHost: x\r\n\r\n"))


def test_an_end_without_a_key_lets_nobody_in(handler: Handler) -> None:
    server = HttpServer(handler, Secret(b""))
    assert b" 403 " in sent(server.receive(post(key=b"")))


def test_a_question_holds_what_follows(server: HttpServer) -> None:
    effects = server.receive(post(b"/ask") + post(body=b"next"))
    assert effects[-1] == Ask(LOGIN)
    assert server.holding
    assert sent(server.receive(post(body=b"third"))) == b""
    effects = server.answer(LoginVerdict("info@example.org", "m1"))
    assert not server.holding
    got = sent(effects)
    assert [got.count(text) for text in (b"info@example.org", b"said next", b"said third")] == [
        1
    ] * 3
    assert got.index(b"info@") < got.index(b"said next") < got.index(b"said third")


def test_a_report_is_answered_before_anybody_looks_at_it(server: HttpServer) -> None:
    effects = server.receive(post(b"/tell") + post(body=b"next"))
    assert [type(effect) for effect in effects] == [Wake, Send, Ask]
    assert sent(effects).endswith(b"noted")
    assert sent(server.answer(Noted())).count(b"HTTP/1.1") == 1


def test_too_large_a_body_is_refused(server: HttpServer, handler: Handler) -> None:
    effects = server.receive(post(body=bytes(BODY_BYTES + 1)))
    assert sent(effects).startswith(b"HTTP/1.1 413 ")
    assert closes(effects)
    assert handler.requests == []
    assert sent(server.receive(post())) == b""


def test_the_largest_body_is_taken(server: HttpServer, handler: Handler) -> None:
    server.receive(post(body=bytes(BODY_BYTES)))
    assert len(handler.requests[0].body) == BODY_BYTES


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n",
        b"EHLO x\r\n\r\n",
        b"GET / HTTP/1.1\r\nBad Header\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nX: " + b"y" * HEADER_BYTES,
    ],
)
def test_garbage_ends_the_connection(server: HttpServer, garbage: bytes) -> None:
    effects = server.receive(garbage)
    assert closes(effects)
    assert b" 4" in sent(effects)[:13]


def test_a_client_that_says_it_closes_is_closed(server: HttpServer) -> None:
    effects = server.receive(post(b"/", b"hi", b"Connection: close"))
    assert b" 200 " in sent(effects)
    assert closes(effects)


def test_an_old_client_is_answered_and_closed(server: HttpServer) -> None:
    effects = server.receive(b"POST / HTTP/1.0\r\nX-Key: s3cret\r\nContent-Length: 2\r\n\r\nhi")
    assert b" 200 " in sent(effects)
    assert closes(effects)


def test_silence_ends_the_connection_but_not_while_a_question_is_open(
    server: HttpServer,
) -> None:
    server.receive(post(b"/ask"))
    assert list(server.woken()) == []
    server.answer(LoginVerdict())
    assert list(server.woken()) == [Close()]


def test_the_end_of_the_client_is_the_end(server: HttpServer) -> None:
    assert list(server.eof()) == [Close()]
    assert list(server.secured()) == []
