"""
ESMTP parameters of MAIL and RCPT: RFC 1870, 3461, 4954, 6152 and 6531.

A parameter that is wrong is answered at once; those before it have had their effect, as in
Postfix: a SIZE that was said stays said, even when the command fails.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from honeypost.personality.replies import MailReplies

FILE_OFFSET_MAX = 2**63 - 1
"""Postfix counts sizes as file offsets; a larger number is another error."""

_XTEXT = re.compile(rb"(?:[!-*,-<>-~=]|\+[0-9A-Fa-f]{2})*")
_NOTIFY = frozenset({b"SUCCESS", b"FAILURE", b"DELAY"})


@dataclass(slots=True)
class SenderParameters:
    """What MAIL asked for."""

    size: int | None = None
    """The announced size in bytes, when one was said."""
    returns: bytes = b""
    envelope_id: bytes = b""
    identity: bool = False
    """Was AUTH= said?"""


@dataclass(slots=True)
class RecipientParameters:
    """What RCPT asked for."""

    notify: bytes = b""
    original: bytes = b""


class Refused(Exception):
    """A parameter is not taken; carries the reply and what fills it in."""

    def __init__(self, reply: bytes, value: bytes = b"") -> None:
        super().__init__(reply)
        self.reply = reply
        self.value = value


def is_wide(words: Iterable[bytes]) -> bool:
    """Was SMTPUTF8 said?  It must be known before the address is looked at."""
    return any(word.upper() == b"SMTPUTF8" for word in words)


def read_sender(words: Iterable[bytes], said: SenderParameters, replies: MailReplies) -> None:
    """
    Take the parameters of MAIL into ``said``, one after the other.

    :raises Refused: at the first that is not taken.
    """
    _read(words, _SENDER, said, replies)


def read_recipient(words: Iterable[bytes], said: RecipientParameters, replies: MailReplies) -> None:
    """
    Take the parameters of RCPT into ``said``, one after the other.

    :raises Refused: at the first that is not taken.
    """
    _read(words, _RECIPIENT, said, replies)


def _read(
    words: Iterable[bytes],
    known: Mapping[bytes, Callable[..., None]],
    said: SenderParameters | RecipientParameters,
    replies: MailReplies,
) -> None:
    for word in words:
        name, equals, value = word.partition(b"=")
        take = known.get(name.upper() + equals)
        if take is None:
            raise Refused(replies.unsupported, word)
        take(said, value, word, replies)


def _size(said: SenderParameters, value: bytes, _word: bytes, replies: MailReplies) -> None:
    if not value.isdigit():
        raise Refused(replies.bad_size)
    if int(value[:32]) > FILE_OFFSET_MAX:
        raise Refused(replies.size_overflow)
    said.size = int(value)


def _body(_said: SenderParameters, value: bytes, word: bytes, replies: MailReplies) -> None:
    if value.upper() not in (b"8BITMIME", b"7BIT"):
        raise Refused(replies.unsupported, word)


def _returns(said: SenderParameters, value: bytes, _word: bytes, replies: MailReplies) -> None:
    if said.returns or value.upper() not in (b"FULL", b"HDRS"):
        raise Refused(replies.bad_return)
    said.returns = value


def _envelope_id(said: SenderParameters, value: bytes, _word: bytes, replies: MailReplies) -> None:
    if said.envelope_id or not value or not _XTEXT.fullmatch(value):
        raise Refused(replies.bad_envelope_id)
    said.envelope_id = value


def _identity(said: SenderParameters, _value: bytes, _word: bytes, replies: MailReplies) -> None:
    if said.identity:
        raise Refused(replies.twice_auth)
    said.identity = True


def _utf8(_said: SenderParameters, _value: bytes, _word: bytes, _replies: MailReplies) -> None:
    """SMTPUTF8 has been looked for before; it may be said twice."""


def _notify(said: RecipientParameters, value: bytes, _word: bytes, replies: MailReplies) -> None:
    wanted = {word for word in value.upper().split(b",") if word}
    good = wanted == {b"NEVER"} or wanted <= _NOTIFY
    if said.notify or not wanted or not good:
        raise Refused(replies.bad_notify)
    said.notify = value


def _original(said: RecipientParameters, value: bytes, _word: bytes, replies: MailReplies) -> None:
    kind, semicolon, address = value.partition(b";")
    if said.original or not kind or not semicolon or not _XTEXT.fullmatch(address):
        raise Refused(replies.bad_original)
    said.original = value


_SENDER: Mapping[bytes, Callable[..., None]] = {
    b"SIZE=": _size,
    b"BODY=": _body,
    b"RET=": _returns,
    b"ENVID=": _envelope_id,
    b"AUTH=": _identity,
    b"SMTPUTF8": _utf8,
}
_RECIPIENT: Mapping[bytes, Callable[..., None]] = {b"NOTIFY=": _notify, b"ORCPT=": _original}
