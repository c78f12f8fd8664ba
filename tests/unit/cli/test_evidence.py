from __future__ import annotations

import pytest

from honeypost.cli.evidence import answer
from honeypost.events import DecoyEntered, Event, LoginReported, MessageRefused, SessionOpened
from honeypost.model import Client, Identity, Protocol
from honeypost.ports import Entry


def told(event: Event, protocol: Protocol | None = Protocol.SUBMISSION) -> str:
    who = Identity("s", Client("192.0.2.1"), "l", protocol) if protocol else None
    return answer(Entry("1", 1.0, event, who))


@pytest.mark.parametrize(
    ("event", "protocol", "said"),
    [
        (
            DecoyEntered("a@b", "imap", "PLAIN", True),
            Protocol.LOOKUP,
            "let in, in Dovecot's own words",
        ),
        (
            LoginReported("a@b", b"a", "imap", True, False, ""),
            Protocol.AUTHPOLICY,
            "let in, in Dovecot's own words",
        ),
        (
            MessageRefused("a@b", "too-large", "", 9),
            Protocol.SUBMISSION,
            "552 5.3.4 Error: message file too big",
        ),
        (MessageRefused("a@b", "unknown", "", 9), Protocol.LMTP, ""),
        (SessionOpened(), Protocol.SMTP, ""),
        (SessionOpened(), None, ""),
    ],
)
def test_what_the_client_was_told(event: Event, protocol: Protocol | None, said: str) -> None:
    assert told(event, protocol) == said
