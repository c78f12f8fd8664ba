"""Marks keep their order, count once and are bounded."""

from __future__ import annotations

from honeypost.extract.limits import ERRORS
from honeypost.extract.marks import Marks


def test_each_once_in_order():
    marks = Marks()
    for name in ("b", "a", "b"):
        marks.add(name)
    assert marks.names() == ("b", "a")


def test_bounded():
    marks = Marks()
    for number in range(2 * ERRORS):
        marks.add(str(number))
    assert len(marks.names()) == ERRORS
