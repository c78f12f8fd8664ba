"""Words are cut as Postfix cuts them."""

from __future__ import annotations

import pytest

from honeypost.proto.smtp.tokens import Token, tokenize


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"", []),
        (b" \t ", []),
        (b"  NOOP\tx  y ", [b"NOOP", b"x", b"y"]),
        (b"MAIL FROM:<a@b>", [b"MAIL", b"FROM:", b"<a@b>"]),
        (b"MAIL from: <a b@c> SIZE=1", [b"MAIL", b"from:", b"<a b@c>", b"SIZE=1"]),
        (b"RCPT TO:a@b", [b"RCPT", b"TO:", b"a@b"]),
        (b"MAIL FROM:<a@b>x y", [b"MAIL", b"FROM:", b"<a@b>x", b"y"]),
        (b'MAIL FROM:"x y" <a>', [b"MAIL", b"FROM:", b'"x y"', b"<a>"]),
        (b'<"a>b"@c> d', [b'<"a>b"@c>', b"d"]),
        (b"<<a b>> c", [b"<<a b>>", b"c"]),
        (b"a\\ b c\\", [b"a\\ b", b"c\\"]),
        (b'"a\\"b" c', [b'"a\\"b"', b"c"]),
        (b"x:y from:z", [b"x:y", b"from:", b"z"]),
    ],
)
def test_words(line: bytes, words: list[bytes]) -> None:
    assert tokenize(line) == [Token(word) for word in words]


@pytest.mark.parametrize("line", [b"<a@b", b'"a', b'<"a>', b"<a\\>", b"<a\\", b"<a <b>"])
def test_what_never_ends_is_marked(line: bytes) -> None:
    assert tokenize(line) == [Token(line, whole=False)]
