"""MAIL, RCPT and VRFY."""

from __future__ import annotations

import pytest

from honeypost.model import Protocol
from honeypost.questions import Acceptance, ReceiveVerdict

TO_BOB = ("MAIL FROM:<a@b.example>", "RCPT TO:<bob@example.org>")


def test_the_order_is_kept(talk) -> None:
    session = talk()
    assert session("RCPT TO:<a@b>", "MAIL FROM:<>", "MAIL FROM:<>", "MAIL") == [
        "503 5.5.1 Error: need MAIL command",
        "250 2.1.0 Ok",
        "503 5.5.1 Error: nested MAIL command",
        "503 5.5.1 Error: nested MAIL command",
    ]


@pytest.mark.parametrize(
    "line", ["MAIL", "MAIL FROM:", "MAIL FROM <a@b>", "MAIL TO:<a@b>", "MAIL FROM : <a@b>"]
)
def test_mail_syntax(talk, line: str) -> None:
    assert talk()(line) == ["501 5.5.4 Syntax: MAIL FROM:<address>"]


@pytest.mark.parametrize("line", ["RCPT", "RCPT TO:", "RCPT TO <a@b>", "RCPT FROM:<a@b>"])
def test_rcpt_syntax(talk, line: str) -> None:
    assert talk()("MAIL FROM:<>", line)[-1] == "501 5.5.4 Syntax: RCPT TO:<address>"


@pytest.mark.parametrize("path", ["<a@b", "<a@>", '"a@b', "<a b@c>"])
def test_bad_addresses(talk, path: str) -> None:
    session = talk()
    assert session(f"MAIL FROM:{path}", "MAIL FROM:<>", f"RCPT TO:{path}", "RCPT TO:<>") == [
        "501 5.1.7 Bad sender address syntax",
        "250 2.1.0 Ok",
        "501 5.1.3 Bad recipient address syntax",
        "501 5.1.3 Bad recipient address syntax",
    ]
    assert session.questions == []


def test_a_size_that_is_too_large_sticks_until_the_reset(talk) -> None:
    session = talk(message_bytes=100)
    too_large = "552 5.3.4 Message size exceeds fixed limit"
    assert session("MAIL FROM:<> SIZE=101", "MAIL FROM:<>") == [too_large, too_large]
    assert session("MAIL FROM:<> SIZE=100", "RSET", "MAIL FROM:<>")[-1] == "250 2.1.0 Ok"


def test_a_size_sticks_also_when_its_command_fails(talk) -> None:
    session = talk(message_bytes=100)
    assert session("MAIL FROM:<> SIZE=101 FOO", "MAIL FROM:<>", "EHLO x", "MAIL FROM:<>")[:2] == [
        "555 5.5.4 Unsupported option: FOO",
        "552 5.3.4 Message size exceeds fixed limit",
    ]


@pytest.mark.parametrize(
    ("acceptance", "reply"),
    [
        (
            Acceptance.UNKNOWN,
            "550 5.1.1 <bob@example.org>: Recipient address rejected: User unknown in virtual mailbox table",
        ),
        (Acceptance.RELAY_DENIED, "554 5.7.1 <bob@example.org>: Relay access denied"),
        (Acceptance.TRY_LATER, "451 4.3.0 <bob@example.org>: Temporary lookup failure"),
        (Acceptance.TOO_LARGE, "452 4.3.1 Insufficient system storage"),
    ],
)
def test_a_recipient_is_refused_in_the_words_of_the_real_one(
    talk, acceptance: Acceptance, reply: str
) -> None:
    session = talk()
    session.verdicts["MayReceive"] = ReceiveVerdict(acceptance)
    assert session(*TO_BOB, "VRFY bob@example.org", "DATA")[1:] == [
        reply,
        reply,
        "554 5.5.1 Error: no valid recipients",
    ]
    assert [event.answer for event in session.events] == [acceptance] * 2


def test_the_recipient_that_is_accepted_first_names_the_queue_file(talk) -> None:
    session = talk()
    session.verdicts["MayReceive"] = ReceiveVerdict(Acceptance.UNKNOWN)
    session(*TO_BOB)
    session.verdicts["MayReceive"] = ReceiveVerdict(Acceptance.ACCEPTED, "00001A")
    session("RCPT TO:<c@example.org> ORCPT=rfc822;x NOTIFY=DELAY")
    session.verdicts["MayReceive"] = ReceiveVerdict(Acceptance.ACCEPTED, "00002B")
    session("RCPT TO:<d@example.org>")
    assert [question.first for question in session.questions] == [True, True, False]
    assert session("DATA", "x", ".")[-1] == "250 2.0.0 Ok: queued as 00001A"
    (first, second) = session.questions[-1].envelope.recipients
    assert (first.address, first.original, first.notify) == (
        b"c@example.org",
        b"rfc822;x",
        b"DELAY",
    )
    assert second.address == b"d@example.org"


def test_who_is_logged_in_is_no_prober(talk) -> None:
    session = talk()
    session("AUTH PLAIN AGJvYgBzZWNyZXQ=", *TO_BOB, "VRFY x@example.org")
    assert session.events == []
    assert {question.account for question in session.questions[1:]} == {"bob@example.org"}


@pytest.mark.parametrize("protocol", [Protocol.SUBMISSION, Protocol.SUBMISSIONS])
def test_submission_tells_strangers_nothing(talk, protocol: Protocol) -> None:
    session = talk(protocol)
    if protocol is Protocol.SUBMISSION:
        session("STARTTLS")
    refused = "554 5.7.1 <bob@example.org>: Recipient address rejected: Access denied"
    assert session(*TO_BOB, "VRFY bob@example.org")[1:] == [refused, refused]
    assert session.questions == []
    assert [event.answer for event in session.events] == [Acceptance.RELAY_DENIED] * 2


def test_too_many_recipients_are_no_error_for_a_while(talk) -> None:
    session = talk(recipients=1)
    session(*TO_BOB)
    many = ["RCPT TO:<c@example.org>"] * 1000
    assert set(session(*many)) == {"452 4.5.3 Error: too many recipients"}
    assert session("NOOP") == ["250 2.0.0 Ok"]
    assert session(*many[:20])[-1] == "421 4.7.0 mx1.example.org Error: too many errors"


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        ("VRFY", "501 5.5.4 Syntax: VRFY address [SMTPUTF8]"),
        ("VRFY bob@example.org", "252 2.0.0 bob@example.org"),
        ("VRFY <bob@example.org>", "252 2.0.0 <bob@example.org>"),
        ("VRFY bob@example.org SMTPUTF8", "252 2.0.0 bob@example.org"),
        ("VRFY a b", "501 5.1.3 Bad recipient address syntax"),
        ("VRFY <>", "501 5.1.3 Bad recipient address syntax"),
    ],
)
def test_vrfy(talk, line: str, reply: str) -> None:
    assert talk()(line) == [reply]
