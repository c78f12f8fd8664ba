import logging

import pytest

from honeypost.engine.journal import LOG_EVERY, Journal
from honeypost.errors import StoreFull
from honeypost.events import GrantsStopped, SessionOpened
from honeypost.model import Client, Identity, Protocol
from honeypost.testing.memory import CountingChance, ManualClock, MemoryEventLog

WHO = Identity("s-1", Client("2001:db8::1", 25), "smtp", Protocol.SMTP)


class Seen:
    def __init__(self):
        self.entries = []

    def write(self, entries):
        self.entries += entries


class Broken:
    def write(self, entries):
        raise RuntimeError("odd")


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def log():
    return MemoryEventLog()


def test_an_event_gets_time_id_and_identity(clock, log):
    seen = Seen()
    journal = Journal(log, clock, CountingChance(), [seen])
    first = journal.note(SessionOpened(), WHO)
    clock.advance(1)
    second = journal.note(GrantsStopped("x"), None)
    assert (first.time, first.event, first.who) == (clock() - 1, SessionOpened(), WHO)
    assert (second.time, second.who) == (clock(), None)
    assert first.id < second.id
    assert log.entries == seen.entries == [first, second]


def test_ids_go_on_behind_those_in_the_log(clock, log):
    last = Journal(log, clock, CountingChance()).note(SessionOpened(), WHO).id
    clock.advance(-100)
    assert Journal(log, clock, CountingChance(), last_id=last).note(SessionOpened(), WHO).id > last


def test_a_sink_can_be_added_later(clock, log):
    journal, seen = Journal(log, clock, CountingChance()), Seen()
    journal.note(SessionOpened(), WHO)
    journal.add(seen)
    second = journal.note(SessionOpened(), WHO)
    assert seen.entries == [second]


def test_a_failing_sink_is_isolated_counted_and_logged_now_and_then(clock, log, caplog):
    seen = Seen()
    journal = Journal(log, clock, CountingChance(), [Broken(), seen])
    with caplog.at_level(logging.ERROR):
        for _ in range(LOG_EVERY + 1):
            journal.note(SessionOpened(), WHO)
    assert len(seen.entries) == len(log.entries) == journal.failures == LOG_EVERY + 1
    assert [record.args[1] for record in caplog.records] == [1, LOG_EVERY + 1]
    assert "Broken" in caplog.text


def test_a_broken_log_does_not_end_a_session(clock, log, monkeypatch):
    def broken(_):
        raise RuntimeError("odd")

    monkeypatch.setattr(log, "append", broken)
    seen = Seen()
    journal = Journal(log, clock, CountingChance(), [seen])
    journal.note(SessionOpened(), WHO)
    assert len(seen.entries) == journal.failures == 1


async def test_flushing_is_the_logs_business(clock, log):
    journal = Journal(log, clock, CountingChance())
    journal.note(SessionOpened(), WHO)
    await journal.flush()
    assert log.durable == log.entries
    log.failure = StoreFull("full")
    with pytest.raises(StoreFull):
        await journal.flush()
