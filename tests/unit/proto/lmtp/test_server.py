"""The sink takes all, acknowledges what is safe, and never says 5xx."""

from __future__ import annotations

import re

import pytest

from honeypost.proto.effects import AbandonMessage, Ask, Close, OpenMessage, Send, Spool, Wake
from honeypost.proto.lmtp.server import LmtpServer
from honeypost.questions import Acceptance, KeepVerdict

ENVELOPE = b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nRCPT TO:<e@f>\r\n"


def new_core(**limits: int) -> LmtpServer:
    core = LmtpServer(hostname="mx", **limits)
    core.open()
    return core


def said(effects) -> list[bytes]:
    return b"".join(effect.data for effect in effects if isinstance(effect, Send)).splitlines()


@pytest.mark.parametrize(
    ("acceptance", "reply"),
    [
        (Acceptance.ACCEPTED, b"250 2.0.0 Ok"),
        (Acceptance.TRY_LATER, b"452 4.3.1 Insufficient system storage"),
        (Acceptance.TOO_LARGE, b"452 4.3.1 Insufficient system storage"),
        (Acceptance.UNKNOWN, b"452 4.3.1 Insufficient system storage"),
        (Acceptance.RELAY_DENIED, b"452 4.3.1 Insufficient system storage"),
    ],
)
def test_each_recipient_has_a_reply_and_none_is_for_good(
    acceptance: Acceptance, reply: bytes
) -> None:
    core = new_core()
    core.receive(ENVELOPE + b"DATA\r\nhello\r\n.\r\n")
    assert core.holding
    assert said(core.answer(KeepVerdict(acceptance))) == [reply, reply]


def test_xforward_holds_for_one_message() -> None:
    core = new_core()
    first = core.receive(b"XFORWARD ADDR=192.0.2.7 IDENT=ABC\r\n" + ENVELOPE + b"DATA\r\n.\r\n")
    core.answer(KeepVerdict(Acceptance.ACCEPTED))
    second = core.receive(ENVELOPE + b"DATA\r\n.\r\n")
    asked = [effect.question.envelope for effect in [*first, *second] if isinstance(effect, Ask)]
    assert [envelope.queue_id for envelope in asked] == ["ABC", ""]
    assert asked[1].via is None


def test_too_many_recipients_shall_come_later() -> None:
    core = new_core(recipients=1)
    assert said(core.receive(ENVELOPE))[1:] == [
        b"250 2.1.5 Ok",
        b"452 4.5.3 Error: too many recipients",
    ]


def test_a_body_over_the_limit_is_read_but_not_kept() -> None:
    core = new_core(message_bytes=10)
    effects = core.receive(ENVELOPE + b"DATA\r\n123456\r\n" + b"..789\r\n" + b"..more\r\n.\r\n")
    assert not [effect for effect in effects if isinstance(effect, Ask)]
    assert list(effects).count(AbandonMessage()) == 1
    assert said(effects)[-2:] == [b"452 4.3.1 Insufficient system storage"] * 2
    assert said(core.receive(b"NOOP\r\n")) == [b"250 2.0.0 Ok"]


@pytest.mark.parametrize("end", ["eof", "woken"])
def test_a_message_that_never_ends_is_abandoned(end: str) -> None:
    core = new_core()
    core.receive(ENVELOPE + b"DATA\r\nhalf\r\n")
    effects = list(getattr(core, end)())
    assert AbandonMessage() in effects
    assert [
        *core.eof(),
        *core.woken(),
        *core.receive(b"x\r\n"),
        *core.answer(KeepVerdict(Acceptance.ACCEPTED)),
    ] == []


def test_silence_ends_it_but_not_while_a_message_is_being_kept() -> None:
    core = new_core()
    core.receive(ENVELOPE + b"DATA\r\n.\r\n")
    assert list(core.woken()) == [Wake(300.0)]
    core.answer(KeepVerdict(Acceptance.ACCEPTED))
    effects = list(core.woken())
    assert said(effects) == [b"421 4.4.2 mx Error: timeout exceeded"]
    assert effects[-1] == Close()


def test_input_is_held_back_up_to_its_limit() -> None:
    core = new_core(input_bytes=100)
    core.receive(ENVELOPE + b"DATA\r\n.\r\n")
    assert list(core.receive(b"x" * 100)) == []
    effects = list(core.receive(b"x"))
    assert said(effects) == [b"421 4.7.0 mx Error: too much at once"]
    assert effects[-1] == Close()


def test_effects_of_a_message_in_order() -> None:
    core = new_core()
    kinds = [type(effect) for effect in core.receive(ENVELOPE + b"DATA\r\n..x\r\n.\r\n")]
    assert kinds[-3:] == [OpenMessage, Spool, Ask]


@pytest.mark.parametrize(
    "line",
    [
        b"EHLO x",
        b"VRFY x",
        b"BDAT 5",
        b"\xff",
        b"",
        b"MAIL",
        b"RCPT",
        b"DATA",
        b"MAIL FROM:x",
        b"x" * 9000,
    ],
)
def test_what_it_does_not_understand_is_wrong_for_now_only(line: bytes) -> None:
    assert re.match(rb"451 4\.5\.[12] ", said(new_core().receive(line + b"\r\n"))[0])


def test_there_is_no_starttls() -> None:
    with pytest.raises(RuntimeError):
        new_core().secured()
