"""The turns to doubt and back are told once each."""

from honeypost.engine.grants import Grants
from honeypost.events import GrantsResumed, GrantsStopped
from honeypost.testing.memory import Fence, ManualClock, MemoryJournal


def test_each_turn_is_told_once():
    fence, journal = Fence(), MemoryJournal(ManualClock())
    grants = Grants(fence, journal)
    assert grants.doubt() == ""
    assert journal.events == []
    fence.reason = "older than what was attached"
    assert [grants.doubt() for _ in range(3)] == [fence.reason] * 3
    fence.reason = ""
    assert [grants.doubt() for _ in range(3)] == [""] * 3
    assert journal.events == [GrantsStopped("older than what was attached"), GrantsResumed()]
    assert all(entry.who is None for entry in journal.entries)


def test_looking_notes_nothing():
    fence, journal = Fence("older than what was attached"), MemoryJournal(ManualClock())
    assert Grants(fence, journal).look() == fence.reason
    assert journal.events == []
