"""
What a finding is.

Each kind stands once, with its code, what it means, where that is known from, and how to mend it;
``docs/findings.md`` is made from these, so the page and the program cannot differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """What a finding does to the attaching."""

    REFUSE = "refuse"
    """Nothing is attached until the operator has mended it."""
    MEND = "mend"
    """The attaching takes care of it; it is told so that nobody is surprised."""
    WARN = "warn"
    """Goes on; something is worse than it could be."""


class Part(StrEnum):
    """What a finding stands against."""

    DECOYS = "decoys"
    LATE_BOUNCE = "late bounce"
    """Only against answering unknown recipients late; decoys are not touched."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a site that the operator must know before anything is attached."""

    code: str
    severity: Severity
    text: str
    """One sentence: what is there and why it matters."""
    mend: str
    """One line: what to do about it, or what the attaching does."""
    part: Part = Part.DECOYS


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of finding; ``{names}`` in its texts are filled for each site."""

    code: str
    severity: Severity
    text: str
    mend: str
    source: str
    """Where it is known from: measured on which version, read in the manual, or reasoned."""
    part: Part = Part.DECOYS

    def found(self, **facts: object) -> Finding:
        """Make the finding of one site."""
        text, mend = self.text.format(**facts), self.mend.format(**facts)
        return Finding(self.code, self.severity, text, mend, self.part)


def kinds_of(namespace: dict[str, object]) -> tuple[Kind, ...]:
    """Give all kinds that a module defines, in the order in which they stand there."""
    return tuple(value for value in namespace.values() if isinstance(value, Kind))
