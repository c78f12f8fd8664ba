"""The envelope as Postfix gives it."""

from __future__ import annotations

import pytest

from honeypost.model import Client, Recipient
from honeypost.proto.lmtp.delivery import Delivery, new_recipient, split_path
from honeypost.proto.lmtp.forwarded import Forwarded


@pytest.mark.parametrize(
    ("text", "split"),
    [
        (b"FROM:<a@b>", (b"a@b", b"")),
        (b"from: <> SIZE=3 RET=FULL", (b"", b"SIZE=3 RET=FULL")),
        (b'FROM:<"a>b"@c> X', (b'"a>b"@c', b"X")),
        (b"TO:<a@b>", None),
        (b"FROM:a@b", None),
        (b"FROM:<a@b>x", None),
        (b"", None),
    ],
)
def test_paths(text: bytes, split: tuple[bytes, bytes] | None) -> None:
    assert split_path(b"FROM", text) == split


def test_the_envelope() -> None:
    delivery = Delivery(Forwarded("192.0.2.7", 25, b"h", "ID"), b"a@b", b"SIZE=3")
    delivery.recipients.append(new_recipient(b"c@d", b"orcpt=rfc822;c@d NOTIFY=NEVER FOO"))
    envelope = delivery.envelope()
    assert envelope.recipients == (Recipient(b"c@d", b"rfc822;c@d", b"NEVER"),)
    assert (envelope.via, envelope.queue_id, envelope.helo) == (Client("192.0.2.7", 25), "ID", b"h")
    assert (envelope.reverse_path, envelope.parameters, envelope.account) == (b"a@b", b"SIZE=3", "")
