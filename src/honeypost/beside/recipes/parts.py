"""What a recipe consists of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Proof(StrEnum):
    """How a recipe was tried."""

    RUN = "run with the real program"
    SYNTAX = "syntax-tested only"


@dataclass(frozen=True, slots=True)
class File:
    """Text for one file of another program."""

    path: str
    """Where it belongs, as that program's own manual names it."""
    text: str
    """To be added to what stands there."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What one other program is to be told."""

    files: tuple[File, ...]
    proof: Proof
    notes: tuple[str, ...] = ()
    """Sentences for the operator: what is to be done by hand, what does not work there."""
