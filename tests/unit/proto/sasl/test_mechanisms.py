"""PLAIN and LOGIN take in what Dovecot takes in."""

from __future__ import annotations

import pytest

from honeypost.personality.postfix_3_7 import PROFILE
from honeypost.proto.sasl import Guess, Prompt, begin, decode

CHARACTERS = PROFILE.login_characters


def plain(message: bytes) -> Guess:
    exchange = begin(b"PLAIN", CHARACTERS)
    assert exchange is not None
    guess = exchange.answer(message)
    assert isinstance(guess, Guess)
    return guess


@pytest.mark.parametrize(
    ("message", "login", "secret"),
    [
        (b"\0bob\0pw", b"bob", b"pw"),
        (b"bob@example.org\0bob@example.org\0pw", b"bob@example.org", b"pw"),
        (b"\0bob\0", b"bob", b""),
        (b"\0bob\0p\xffw", b"bob", b"p\xffw"),
    ],
)
def test_plain_guesses(message: bytes, login: bytes, secret: bytes) -> None:
    guess = plain(message)
    assert (guess.login, guess.secret.reveal(), guess.possible) == (login, secret, True)


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"bob:pw",
        b"bob\0pw",
        b"\0bob\0pw\0x",
        b"\0\0pw",
        b"\0b b\0pw",
        b"\0b+x\0pw",
        b"\0\xff\0pw",
        b"eve\0bob\0pw",
        b"BOB\0bob\0pw",
    ],
)
def test_plain_that_cannot_work_keeps_no_secret(message: bytes) -> None:
    guess = plain(message)
    assert not guess.possible
    assert guess.secret.reveal() == b""


def test_login_asks_twice() -> None:
    exchange = begin(b"login", CHARACTERS)
    assert exchange is not None
    assert exchange.start() == Prompt(b"VXNlcm5hbWU6")
    assert exchange.answer(b"bob") == Prompt(b"UGFzc3dvcmQ6")
    guess = exchange.answer(b"pw")
    assert isinstance(guess, Guess)
    assert (guess.login, guess.secret.reveal(), guess.possible) == (b"bob", b"pw", True)


@pytest.mark.parametrize("login", [b"", b"b b", b"b\0b", b"\xc3\xa9"])
def test_login_ends_at_a_name_that_cannot_be(login: bytes) -> None:
    exchange = begin(b"LOGIN", CHARACTERS)
    assert exchange is not None
    guess = exchange.answer(login)
    assert isinstance(guess, Guess)
    assert not guess.possible


def test_login_with_nul_in_the_password_cannot_work() -> None:
    exchange = begin(b"LOGIN", CHARACTERS)
    assert exchange is not None
    exchange.answer(b"bob")
    guess = exchange.answer(b"pw\0")
    assert isinstance(guess, Guess)
    assert not guess.possible
    assert guess.secret.reveal() == b""


def test_plain_begins_with_an_empty_prompt_and_others_do_not_exist() -> None:
    exchange = begin(b"PLAIN", CHARACTERS)
    assert exchange is not None
    assert exchange.start() == Prompt(b"")
    assert begin(b"CRAM-MD5", CHARACTERS) is None


@pytest.mark.parametrize(
    ("text", "raw"),
    [
        (b"dQ==", b"u"),
        (b"", b""),
        (b"AGEAYh==", b"\0a\0b"),
        (b"dQ", None),
        (b"dQ=", None),
        (b"=", None),
        (b"====", None),
        (b"dQ==dQ==", None),
        (b"d Q==", None),
        (b"dQ==\t", None),
        (b"!!!!", None),
        (b"\xff", None),
    ],
)
def test_base64_is_read_as_strictly_as_dovecot_does(text: bytes, raw: bytes | None) -> None:
    assert decode(text) == raw
