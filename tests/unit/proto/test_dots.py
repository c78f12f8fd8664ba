"""The text of a message is unstuffed and ends where Postfix 3.7 ends it."""

from __future__ import annotations

import pytest

from honeypost.proto.dots import DottedText, count
from honeypost.proto.lines import LineBuffer


def read(data: bytes, size: int) -> tuple[bytes, int, bytes]:
    """Read a text in pieces of a size: what came out, its count, what is left."""
    lines, text = LineBuffer(10_000), DottedText(20)
    out, counted = b"", 0
    for start in range(0, len(data), size):
        lines.feed(data[start : start + size], held=False)
        while (passage := text.read(lines)) is not None:
            out, counted = out + passage.data, counted + passage.counted
            if passage.last:
                return out, counted, lines.take(10_000) + data[start + size :]
    raise AssertionError("no end")


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize(
    ("data", "body"),
    [
        (b"a\r\n.\r\n", b"a\r\n"),
        (b".\r\n", b""),
        (b".\n", b""),
        (b"a\n.\n", b"a\n"),
        (b"a\r\n.\n", b"a\r\n"),
        (b"a\n.\r\n", b"a\n"),
        (b"a\r\n.\r\r\r\n", b"a\r\n"),
        (b"..\r\n.\r\n", b".\r\n"),
        (b".a\r\n.\r\n", b"a\r\n"),
        (b"a\r\n..b\r\n\r\n...\r\n.\r\n", b"a\r\n.b\r\n\r\n..\r\n"),
        (b"a\r.\r\n.\r\n", b"a\r.\r\n"),
        (b"a\r\r\n.\r\n", b"a\r\r\n"),
        (b"x" * 20 + b".y\r\n.\r\n", b"x" * 20 + b".y\r\n"),
        (b"x" * 45 + b"\n.\n", b"x" * 45 + b"\n"),
        (b"\0\xff\r\n.\r\n", b"\0\xff\r\n"),
    ],
)
def test_ends_and_dots(data: bytes, body: bytes, size: int) -> None:
    assert read(data + b"QUIT\r\n", size)[::2] == (body, b"QUIT\r\n")


@pytest.mark.parametrize("size", [1, 1000])
@pytest.mark.parametrize(
    ("data", "counted"),
    [
        (b"abc\r\n.\r\n", 5),
        (b"abc\n.\n", 5),
        (b"abc\r\r\n.\r\n", 5),
        (b"..\r\n.\r\n", 3),
        (b"\r\n\r\n.\r\n", 4),
        (b"x" * 25 + b"\r\n.\r\n", 25 + 2 + 2),
    ],
)
def test_counts_as_postfix(data: bytes, counted: int, size: int) -> None:
    assert read(data, size)[1] == counted


def test_many_lines_are_taken_at_once() -> None:
    lines = LineBuffer(10)
    lines.feed(b"a line\r\n" * 1000 + b".\r\n", held=False)
    passage = DottedText(2048).read(lines)
    assert passage is not None
    assert passage.data == b"a line\r\n" * 1000
    assert passage.counted == count(b"a line\r\n") * 1000


@pytest.mark.parametrize("line", [b"..\r\n", b"\n", b"x\r\r\n"])
def test_odd_lines_too_are_taken_in_one_pass(line: bytes) -> None:
    """Line by line through the buffer would be quadratic: an attacker's 64 KiB, a second."""
    lines = LineBuffer(10)
    lines.feed(line * 5000 + b".\r\n", held=False)
    passage = DottedText(20).read(lines)
    assert passage is not None
    assert passage.last
    assert len(lines) == 0
    assert passage.data == (line[1:] if line.startswith(b".") else line) * 5000
