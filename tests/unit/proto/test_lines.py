"""Lines are cut as a mail server cuts them."""

from __future__ import annotations

import pytest

from honeypost.proto.lines import InputOverflow, LineBuffer


def buffer(data: bytes) -> LineBuffer:
    lines = LineBuffer(100)
    lines.feed(data, held=False)
    return lines


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"NOOP\r\n", b"NOOP"),
        (b"NOOP\n", b"NOOP"),
        (b"NOOP\r\r\r\n", b"NOOP"),
        (b"\n", b""),
        (b"a\rb\r\n", b"a\rb"),
        (b"NOOP\r", None),
        (b"", None),
    ],
)
def test_a_command_ends_with_lf_and_loses_every_cr_before(data: bytes, line: bytes | None) -> None:
    assert buffer(data).command(20) == line


def test_the_limit_of_a_command_includes_its_end() -> None:
    lines = buffer(b"12345678\r\n12345678\r\nnext\r\n")
    assert [lines.command(10), lines.command(9), lines.command(10)] == [
        b"12345678",
        b"12345678\r",
        b"next",
    ]


def test_the_rest_of_a_long_command_is_skipped_and_not_kept() -> None:
    lines = buffer(b"x" * 10)
    assert lines.command(10) == b"x" * 10
    for _ in range(50):
        lines.feed(b"y" * 40, held=False)
        assert lines.command(10) is None
        assert len(lines) == 0
    lines.feed(b"\r\nnext\r\n", held=False)
    assert lines.command(10) == b"next"


def test_an_answer_that_is_too_long_comes_back_cut() -> None:
    lines = buffer(b"x" * 30)
    assert lines.answer(20) is None
    assert len(lines) == 20
    lines.feed(b"x\r\nnext\r\n", held=False)
    assert lines.answer(20) == b"x" * 20
    assert lines.answer(20) == b"next"


def test_pieces_keep_their_ends() -> None:
    lines = buffer(b"ab\r\ncdefghij\nk")
    assert [lines.piece(5), lines.piece(5), lines.piece(5), lines.piece(5)] == [
        (b"ab\r\n", True),
        (b"cdefg", False),
        (b"hij\n", True),
        None,
    ]


def test_looking_at_whole_lines_takes_nothing() -> None:
    lines = buffer(b"a\nb\nc")
    assert lines.whole_lines() == b"a\nb\n"
    assert lines.take(100) == b"a\nb\nc"


def test_what_is_held_back_has_a_limit() -> None:
    lines = buffer(b"x" * 90)
    lines.feed(b"y" * 10, held=True)
    with pytest.raises(InputOverflow):
        lines.feed(b"z", held=True)


def test_clearing_forgets_also_the_line_being_skipped() -> None:
    lines = buffer(b"x" * 10)
    lines.command(10)
    lines.clear()
    lines.feed(b"next\n", held=False)
    assert lines.command(10) == b"next"
