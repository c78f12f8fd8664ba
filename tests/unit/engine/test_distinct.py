"""Counting different ones in 256 bytes."""

import pytest

from honeypost.engine.distinct import REGISTERS, Distinct, joined


def counted(*members: str) -> Distinct:
    made = Distinct()
    for member in members:
        made.add(member)
    return made


@pytest.mark.parametrize("size", [1, 10, 100, 1_000, 20_000])
def test_the_count_is_near(size: int) -> None:
    exact = counted(*(f"192.0.{n >> 8}.{n & 255}" for n in range(size)))
    assert len(exact) == pytest.approx(size, rel=0.2 if size > 100 else 0.05, abs=1)
    assert len(exact.registers) == REGISTERS


def test_nobody_is_nobody() -> None:
    assert len(Distinct()) == 0
    assert joined([b"", b""]) == 0


def test_neither_order_nor_repetition_matters() -> None:
    assert counted("a", "b", "a").registers == counted("b", "a").registers


def test_counts_are_joined_as_if_counted_together() -> None:
    one, other = counted("a", "b"), counted("b", "c")
    whole = counted("a", "b", "c")
    assert joined([bytes(one.registers), bytes(other.registers)]) == len(whole)
    one.join(bytes(other.registers))
    one.join(b"")
    assert one.registers == whole.registers
