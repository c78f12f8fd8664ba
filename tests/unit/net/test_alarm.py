"""The time limit that is put off."""

from __future__ import annotations

import pytest

from honeypost.net.alarm import Alarm
from support.net_parts import Wind


class Bed:
    """An alarm, the hand that winds its clock, and how often it rang."""

    def __init__(self) -> None:
        self.wind = Wind()
        self.rang: list[float] = []
        self.alarm = Alarm(
            self.wind, lambda: self.wind.now, lambda: self.rang.append(self.wind.now)
        )


@pytest.fixture
def bed() -> Bed:
    return Bed()


def test_it_rings_once(bed: Bed) -> None:
    bed.alarm.set(5)
    bed.wind.advance(4)
    assert bed.rang == []
    bed.wind.advance(1)
    bed.wind.advance(100)
    assert bed.rang == [5]


def test_putting_off_makes_no_timer(bed: Bed) -> None:
    for _ in range(10):
        bed.alarm.set(5)
        bed.wind.advance(0.5)
    assert len(bed.wind.set) <= 2
    bed.wind.advance(4)
    assert bed.rang == []
    bed.wind.advance(0.5)
    assert bed.rang == [9.5]


def test_an_earlier_time_counts_at_once(bed: Bed) -> None:
    bed.alarm.set(300)
    bed.alarm.set(1)
    bed.wind.advance(1)
    assert bed.rang == [1]
    bed.alarm.set(300)
    bed.wind.advance(299)
    assert bed.rang == [1]
    bed.wind.advance(1)
    assert bed.rang == [1, 301]


def test_cancelled_it_is_silent(bed: Bed) -> None:
    bed.alarm.set(5)
    bed.alarm.cancel()
    bed.alarm.cancel()
    bed.wind.advance(10)
    assert bed.rang == []
    assert bed.wind.pending == []
