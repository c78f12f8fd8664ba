"""Marks: what was cut or broken on the way, each kind once."""

from __future__ import annotations

from honeypost.extract import limits


class Marks:
    """An ordered set of short names with a bound; it becomes ``Report.errors``."""

    def __init__(self) -> None:
        self._names: dict[str, None] = {}

    def add(self, name: str) -> None:
        """Note a mark; a kind that is known already, or one too many, changes nothing."""
        if len(self._names) < limits.ERRORS:
            self._names[name] = None

    def names(self) -> tuple[str, ...]:
        """All marks in the order of their first appearance."""
        return tuple(self._names)
