"""
A line from the client, read as a command: is it SMTP at all, and which verb is it?
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

from honeypost.proto.smtp.tokens import Token, tokenize

_HEADER_NAME = re.compile(rb"[!-9;-~]+:")


class Form(Enum):
    """What kind of line it is."""

    COMMAND = auto()
    """A verb, known or not."""
    EMPTY = auto()
    NOT_UTF8 = auto()
    FOREIGN = auto()
    """Another protocol, or a header line of mail: no SMTP client says so."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command line."""

    form: Form
    verb: bytes = b""
    """In capitals."""
    words: tuple[Token, ...] = ()
    """What follows the verb."""

    @property
    def texts(self) -> tuple[bytes, ...]:
        """The words without their judgement."""
        return tuple(word.text for word in self.words)


def read_command(line: bytes, known: frozenset[bytes], foreign: frozenset[bytes]) -> Command:
    """
    Read a line; ``known`` are our verbs, ``foreign`` those of other protocols.

    Bytes behind a NUL are not seen, because Postfix reads C strings.

    >>> read_command(b"get / HTTP/1.0", frozenset({b"NOOP"}), frozenset({b"GET"})).form.name
    'FOREIGN'
    """
    if not _is_utf8(line):
        return Command(Form.NOT_UTF8)
    tokens = tokenize(line.partition(b"\0")[0])
    if not tokens:
        return Command(Form.EMPTY)
    verb = tokens[0].text.upper()
    if verb not in known and _is_foreign(verb, foreign):
        return Command(Form.FOREIGN, verb)
    return Command(Form.COMMAND, verb, tuple(tokens[1:]))


def _is_foreign(verb: bytes, foreign: frozenset[bytes]) -> bool:
    starts_as_verb = b"A" <= verb[:1] <= b"Z"
    return verb in foreign or not starts_as_verb or _HEADER_NAME.match(verb) is not None


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
