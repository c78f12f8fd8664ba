"""
The two mechanisms as small dialogues: answer in, prompt or guess out.

Some guesses cannot work whatever the password is: a login with a byte that Dovecot's
``auth_username_chars`` lacks, a PLAIN message of another form, acting as somebody else.
Dovecot refuses those like a wrong password, and as slowly (measured on 2.3.19); so they are
given as guesses with an empty secret, which nobody has.
"""

from __future__ import annotations

import binascii
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from honeypost.model import Secret

NOTHING = Secret(b"")


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the server says next, base64 as on the wire."""

    text: bytes


@dataclass(frozen=True, slots=True)
class Guess:
    """The credential that was offered."""

    login: bytes
    secret: Secret
    possible: bool = True
    """False when no account can have it, so that it is refused whatever is decided."""


class Exchange(Protocol):
    """One AUTH dialogue."""

    def start(self) -> Prompt:
        """Ask for the first answer, when none came with the command."""

    def answer(self, response: bytes) -> Prompt | Guess:
        """Take one decoded answer."""


class Plain:
    """One message: whom to act as, login, password, separated by NUL."""

    def __init__(self, characters: frozenset[int]) -> None:
        self._characters = characters

    def start(self) -> Prompt:
        return Prompt(b"")

    def answer(self, response: bytes) -> Guess:
        parts = response.split(b"\0")
        if len(parts) != 3:  # noqa: PLR2004  RFC 4616, section 2
            return Guess(b"", NOTHING, possible=False)
        acting, login, secret = parts
        if acting not in (b"", login) or not may_be_login(login, self._characters):
            return Guess(login, NOTHING, possible=False)
        return Guess(login, Secret(secret))


class Login:
    """Two prompts: user name, then password; a bad user name ends it at once."""

    USERNAME = Prompt(b"VXNlcm5hbWU6")
    PASSWORD = Prompt(b"UGFzc3dvcmQ6")

    def __init__(self, characters: frozenset[int]) -> None:
        self._characters = characters
        self._login: bytes | None = None

    def start(self) -> Prompt:
        return self.USERNAME

    def answer(self, response: bytes) -> Prompt | Guess:
        if self._login is not None:
            possible = b"\0" not in response
            return Guess(self._login, Secret(response) if possible else NOTHING, possible)
        if not may_be_login(response, self._characters):
            return Guess(response, NOTHING, possible=False)
        self._login = response
        return self.PASSWORD


MECHANISMS: dict[bytes, Callable[[frozenset[int]], Exchange]] = {
    b"PLAIN": Plain,
    b"LOGIN": Login,
}


def begin(mechanism: bytes, characters: frozenset[int]) -> Exchange | None:
    """Begin a dialogue, or ``None`` when there is no such mechanism (any case)."""
    made = MECHANISMS.get(mechanism.upper())
    return made(characters) if made else None


def may_be_login(login: bytes, characters: frozenset[int]) -> bool:
    """Can an account be called so?"""
    return bool(login) and characters.issuperset(login)


def decode(text: bytes) -> bytes | None:
    """
    Decode base64 as strictly as Dovecot: no blanks, full padding, nothing after it.

    >>> decode(b"dQ=="), decode(b"dQ"), decode(b"")
    (b'u', None, b'')
    """
    try:
        return binascii.a2b_base64(text, strict_mode=True) if text else b""
    except binascii.Error:
        return None
