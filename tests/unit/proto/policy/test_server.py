"""Postfix's policy calls, with the attributes that 3.7 sends (measured)."""

from __future__ import annotations

import pytest

from honeypost.model import Client
from honeypost.proto.effects import Ask, Close, Effect, Wake
from honeypost.proto.policy.server import (
    CROWDED,
    DISCARD,
    DUNNO,
    IDLE_SECONDS,
    REQUEST_BYTES,
    PolicyServer,
)
from honeypost.questions import (
    Acceptance,
    ConverseVerdict,
    LoginVerdict,
    MayConverse,
    MaySpend,
    SpendVerdict,
)

ATTRIBUTES = {
    "request": "smtpd_access_policy",
    "protocol_state": "END-OF-MESSAGE",
    "protocol_name": "ESMTP",
    "client_address": "192.0.2.7",
    "client_name": "unknown",
    "client_port": "40001",
    "reverse_client_name": "unknown",
    "server_address": "127.0.0.1",
    "server_port": "587",
    "helo_name": "attacker.test",
    "sender": "spam@attacker.test",
    "recipient": "",
    "recipient_count": "3",
    "queue_id": "36A7522C423",
    "instance": "5d34.6a1b.0",
    "size": "81",
    "etrn_domain": "",
    "stress": "",
    "sasl_method": "PLAIN",
    "sasl_username": "k3f9@m.invalid",
    "sasl_sender": "",
    "encryption_protocol": "TLSv1.3",
}
SPEND = MaySpend("k3f9", Client("192.0.2.7", 40001), "36A7522C423", 81, 3)
IDLE = Wake(IDLE_SECONDS)


def request(**changes: str) -> bytes:
    lines = {**ATTRIBUTES, **changes}
    return "".join(f"{name}={value}\n" for name, value in lines.items()).encode() + b"\n"


@pytest.fixture
def server() -> PolicyServer:
    made = PolicyServer("m.invalid")
    assert list(made.open()) == [IDLE]
    return made


def told(server: PolicyServer, data: bytes) -> list[Effect]:
    return [effect for effect in server.receive(data) if effect != IDLE]


def test_the_message_of_a_decoy_is_asked_about(server: PolicyServer) -> None:
    assert told(server, request()) == [Ask(SPEND)]
    assert server.holding


@pytest.mark.parametrize(
    ("verdict", "action"),
    [
        (SpendVerdict(Acceptance.ACCEPTED), DUNNO),
        (SpendVerdict(Acceptance.TRY_LATER), DISCARD),
        (SpendVerdict(Acceptance.UNKNOWN), DISCARD),
        (LoginVerdict("x", "y"), DISCARD),
    ],
)
def test_only_a_sure_yes_goes_on(
    server: PolicyServer, verdict: SpendVerdict | LoginVerdict, action: Effect
) -> None:
    server.receive(request())
    assert list(server.answer(verdict)) == [action]
    assert not server.holding


@pytest.mark.parametrize(
    "changes",
    [
        {"sasl_username": "alice@example.org"},
        {"sasl_username": ""},
        {"sasl_username": "", "protocol_state": "DATA"},
        {"sasl_username": "", "protocol_state": "RCPT", "client_address": "unknown"},
        {"sasl_username": "k3f9@m.invalid.example.org"},
        {"sasl_username": "k3f9"},
        {"protocol_state": "RCPT"},
        {"protocol_state": "DATA"},
    ],
)
def test_whatever_is_not_a_decoys_end_of_message_is_none_of_our_business(
    server: PolicyServer, changes: dict[str, str]
) -> None:
    assert told(server, request(**changes)) == [DUNNO]


@pytest.mark.parametrize("state", ["CONNECT", "EHLO", "MAIL", "RCPT"])
@pytest.mark.parametrize(("allowed", "action"), [(True, DUNNO), (False, CROWDED)])
def test_before_a_login_it_is_asked_whether_the_conversation_may_go_on(
    server: PolicyServer, state: str, *, allowed: bool, action: Effect
) -> None:
    asked = told(server, request(protocol_state=state, sasl_username=""))
    assert asked == [Ask(MayConverse(Client("192.0.2.7")))]
    assert server.holding
    assert list(server.answer(ConverseVerdict(allowed))) == [action]
    assert not server.holding


@pytest.mark.parametrize("local", ["", "k3f9+x", "../x", "k3 f9"])
def test_a_marker_that_is_none_is_discarded(server: PolicyServer, local: str) -> None:
    assert told(server, request(sasl_username=f"{local}@m.invalid")) == [DISCARD]


def test_the_marker_is_known_in_any_case(server: PolicyServer) -> None:
    assert told(server, request(sasl_username="K3F9@M.Invalid")) == [Ask(SPEND)]


def test_one_connection_carries_many_requests(server: PolicyServer) -> None:
    for _ in range(3):
        assert told(server, request()) == [Ask(SPEND)]
        assert list(server.answer(SpendVerdict(Acceptance.ACCEPTED))) == [DUNNO]


def test_what_follows_an_open_question_waits(server: PolicyServer) -> None:
    assert told(server, request() + request(sasl_username="")) == [Ask(SPEND)]
    effects = list(server.answer(SpendVerdict(Acceptance.TRY_LATER)))
    assert effects == [DISCARD, DUNNO]


def test_any_split_of_the_bytes_is_the_same(server: PolicyServer) -> None:
    wire = request()
    effects = [effect for n in range(len(wire)) for effect in told(server, wire[n : n + 1])]
    assert effects == [Ask(SPEND)]


@pytest.mark.parametrize(
    "garbage",
    [
        b"\n",
        b"GET / HTTP/1.1\r\n\r\n\n\n",
        b"EHLO x\n\n",
        b"=x\n\n",
        b"protocol_state=END-OF-MESSAGE\n\n",
        b"request=junk\n\n",
        b"x" * (REQUEST_BYTES + 1),
    ],
)
def test_garbage_ends_the_connection(server: PolicyServer, garbage: bytes) -> None:
    assert told(server, garbage) == [Close()]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"client_address": "2001:db8::7"}, Client("2001:db8::7", 40001)),
        ({"client_address": "unknown"}, Client("", 40001)),
        ({"client_port": ""}, Client("192.0.2.7", 0)),
        ({"client_port": "70000"}, Client("192.0.2.7", 0)),
    ],
)
def test_the_client_that_postfix_names(
    server: PolicyServer, changes: dict[str, str], expected: Client
) -> None:
    (ask,) = told(server, request(**changes))
    assert isinstance(ask, Ask)
    assert isinstance(ask.question, MaySpend)
    assert ask.question.client == expected


def test_numbers_that_are_none_count_as_zero(server: PolicyServer) -> None:
    (ask,) = told(server, request(size="9" * 5000, recipient_count="-1"))
    assert isinstance(ask, Ask)
    assert isinstance(ask.question, MaySpend)
    assert (ask.question.size, ask.question.recipient_count) == (0, 0)


def test_silence_ends_the_connection_but_not_an_open_question(server: PolicyServer) -> None:
    server.receive(request())
    assert list(server.woken()) == []
    server.answer(SpendVerdict(Acceptance.TRY_LATER))
    assert list(server.woken()) == [Close()]
    assert list(server.secured()) == []
    assert list(server.eof()) == [Close()]
