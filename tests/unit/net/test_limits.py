"""Connection budgets."""

from __future__ import annotations

from itertools import count

import pytest

from honeypost.model import Client
from honeypost.net.limits import MEMORY, NOTES_PER_MINUTE, PER_NETWORK, TOTAL, Admission
from honeypost.net.memory import MemoryBudget


def test_the_total_is_kept() -> None:
    admission = Admission(2, 2, lambda: 0.0)
    assert [admission.enter(Client(f"192.0.2.{n}")) for n in range(3)] == ["", "", TOTAL]
    assert (admission.open, admission.total) == (2, 2)


@pytest.mark.parametrize(
    ("first", "second", "answer"),
    [
        ("192.0.2.1", "192.0.2.1", PER_NETWORK),
        ("192.0.2.1", "::ffff:192.0.2.1", PER_NETWORK),
        ("192.0.2.1", "192.0.2.2", ""),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::1", PER_NETWORK),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", ""),
    ],
)
def test_a_neighbourhood_has_its_share(first: str, second: str, answer: str) -> None:
    admission = Admission(10, 1, lambda: 0.0)
    assert admission.enter(Client(first)) == ""
    assert admission.enter(Client(second)) == answer


def test_nobody_new_comes_in_over_the_memory_budget() -> None:
    held = [101]
    memory = MemoryBudget(100, count().__next__, lambda: held[0], lambda: None)
    admission = Admission(10, 10, lambda: 0.0, memory)
    client = Client("192.0.2.1")
    assert [admission.enter(client) for _ in range(2)] == ["", MEMORY]
    held[0] = 100
    assert (admission.enter(client), admission.open) == ("", 2)


def test_who_leaves_makes_room_and_is_forgotten() -> None:
    admission = Admission(10, 2, lambda: 0.0)
    client = Client("2001:db8::1")
    assert [admission.enter(client) for _ in range(3)] == ["", "", PER_NETWORK]
    admission.leave(client)
    assert admission.enter(client) == ""
    admission.leave(client)
    admission.leave(client)
    assert admission.open == 0
    assert admission._networks == {}


def test_a_flood_is_not_described_without_end() -> None:
    now = [0.0]
    admission = Admission(0, 0, lambda: now[0])
    noted = sum(admission.worth_noting() for _ in range(10 * NOTES_PER_MINUTE))
    assert noted == NOTES_PER_MINUTE
    now[0] = 60.0
    assert admission.worth_noting()
