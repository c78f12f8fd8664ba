"""AUTH asks about a credential, and refuses what cannot be one as slowly as any other."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace

import pytest

from honeypost.model import Protocol
from honeypost.personality.postfix_3_7 import PROFILE
from honeypost.questions import LoginVerdict

REFUSED = "535 5.7.8 Error: authentication failed: (reason unavailable)"
GRANTED = "235 2.7.0 Authentication successful"
GOOD = "AUTH PLAIN AGJvYgBzZWNyZXQ="
INITIAL = "535 5.7.8 Error: authentication failed: Invalid base64 data in initial response"
CONTINUED = "535 5.7.8 Error: authentication failed: Invalid base64 data in continued response"
MECHANISM = "535 5.7.8 Error: authentication failed: Invalid authentication mechanism"


def b64(raw: bytes) -> str:
    return b64encode(raw).decode()


def test_the_question_says_all(talk) -> None:
    session = talk(Protocol.SUBMISSIONS)
    assert session("EHLO x", GOOD)[-1] == GRANTED
    (question,) = session.questions
    assert (question.login, question.secret.reveal()) == (b"bob", b"secret")
    assert (question.mechanism, question.service, question.secured) == (
        "PLAIN",
        Protocol.SUBMISSIONS,
        True,
    )


def test_a_refusal_takes_its_time_and_a_pipelined_command_waits(talk) -> None:
    session = talk()
    session.verdicts["MayLogin"] = LoginVerdict(delay_seconds=2.0)
    assert session(f"{GOOD}\r\nNOOP".encode() + b"\r\n") == [REFUSED, "250 2.0.0 Ok"]
    assert session.held_seconds == 2.0


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["AUTH PLAIN", "AGJvYgBzZWNyZXQ="], ["334 ", GRANTED]),
        (["auth login", "Ym9i", "c2VjcmV0"], ["334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6", GRANTED]),
        (["AUTH LOGIN Ym9i", "c2VjcmV0"], ["334 UGFzc3dvcmQ6", GRANTED]),
        (["AUTH LOGIN =", "Ym9i", "c2VjcmV0"], ["334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6", GRANTED]),
        (["AUTH LOGIN", "Ym9i", ""], ["334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6", GRANTED]),
        (["AUTH PLAIN", "*"], ["334 ", "501 5.7.0 Authentication aborted"]),
        (
            ["AUTH LOGIN", "Ym9i", "*"],
            ["334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6", "501 5.7.0 Authentication aborted"],
        ),
        (["AUTH PLAIN", " *"], ["334 ", CONTINUED]),
        (["AUTH PLAIN", "!"], ["334 ", CONTINUED]),
        (["AUTH PLAIN !"], [INITIAL]),
        (["AUTH PLAIN *"], [INITIAL]),
        (["AUTH LOGIN !"], [INITIAL]),
        (["AUTH CRAM-MD5"], [MECHANISM]),
        (["AUTH"], ["501 5.5.4 Syntax: AUTH mechanism"]),
        (["AUTH PLAIN a b"], ["501 5.5.4 Syntax: AUTH mechanism"]),
        (
            ["MAIL FROM:<>", "AUTH"],
            ["250 2.1.0 Ok", "503 5.5.1 Error: MAIL transaction in progress"],
        ),
        ([GOOD, GOOD], [GRANTED, "503 5.5.1 Error: already authenticated"]),
        ([GOOD, "AUTH"], [GRANTED, "503 5.5.1 Error: already authenticated"]),
        (
            ["AUTH PLAIN", "A" * 12290, "NOOP"],
            ["334 ", "500 5.5.6 SASL response limit exceeded", "250 2.0.0 Ok"],
        ),
    ],
)
def test_dialogues(talk, lines: list[str], said: list[str]) -> None:
    assert talk()(*lines) == said


@pytest.mark.parametrize(
    "line",
    [
        "AUTH PLAIN =",
        "AUTH PLAIN " + b64(b"bob:secret"),
        "AUTH PLAIN " + b64(b"eve\0bob\0secret"),
        "AUTH PLAIN " + b64(b"\0b b\0secret"),
        "AUTH LOGIN " + b64(b"b+b"),
    ],
)
def test_what_cannot_work_is_refused_even_when_it_is_granted(talk, line: str) -> None:
    session = talk()
    session.verdicts["MayLogin"] = LoginVerdict(account="bob@example.org", delay_seconds=2.0)
    assert session(line) == [REFUSED]
    assert session.held_seconds == 2.0
    assert session.questions[0].secret.reveal() == b""
    assert session(GOOD) == [GRANTED]


@pytest.mark.parametrize("lines", [["AUTH"], [GOOD], ["AUTH FOO"], ["MAIL FROM:<>", "AUTH PLAIN"]])
@pytest.mark.parametrize("change", [{"auth": False}, {"plaintext_auth": False}])
def test_where_it_is_not_offered_it_does_not_exist(
    talk, lines: list[str], change: dict[str, bool]
) -> None:
    role = replace(PROFILE.roles[Protocol.SMTP], **change)
    session = talk(profile=replace(PROFILE, roles={**PROFILE.roles, Protocol.SMTP: role}))
    assert session(*lines)[-1] == "503 5.5.1 Error: authentication not enabled"
    assert session.questions == []


def test_a_mechanism_of_ours_that_the_real_one_lacks_is_not_taken(talk) -> None:
    session = talk(profile=replace(PROFILE, mechanisms=(b"PLAIN",)))
    assert session("AUTH LOGIN") == [MECHANISM]


def test_plaintext_auth_is_a_switch_on_submission(talk) -> None:
    assert talk(Protocol.SUBMISSION)(GOOD) == ["530 5.7.0 Must issue a STARTTLS command first"]
    assert talk(Protocol.SUBMISSION, PROFILE.with_plaintext_auth(allowed=True))(GOOD) == [GRANTED]
