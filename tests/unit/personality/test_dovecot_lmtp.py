"""What Dovecot says of unknown users (its own words are compared on the real daemons)."""

from __future__ import annotations

import pytest

from honeypost.personality.dovecot_lmtp import user_unknown


@pytest.mark.parametrize(
    ("address", "user"),
    [
        (b"nosuch@example.org", b"nosuch@example.org"),
        (b"nosuch+a+b@example.org", b"nosuch@example.org"),
        (b"+x@example.org", b"+x@example.org"),
        (b"bare", b"bare"),
        (b"%b{host}{}@x", b"%b{host}{}@x"),
    ],
)
def test_the_user_has_no_extension(address: bytes, user: bytes) -> None:
    assert user_unknown(address) == b"550 5.1.1 <" + address + b"> User doesn't exist: " + user
