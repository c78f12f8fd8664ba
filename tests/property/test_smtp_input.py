"""
Whatever a client sends, in whatever pieces: the same answers, and a legal end.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from honeypost.model import Protocol
from honeypost.personality.postfix_3_7 import PROFILE
from honeypost.proto.effects import (
    AbandonMessage,
    Ask,
    Close,
    Core,
    Effect,
    Emit,
    OpenMessage,
    Send,
    Spool,
    StartTls,
    Wake,
)
from honeypost.proto.lmtp.server import LmtpServer
from honeypost.proto.smtp.server import SmtpServer
from honeypost.questions import (
    Acceptance,
    KeepMessage,
    KeepVerdict,
    LoginVerdict,
    MayLogin,
    MayReceive,
    Question,
    ReceiveVerdict,
    Verdict,
)

REPLY = re.compile(rb"(?:[2-5]\d\d[ -][^\r\n]*(?:\r(?!\n)[^\r\n]*)*\r\n)+")
ROLES = [Protocol.SMTP, Protocol.SUBMISSION, Protocol.SUBMISSIONS, Protocol.LMTP]

PIECES = [
    b"EHLO x", b"HELO x", b"LHLO x", b"MAIL FROM:<a@b.example>", b"MAIL FROM:<> SIZE=10", b"RCPT TO:<bob@example.org>",
    b"RCPT TO:<nobody@example.org>", b"DATA", b".", b"..", b"", b"RSET", b"NOOP", b"QUIT", b"STARTTLS", b"AUTH PLAIN",
    b"AUTH LOGIN", b"*", b"AGJvYgBzZWNyZXQ=", b"Ym9i", b"AUTH PLAIN AGJvYgB3cm9uZw==", b"BDAT 5\r\nhello", b"BDAT 3 LAST\r\nabc",
    b"BDAT 0 LAST", b"VRFY bob@example.org", b"ETRN x", b"GET /", b"XFORWARD ADDR=2001:db8::1", b"FOO", b"body line", b"\xff",
    b"x" * 3000,
]  # fmt: skip
dialogues = st.lists(st.sampled_from(PIECES), max_size=30).map(
    lambda lines: b"".join(line + b"\r\n" for line in lines)
)
junk = st.binary(max_size=300)
mixtures = st.lists(
    st.one_of(st.sampled_from(PIECES).map(lambda x: x + b"\r\n"), junk), max_size=12
).map(b"".join)


def new_core(protocol: Protocol) -> Core:
    if protocol is Protocol.LMTP:
        return LmtpServer(hostname="mx", message_bytes=500, recipients=3)
    return SmtpServer(PROFILE, protocol, hostname="mx", message_bytes=500, recipients=3)


def decide(question: Question) -> Verdict:
    if isinstance(question, MayLogin):
        right = question.secret.reveal() == b"secret"
        return (
            LoginVerdict(account="bob@example.org", marker="m")
            if right
            else LoginVerdict(delay_seconds=2.0)
        )
    if isinstance(question, MayReceive):
        known = not question.recipient.address.startswith(b"nobody")
        return ReceiveVerdict(Acceptance.ACCEPTED if known else Acceptance.UNKNOWN, "00000A")
    assert isinstance(question, KeepMessage)
    return KeepVerdict(Acceptance.ACCEPTED if question.size % 2 else Acceptance.TRY_LATER)


@dataclass
class Driver:
    """Does what a driver does, checks that the core keeps its contract, and takes notes."""

    core: Core
    notes: list[object] = field(default_factory=list)
    said: bytes = b""
    open_body: bool = False
    closed: bool = False

    def take(self, effects: list[Effect]) -> None:
        for effect in effects:
            assert not self.closed, "nothing comes after the close"
            self.carry_out(effect)

    def carry_out(self, effect: Effect) -> None:
        match effect:
            case Send(data):
                assert REPLY.fullmatch(data), data
                self.said += data
            case Spool(data):
                assert self.open_body
                self.note_body(data)
            case OpenMessage(envelope):
                assert not self.open_body
                self.open_body = True
                self.notes += [envelope, b""]
            case AbandonMessage():
                assert self.open_body
                self.open_body = False
                self.notes.append("abandoned")
            case Emit(event):
                self.notes.append(event)
            case Close():
                self.closed = True
            case Ask(question):
                if isinstance(question, KeepMessage):
                    assert self.open_body
                    self.open_body = False
                self.notes.append(question)
                assert self.core.holding
                self.take(list(self.core.answer(decide(question))))
            case StartTls():
                self.notes.append("handshake")
                self.take(list(self.core.secured()))
            case Wake(seconds, hold):
                if hold:
                    assert self.core.holding
                    self.notes.append(seconds)
                    self.take(list(self.core.woken()))

    def note_body(self, data: bytes) -> None:
        last = self.notes[-1]
        assert isinstance(last, bytes)
        self.notes[-1] = last + data


def run(protocol: Protocol, pieces: list[bytes]) -> Driver:
    driver = Driver(new_core(protocol))
    driver.take(list(driver.core.open()))
    for piece in pieces:
        if not driver.closed:
            driver.take(list(driver.core.receive(piece)))
    if not driver.closed:
        driver.take(list(driver.core.eof()))
        assert not driver.open_body
    assert driver.core.receive(b"NOOP\r\n") in ((), [])
    return driver


def without_handshake(data: bytes) -> bytes:
    """A real client waits for the handshake; what it sent before is lost by design."""
    return data.replace(b"STARTTLS\r\n", b"STARTTLS x\r\n")


def totals_left_out(notes: list[object]) -> list[object]:
    """Bytes that came in behind the last answer may be counted or not."""
    return [type(note) if type(note).__name__ == "SessionClosed" else note for note in notes]


@pytest.mark.parametrize("protocol", ROLES)
@settings(max_examples=150, deadline=None)
@given(data=dialogues | mixtures, cuts=st.lists(st.integers(0, 3000), max_size=12))
def test_the_split_of_the_bytes_does_not_matter(
    protocol: Protocol, data: bytes, cuts: list[int]
) -> None:
    data = without_handshake(data)
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    pieces = [data[start:end] for start, end in itertools.pairwise(places)]
    whole, cut = run(protocol, [data]), run(protocol, pieces)
    assert cut.said == whole.said
    assert totals_left_out(cut.notes) == totals_left_out(whole.notes)


@pytest.mark.parametrize("protocol", ROLES)
@settings(max_examples=150, deadline=None)
@given(pieces=st.lists(junk | st.sampled_from(PIECES).map(lambda x: x + b"\r\n"), max_size=15))
def test_any_bytes_end_legally(protocol: Protocol, pieces: list[bytes]) -> None:
    run(protocol, pieces)


@settings(max_examples=100, deadline=None)
@given(
    body=st.lists(
        st.sampled_from([b"a", b".", b"\r", b"\n", b"\r\n", b"..", b"z" * 2050]), max_size=25
    ).map(b"".join)
)
def test_a_stuffed_body_comes_back_as_it_was(body: bytes) -> None:
    body = body.replace(b"\r\n", b"\n").replace(b"\r", b"").replace(b"\n", b"\r\n") + b"\r\n"
    stuffed = re.sub(rb"(?m)^\.", b"..", body)
    core = SmtpServer(PROFILE, Protocol.SMTP, hostname="mx", message_bytes=10**6)
    driver = Driver(core)
    driver.take(list(core.open()))
    driver.take(
        list(
            core.receive(
                b"MAIL FROM:<>\r\nRCPT TO:<bob@example.org>\r\nDATA\r\n"
                + stuffed
                + b".\r\nQUIT\r\n"
            )
        )
    )
    assert body in driver.notes


@settings(max_examples=50, deadline=None)
@given(data=st.binary(min_size=1, max_size=4000), times=st.integers(1, 40))
def test_what_is_held_back_is_bounded(data: bytes, times: int) -> None:
    core = SmtpServer(PROFILE, Protocol.SMTP, hostname="mx", input_bytes=20_000)
    core.open()
    core.receive(b"AUTH PLAIN AGJvYgBzZWNyZXQ=\r\n")
    assert core.holding
    effects: list[Effect] = []
    for _ in range(times):
        effects += core.receive(data)
    assert any(isinstance(effect, Close) for effect in effects) == (len(data) * times > 20_000)
