"""
One message on its way from Postfix: from MAIL to the replies after the dot.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from honeypost.model import Envelope, Recipient
from honeypost.proto.lmtp.forwarded import Forwarded

_PATH = re.compile(rb'(?i)(FROM|TO): *<((?:"(?:[^"\\]|\\.)*"|[^">])*)>(?: +(.*))?')


def split_path(keyword: bytes, text: bytes) -> tuple[bytes, bytes] | None:
    """
    Split ``FROM:<path> parameters``, ``None`` when it is not of that form.

    >>> split_path(b"TO", b'TO:<"a>b"@example.org> NOTIFY=NEVER')
    (b'"a>b"@example.org', b'NOTIFY=NEVER')
    """
    found = _PATH.fullmatch(text)
    if found is None or found[1].upper() != keyword:
        return None
    return found[2], found[3] or b""


def new_recipient(address: bytes, parameters: bytes) -> Recipient:
    """
    Make a recipient with its DSN parameters (RFC 3461).

    >>> new_recipient(b"a@example.org", b"NOTIFY=NEVER ORCPT=rfc822;b@example.org").notify
    b'NEVER'
    """
    said = {
        name.upper(): value
        for name, _, value in (word.partition(b"=") for word in parameters.split())
    }
    return Recipient(address, original=said.get(b"ORCPT", b""), notify=said.get(b"NOTIFY", b""))


@dataclass(slots=True)
class Delivery:
    """What Postfix said about the message so far."""

    forwarded: Forwarded = field(default_factory=Forwarded)
    sender: bytes | None = None
    """``None`` before MAIL; ``b""`` is the null sender."""
    parameters: bytes = b""
    recipients: list[Recipient] = field(default_factory=list)
    size: int = 0
    """Bytes of the body so far."""

    def envelope(self) -> Envelope:
        """The envelope; the account is not known here, a header of the message tells it."""
        return Envelope(
            reverse_path=self.sender or b"",
            recipients=tuple(self.recipients),
            helo=self.forwarded.helo,
            parameters=self.parameters,
            queue_id=self.forwarded.queue_id,
            via=self.forwarded.client,
        )
