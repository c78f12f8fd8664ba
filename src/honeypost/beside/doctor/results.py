"""What a check says: one line, and one line on how to mend it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from honeypost.beside.doctor.case import Case


class Mark(StrEnum):
    """How it stands."""

    OK = "ok"
    WARN = "warn"
    """Works; something is worse than it could be."""
    RED = "red"
    """A promise does not hold: ``honeypost doctor`` ends with 1."""
    NOT_PROVEN = "not proven"
    """Could not be tried; the mend says what is needed."""
    SKIPPED = "skipped"
    """Was not asked for, or there is nothing of that kind here."""


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the doctor's."""

    mark: Mark
    line: str
    mend: str = ""


Look = Callable[[Case], Iterator[Result]]
"""Looks at one side of a host; raises :class:`HoneypostError` or ``OSError`` when it cannot."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check, as the registry and the manual list it."""

    name: str
    """At most 13 characters, as it stands on the screen."""
    shows: str
    """One sentence: what holds when it is ok."""
    judged: str
    """One sentence: how that is found out."""
    look: Look


def ok(line: str) -> Result:
    """It holds."""
    return Result(Mark.OK, line)


def warn(line: str, mend: str) -> Result:
    """It could be better."""
    return Result(Mark.WARN, line, mend)


def red(line: str, mend: str) -> Result:
    """It does not hold."""
    return Result(Mark.RED, line, mend)


def not_proven(line: str, mend: str) -> Result:
    """It could not be tried."""
    return Result(Mark.NOT_PROVEN, line, mend)


def skipped(line: str, mend: str = "") -> Result:
    """It was not asked for."""
    return Result(Mark.SKIPPED, line, mend)
