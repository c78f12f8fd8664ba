"""Parameters are taken one by one; the first wrong one is answered."""

from __future__ import annotations

import pytest

from honeypost.personality.postfix_3_7 import MAIL
from honeypost.proto.smtp.parameters import (
    RecipientParameters,
    Refused,
    SenderParameters,
    is_wide,
    read_recipient,
    read_sender,
)


def sender(text: bytes) -> SenderParameters:
    said = SenderParameters()
    read_sender(text.split(), said, MAIL)
    return said


def recipient(text: bytes) -> RecipientParameters:
    said = RecipientParameters()
    read_recipient(text.split(), said, MAIL)
    return said


def test_sender_takes() -> None:
    said = sender(b"size=010 BODY=8bitmime RET=hdrs ENVID=a+2Bb AUTH=<> SMTPUTF8 SMTPUTF8 SIZE=12")
    assert (said.size, said.returns, said.envelope_id, said.identity) == (
        12,
        b"hdrs",
        b"a+2Bb",
        True,
    )


@pytest.mark.parametrize(
    ("text", "reply", "value"),
    [
        (b"SIZE=", MAIL.bad_size, b""),
        (b"SIZE=-1", MAIL.bad_size, b""),
        (b"SIZE=1x", MAIL.bad_size, b""),
        (b"SIZE=9223372036854775808", MAIL.size_overflow, b""),
        (b"SIZE=" + b"9" * 1000, MAIL.size_overflow, b""),
        (b"BODY=BINARYMIME", MAIL.unsupported, b"BODY=BINARYMIME"),
        (b"SIZE", MAIL.unsupported, b"SIZE"),
        (b"SMTPUTF8=", MAIL.unsupported, b"SMTPUTF8="),
        (b"RET=X", MAIL.bad_return, b""),
        (b"RET=FULL RET=FULL", MAIL.bad_return, b""),
        (b"ENVID=", MAIL.bad_envelope_id, b""),
        (b"ENVID=+4", MAIL.bad_envelope_id, b""),
        (b"ENVID=a ENVID=b", MAIL.bad_envelope_id, b""),
        (b"AUTH=a AUTH=b", MAIL.twice_auth, b""),
        (b"NOTIFY=NEVER", MAIL.unsupported, b"NOTIFY=NEVER"),
    ],
)
def test_sender_refuses(text: bytes, reply: bytes, value: bytes) -> None:
    with pytest.raises(Refused) as caught:
        sender(text)
    assert (caught.value.reply, caught.value.value) == (reply, value)


def test_the_largest_offset_is_a_size() -> None:
    assert sender(b"SIZE=9223372036854775807").size == 2**63 - 1


def test_what_came_before_the_wrong_one_has_its_effect() -> None:
    said = SenderParameters()
    with pytest.raises(Refused):
        read_sender([b"SIZE=7", b"FOO", b"RET=FULL"], said, MAIL)
    assert (said.size, said.returns) == (7, b"")


def test_recipient_takes() -> None:
    said = recipient(b"NOTIFY=success,,delay ORCPT=rfc822;a+40b")
    assert (said.notify, said.original) == (b"success,,delay", b"rfc822;a+40b")
    assert recipient(b"NOTIFY=never").notify == b"never"


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        (b"NOTIFY=", MAIL.bad_notify),
        (b"NOTIFY=NEVER,DELAY", MAIL.bad_notify),
        (b"NOTIFY=X", MAIL.bad_notify),
        (b"NOTIFY=DELAY NOTIFY=DELAY", MAIL.bad_notify),
        (b"ORCPT=a@b", MAIL.bad_original),
        (b"ORCPT=;a", MAIL.bad_original),
        (b"ORCPT=rfc822;a+b", MAIL.bad_original),
        (b"ORCPT=rfc822;a ORCPT=rfc822;a", MAIL.bad_original),
        (b"SIZE=1", MAIL.unsupported),
    ],
)
def test_recipient_refuses(text: bytes, reply: bytes) -> None:
    with pytest.raises(Refused) as caught:
        recipient(text)
    assert caught.value.reply == reply


def test_wide_is_seen_anywhere() -> None:
    assert is_wide([b"SIZE=1", b"smtputf8"])
    assert not is_wide([b"SMTPUTF8=x"])
