"""The session of the late bounce: 450 until due, 550 when due, 250 for those never told."""

from __future__ import annotations

import pytest

from honeypost.proto.effects import AbandonMessage, Ask, OpenMessage, Send, Spool
from honeypost.proto.lmtp.limbo import LimboServer
from honeypost.questions import (
    Acceptance,
    KeepMessage,
    KeepVerdict,
    MayWithhold,
    Withholding,
    WithholdVerdict,
)

FROM = b"XFORWARD ADDR=192.0.2.7 IDENT=ABC SOURCE=REMOTE\r\nMAIL FROM:<a@b.test>\r\n"
HOLD, LATER, DISCLOSE, TAKE, DROP = Withholding


def new_core(message_bytes: int = 1000) -> LimboServer:
    core = LimboServer(hostname="mx", message_bytes=message_bytes)
    core.open()
    return core


def said(effects) -> list[bytes]:
    return b"".join(effect.data for effect in effects if isinstance(effect, Send)).splitlines()


def of(kind, effects):
    return [effect for effect in effects if isinstance(effect, kind)]


def rcpt(core, name: bytes, withholding: Withholding):
    core.receive(b"RCPT TO:<" + name + b">\r\n")
    return list(core.answer(WithholdVerdict(withholding)))


def test_the_question_says_all_that_postfix_says() -> None:
    core = new_core()
    asked = of(Ask, core.receive(FROM + b"RCPT TO:<x@y> NOTIFY=NEVER\r\nRCPT TO:<z@y>\r\n"))
    (question,) = [effect.question for effect in asked]
    assert isinstance(question, MayWithhold)
    assert (question.queue_id, question.reverse_path, question.local) == ("ABC", b"a@b.test", False)
    assert question.client is not None
    assert question.client.address == "192.0.2.7"
    assert question.recipient.notify == b"NEVER"
    assert core.holding, "the second recipient waits for the first"


@pytest.mark.parametrize(
    ("withholding", "reply"),
    [
        (LATER, b"450 4.2.0 <no@x> Mailbox is not available now"),
        (DISCLOSE, b"550 5.1.1 <no@x> User doesn't exist: no@x"),
        (HOLD, b"250 2.1.5 Ok"),
        (TAKE, b"250 2.1.5 Ok"),
        (DROP, b"250 2.1.5 Ok"),
    ],
)
def test_each_recipient_has_its_answer(withholding: Withholding, reply: bytes) -> None:
    core = new_core()
    core.receive(FROM)
    assert said(rcpt(core, b"no@x", withholding)) == [reply]


def test_what_a_sender_wrote_is_not_filled_in() -> None:
    core = new_core()
    core.receive(FROM)
    assert said(rcpt(core, b"{host}{}%s@x", LATER))[0].startswith(b"450 4.2.0 <{host}{}%s@x> ")


def test_without_a_recipient_no_body_is_taken() -> None:
    core = new_core()
    core.receive(FROM)
    rcpt(core, b"a@x", LATER)
    rcpt(core, b"b@x", DISCLOSE)
    assert said(core.receive(b"DATA\r\n"))[0].startswith(b"451 ")


@pytest.mark.parametrize(
    ("acceptance", "replies"),
    [
        (Acceptance.ACCEPTED, [b"450", b"250", b"250"]),
        (Acceptance.TRY_LATER, [b"452", b"452", b"250"]),
    ],
)
def test_the_message_is_kept_for_those_who_need_it(acceptance, replies) -> None:
    core = new_core()
    core.receive(FROM)
    for name, withholding in ((b"a@x", HOLD), (b"b@x", TAKE), (b"c@x", DROP)):
        rcpt(core, name, withholding)
    effects = list(core.receive(b"DATA\r\n..dot\r\n.\r\n"))
    (opened,), (spooled,) = of(OpenMessage, effects), of(Spool, effects)
    assert [each.address for each in opened.envelope.recipients] == [b"a@x", b"b@x"]
    assert spooled.data == b".dot\r\n"
    (asked,) = of(Ask, effects)
    assert asked.question == KeepMessage(opened.envelope, 6)
    assert [line[:3] for line in said(core.answer(KeepVerdict(acceptance)))] == replies


def test_what_is_kept_already_is_read_and_forgotten() -> None:
    core = new_core()
    core.receive(FROM)
    rcpt(core, b"c@x", DROP)
    effects = list(core.receive(b"DATA\r\nbody\r\n.\r\n"))
    assert of(OpenMessage, effects) == of(Spool, effects) == of(Ask, effects) == []
    assert said(effects)[1:] == [b"250 2.0.0 Ok"]


def test_the_next_message_begins_anew() -> None:
    core = new_core()
    core.receive(FROM)
    rcpt(core, b"c@x", DROP)
    core.receive(b"DATA\r\n.\r\n" + FROM)
    rcpt(core, b"a@x", HOLD)
    (opened,) = of(OpenMessage, core.receive(b"DATA\r\n"))
    assert [each.address for each in opened.envelope.recipients] == [b"a@x"]


def test_a_message_that_is_too_large_is_cut() -> None:
    core = new_core(message_bytes=10)
    core.receive(FROM)
    rcpt(core, b"a@x", HOLD)
    effects = list(core.receive(b"DATA\r\n12345678\r\n12345678\r\n"))
    effects += core.receive(b"more\r\n.\r\n")
    assert b"".join(effect.data for effect in of(Spool, effects)) == b"12345678\r\n"
    assert of(Ask, effects)[0].question.size == 10


def test_a_lost_connection_keeps_nothing() -> None:
    core = new_core()
    core.receive(FROM)
    rcpt(core, b"a@x", HOLD)
    core.receive(b"DATA\r\nbody\r\n")
    assert of(AbandonMessage, core.eof())


def test_mail_of_this_host_is_marked() -> None:
    core = new_core()
    asked = of(
        Ask,
        core.receive(
            b"XFORWARD ADDR=[UNAVAILABLE] IDENT=A SOURCE=LOCAL\r\n"
            b"MAIL FROM:<a@b>\r\nRCPT TO:<x@y>\r\n"
        ),
    )
    assert asked[0].question.local
    assert asked[0].question.client is None
