"""A message is spooled, kept, and only then acknowledged."""

from __future__ import annotations

import pytest

from honeypost.proto.effects import AbandonMessage, OpenMessage, Spool
from honeypost.questions import Acceptance, KeepVerdict

TO_BOB = ("EHLO x", "MAIL FROM:<a@b.example> SIZE=5 RET=FULL", "RCPT TO:<bob@example.org>")


def test_the_envelope_says_all(talk) -> None:
    session = talk()
    session("AUTH PLAIN AGJvYgBzZWNyZXQ=", *TO_BOB, "DATA", "hello", ".")
    (opened,) = [effect.envelope for effect in session.effects if isinstance(effect, OpenMessage)]
    kept = session.questions[-1]
    assert kept.envelope == opened
    assert (kept.size, session.spooled) == (7, b"hello\r\n")
    assert (opened.reverse_path, opened.account, opened.helo) == (
        b"a@b.example",
        "bob@example.org",
        b"x",
    )
    assert (opened.parameters, opened.queue_id) == (b"SIZE=5 RET=FULL", "3D09020C113")


@pytest.mark.parametrize(
    ("acceptance", "reply"),
    [
        (Acceptance.TRY_LATER, "451 4.3.0 Error: queue file write error"),
        (Acceptance.TOO_LARGE, "552 5.3.4 Error: message file too big"),
        (Acceptance.UNKNOWN, "451 4.3.0 Error: queue file write error"),
    ],
)
def test_what_is_not_kept_is_refused_and_the_transaction_is_over(
    talk, acceptance: Acceptance, reply: str
) -> None:
    session = talk()
    session.verdicts["KeepMessage"] = KeepVerdict(acceptance)
    assert session(*TO_BOB, "DATA", "x", ".", "DATA")[-2:] == [
        reply,
        "503 5.5.1 Error: need RCPT command",
    ]


def test_the_store_may_name_the_message(talk) -> None:
    session = talk()
    session.verdicts["KeepMessage"] = KeepVerdict(Acceptance.ACCEPTED, "0000FF")
    assert session(*TO_BOB, "DATA", ".")[-1] == "250 2.0.0 Ok: queued as 0000FF"


def test_what_is_too_large_is_refused_only_at_its_end_and_not_spooled_further(talk) -> None:
    session = talk(message_bytes=100)
    session(*TO_BOB, "DATA", "x" * 80)
    assert session("y" * 80, "z" * 80) == []
    assert session(".") == ["552 5.3.4 Error: message file too big"]
    assert session.spooled == b"x" * 80 + b"\r\n"
    assert session.effects.count(AbandonMessage()) == 1
    assert not any(type(question).__name__ == "KeepMessage" for question in session.questions)


def test_what_is_too_large_is_abandoned_once_also_when_the_client_leaves(talk) -> None:
    session = talk(message_bytes=100)
    session(*TO_BOB, "DATA", "x" * 180)
    session.take(session.core.eof())
    assert session.effects.count(AbandonMessage()) == 1


def test_a_kept_message_forgives_errors(talk) -> None:
    session = talk()
    session(*["FOO"] * 19, *TO_BOB, "DATA", ".")
    session(*["FOO"] * 19)
    assert session("NOOP", "FOO") == [
        "250 2.0.0 Ok",
        "500 5.5.2 Error: command not recognized",
        "421 4.7.0 mx1.example.org Error: too many errors",
    ]
    assert session.events[-1].errors == 39


@pytest.mark.parametrize("end", ["eof", "woken"])
def test_a_message_that_never_ends_is_abandoned(talk, end: str) -> None:
    session = talk()
    session(*TO_BOB, "DATA", "half")
    session.take(getattr(session.core, end)())
    assert session.effects.count(AbandonMessage()) == 1


def test_a_body_is_never_held_in_memory(talk) -> None:
    session = talk()
    session(*TO_BOB, "DATA")
    for _ in range(20):
        session(b"x" * 70_000)
        assert len(session.core._session.lines) < 2048
    spooled = [len(effect.data) for effect in session.effects if isinstance(effect, Spool)]
    assert sum(spooled) > 1_390_000
