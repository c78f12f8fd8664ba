"""The registry and the manual's table of it."""

from __future__ import annotations

from pathlib import Path

from honeypost.beside.doctor.registry import CHECKS

PAGE = Path(__file__).resolve().parents[4] / "docs" / "doctor.md"


def test_the_table_of_the_manual_is_the_registry():
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")][1:]
    assert rows == [f"| {c.name} | {c.shows} | {c.judged} |" for c in CHECKS]


def test_names_are_told_apart_and_fit_the_screen():
    names = [check.name for check in CHECKS]
    assert len(set(names)) == len(names)
    assert max(map(len, names)) <= 13
