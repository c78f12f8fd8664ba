"""Conversations at once, by client and by network; users' networks are not counted."""

import pytest

from honeypost.engine.crowds import FRESH_SECONDS, SESSIONS_LIMIT, Crowds
from honeypost.events import BudgetExceeded
from honeypost.model import Client
from honeypost.testing.memory import ManualClock, MemoryJournal


class Postfix:
    """Its processes by number; each asks about the client that it serves."""

    def __init__(self, per_client: int = 2, per_network: int = 4, known: tuple[str, ...] = ()):
        self.clock = ManualClock()
        self.journal = MemoryJournal(self.clock)
        self.crowds = Crowds(
            per_client, per_network, clock=self.clock, journal=self.journal,
            spared=lambda client: client.address in known,
        )  # fmt: skip

    def serve(self, process: int, address: str) -> bool:
        return self.crowds.admit(str(process), Client(address))


@pytest.mark.parametrize(
    "addresses", [("192.0.2.7",) * 3, ("2001:db8::1", "2001:db8::2", "2001:db8::3")]
)
def test_one_client_holds_so_many(addresses):
    postfix = Postfix()
    assert [postfix.serve(n, each) for n, each in enumerate(addresses)] == [True, True, False]
    assert postfix.serve(9, "198.51.100.1")


def test_one_network_holds_so_many():
    postfix = Postfix()
    held = [postfix.serve(number, f"192.0.2.{number}") for number in range(6)]
    assert held == [True] * 4 + [False] * 2
    assert postfix.serve(9, "192.0.3.1")
    told = [event for event in postfix.journal.events if isinstance(event, BudgetExceeded)]
    assert told == [BudgetExceeded("network_conversations", 4)], "once a minute"


def test_a_process_serves_one_client_at_a_time():
    postfix = Postfix()
    for _ in range(10):
        assert postfix.serve(1, "192.0.2.7")
    assert postfix.serve(2, "192.0.2.7")
    assert not postfix.serve(3, "192.0.2.7")
    assert postfix.serve(2, "198.51.100.1")
    assert postfix.serve(3, "192.0.2.7"), "process 2 has another client now"


def test_who_was_turned_away_is_over():
    postfix = Postfix()
    for process in (1, 2):
        postfix.serve(process, "192.0.2.7")
    assert not postfix.serve(3, "192.0.2.7")
    assert len(postfix.crowds) == 2


def test_a_silent_conversation_is_not_counted():
    postfix = Postfix()
    for process in (1, 2):
        postfix.serve(process, "192.0.2.7")
    postfix.clock.advance(FRESH_SECONDS)
    assert postfix.serve(3, "192.0.2.7")
    assert len(postfix.crowds) == 1


def test_users_networks_are_never_capped():
    postfix = Postfix(known=("192.0.2.7",))
    assert all(postfix.serve(number, "192.0.2.7") for number in range(100))
    assert len(postfix.crowds) == 0


def test_memory_is_bounded():
    postfix = Postfix()
    for number in range(2 * SESSIONS_LIMIT):
        postfix.serve(number, f"10.{number >> 8}.{number & 255}.1")
    assert len(postfix.crowds) == SESSIONS_LIMIT
