"""The data is complete and every reply is a line that SMTP allows."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from honeypost.model import Protocol
from honeypost.personality.postfix_3_7 import PROFILE
from honeypost.questions import Acceptance

REPLY = re.compile(rb"[2-5]\d\d [^\r\n]*")


def replies() -> Iterator[Any]:
    for part in (PROFILE.session, PROFILE.tls, PROFILE.auth, PROFILE.mail, PROFILE.data):
        for field in dataclasses.fields(part):
            value = getattr(part, field.name)
            for name, reply in value.items() if isinstance(value, Mapping) else [("", value)]:
                yield pytest.param(reply, id=f"{field.name}{name}")


@pytest.mark.parametrize("reply", [*replies()])
def test_a_reply_is_one_line_with_a_code(reply: bytes) -> None:
    assert REPLY.fullmatch(reply)


def test_every_answer_about_a_recipient_has_words() -> None:
    assert set(PROFILE.mail.recipient) == set(Acceptance)


def test_every_client_facing_protocol_has_a_role() -> None:
    assert set(PROFILE.roles) == {Protocol.SMTP, Protocol.SUBMISSION, Protocol.SUBMISSIONS}


def test_nothing_is_offered_that_hides_the_password() -> None:
    assert PROFILE.mechanisms == (b"PLAIN", b"LOGIN")
