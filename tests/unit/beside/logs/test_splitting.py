"""Blocks cut into lines."""

from __future__ import annotations

from honeypost.beside.logs.splitting import LINE_BYTES, LineSplitter


def test_lines_over_blocks() -> None:
    splitter = LineSplitter()
    assert splitter.feed(b"one\ntw") == [b"one"]
    assert splitter.waiting == 2
    assert splitter.feed(b"o") == []
    assert splitter.waiting == 3
    assert splitter.feed(b"\r") == []
    assert splitter.feed(b"\n\nthree") == [b"two", b""]
    assert splitter.flush() == [b"three"]
    assert (splitter.flush(), splitter.waiting) == ([], 0)


def test_of_a_long_line_only_the_start_is_kept() -> None:
    splitter = LineSplitter()
    for _ in range(9):
        assert splitter.feed(b"x" * LINE_BYTES) == []
    assert splitter.waiting == 9 * LINE_BYTES
    assert splitter.feed(b"x\nnext\n") == [b"x" * LINE_BYTES, b"next"]
    assert splitter.feed(b"y" * (LINE_BYTES + 1)) == []
    assert splitter.flush() == [b"y" * LINE_BYTES]
