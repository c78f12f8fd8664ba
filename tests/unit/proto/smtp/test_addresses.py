"""Addresses are taken and refused as the real Postfix 3.7.11 did (and does, in tests/parity)."""

from __future__ import annotations

import pytest

from honeypost.proto.smtp.addresses import is_host, parse_path


@pytest.mark.parametrize(
    ("path", "address"),
    [
        (b"<>", b""),
        (b"< \t>", b""),
        (b"<a@b>", b"a@b"),
        (b"a@b", b"a@b"),
        (b"a@b>", b"a@b"),
        (b"<a@b>>", b"a@b"),
        (b"<<a@b>>", b"a@b"),
        (b"< a @ b >", b"a@b"),
        (b"<a>", b"a"),
        (b"<@b>", b"@b"),
        (b'<"a b"@c>', b"a b@c"),
        (b'<"a\\"b"@c>', b'a"b@c'),
        (b'<"(a)"@c>', b"(a)@c"),
        (b"<a\\b@c>", b"ab@c"),
        (b"<a\\ b@c>", b"a b@c"),
        (b"<a\x01b@c>", b"a b@c"),
        (b"<@x,@y:a@b>", b"a@b"),
        (b"<a:b@c>", b"a:b@c"),
        (b"<a(x(y))@b>", b"a@b"),
        (b"<a(x\\)y)@b>", b"a@b"),
        (b"<a@b@c>", b"a@b@c"),
        (b"<a..b@c>", b"a..b@c"),
        (b"<.a@b>", b".a@b"),
        (b"<a@b.>", b"a@b."),
        (b"<a@b_c>", b"a@b_c"),
        (b"<a!b>", b"a!b"),
        (b"<a%b>", b"a%b"),
        (b"<!@b>", b"!@b"),
        (b"Bob Smith <a@b>", b"a@b"),
        (b"<>a@b", b"a@b"),
        (b"<,a@b,;>", b"a@b"),
        (b"<[>", b"[]"),
        (b"<a@[127.0.0.1>", b"a@[127.0.0.1]"),
        (b"<a]b)@c>", b"a]b)@c"),
        (b"<a@[127.0.0.1]>", b"a@[127.0.0.1]"),
        (b"<a@[IPv6:2001:db8::1]>", b"a@[IPv6:2001:db8::1]"),
        (b"<\xc3\xa9@b>", b"\xc3\xa9@b"),
        (b"<a@" + b"b" * 63 + b">", b"a@" + b"b" * 63),
    ],
)
def test_taken(path: bytes, address: bytes) -> None:
    assert parse_path(path) == address


@pytest.mark.parametrize(
    "path",
    [
        b"<a\\", b"<*[1.2.3.4]>", b"<a@>", b"<a b@c>", b"<a@b c>", b"<a,b@c>", b"<a;b@c>", b"<a@b;c>", b"<a@b>x", b"<a@b>,<c@d>", b'<a"b"@c>',
        b"<a(x)b@c>", b"<a@b..c>", b"<a@-b>", b"<a@b->", b"<a@[x]>", b"<a@[IPv6:x]>", b"<[a@b]>",
        b"<a@1.2.3.4>", b"<a@\xc3\xa9>", b"<a@" + b"b" * 64 + b">", b"<a@" + b"b." * 130 + b"c>", b"<a@..>", b"<!a>",
        b"<a%>", b"<-a@b>", b"<->", b"<a..b!c>",
    ],
)  # fmt: skip
def test_refused(path: bytes) -> None:
    assert parse_path(path) is None


def test_a_domain_may_be_wide_with_smtputf8_only() -> None:
    assert parse_path(b"<a@\xc3\xa9.example>", wide=True) == b"a@\xc3\xa9.example"


@pytest.mark.parametrize(
    ("name", "good"),
    [(b"x", True), (b"[1.2.3.4]", True), (b"[1.2.3.4", False), (b"", False), (b"12", False)],
)
def test_hosts(name: bytes, good: bool) -> None:
    assert is_host(name) is good
