"""The sink's one vow."""

from __future__ import annotations

from honeypost.proto.lmtp import replies


def test_nothing_is_ever_refused_for_good() -> None:
    texts = [value for value in vars(replies).values() if isinstance(value, bytes)]
    assert len(texts) >= 12
    assert not [text for text in texts if text.startswith(b"5")]


def test_dsn_is_announced_and_size_is_not() -> None:
    words = {keyword.split()[0] for keyword in replies.KEYWORDS}
    assert {b"DSN", b"XFORWARD", b"PIPELINING", b"8BITMIME", b"SMTPUTF8"} <= words
    assert b"SIZE" not in words
