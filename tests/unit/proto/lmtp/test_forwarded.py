"""XFORWARD: the client, its name and the queue id that the attacker saw."""

from __future__ import annotations

import pytest

from honeypost.model import Client
from honeypost.proto.lmtp.forwarded import Forwarded, unquote


def test_attributes_of_several_commands_add_up() -> None:
    known = Forwarded().with_attributes(b"NAME=x ADDR=192.0.2.7 port=58161")
    known = known.with_attributes(b"PROTO=ESMTP HELO=a+2Bb IDENT=182FD22C444 SOURCE=REMOTE")
    assert known == Forwarded("192.0.2.7", 58161, b"a+b", "182FD22C444")
    assert known.client == Client("192.0.2.7", 58161)


@pytest.mark.parametrize(
    ("value", "address"),
    [
        (b"IPV6:2001:db8::1", "2001:db8::1"),
        (b"ipv6:2001:DB8:0::1", "2001:db8::1"),
        (b"2001:db8::1", "2001:db8::1"),
        (b"::ffff:192.0.2.1", "192.0.2.1"),
        (b"[UNAVAILABLE]", ""),
        (b"[TEMPUNAVAIL]", ""),
        (b"nonsense", ""),
        (b"\xff", ""),
    ],
)
def test_addresses(value: bytes, address: str) -> None:
    known = Forwarded().with_attributes(b"ADDR=" + value)
    assert known.address == address
    assert (known.client is None) == (not address)


@pytest.mark.parametrize(
    "text",
    [
        b"PORT=",
        b"PORT=x",
        b"PORT=65536",
        b"PORT=" + b"9" * 100,
        b"IDENT=a/b",
        b"IDENT=" + b"x" * 33,
        b"HELO",
        b"FOO=1",
        b"",
    ],
)
def test_what_makes_no_sense_is_left_out(text: bytes) -> None:
    assert Forwarded().with_attributes(text) == Forwarded()


def test_a_value_is_bounded() -> None:
    assert len(Forwarded().with_attributes(b"HELO=" + b"x" * 2000).helo) == 255


def test_xtext() -> None:
    assert unquote(b"+41+zz+") == b"A+zz+"
