"""What the process holds, and how often that is asked."""

from __future__ import annotations

import pytest

from honeypost.net import memory
from honeypost.net.memory import INTERVAL_SECONDS, MemoryBudget, give_back, resident_bytes


def test_what_this_process_holds_grows_with_what_it_keeps() -> None:
    before = resident_bytes()
    kept = b"x" * (32 << 20)
    assert before + (24 << 20) < resident_bytes() < 4 << 30
    assert kept


def test_a_kernel_that_does_not_tell_stops_nobody(
    tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "STATM", tmp_path / "none")
    assert resident_bytes() == 0
    assert not MemoryBudget(1, lambda: 0.0).exceeded


def test_it_is_asked_seldom() -> None:
    now, held, asked = [0.0], [50], []
    budget = MemoryBudget(100, lambda: now[0], lambda: asked.append(1) or held[0], lambda: None)
    assert not budget.exceeded
    held[0] = 101
    now[0] = INTERVAL_SECONDS / 2
    assert not budget.exceeded
    now[0] = INTERVAL_SECONDS
    assert budget.exceeded
    assert (budget.used, budget.limit) == (101, 100)
    assert len(asked) == 1 + 2


def test_what_was_freed_is_given_back_before_anybody_is_turned_away() -> None:
    held = [200]
    budget = MemoryBudget(100, lambda: 0.0, lambda: held[0], lambda: held.__setitem__(0, 90))
    assert not budget.exceeded


def test_the_c_library_gives_back_what_is_freed() -> None:
    kept = [bytes(1000) for _ in range(60_000)]
    held = resident_bytes()
    kept.clear()
    give_back()
    assert resident_bytes() < held - (20 << 20)
