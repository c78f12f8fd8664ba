import logging

import pytest

from honeypost.engine.janitor import (
    REQUEST_SECONDS,
    SWEEP_SECONDS,
    Janitor,
    Part,
    Pruned,
    Request,
    Verb,
)
from honeypost.engine.journal import Journal
from honeypost.engine.traces import Trace
from honeypost.errors import StoreError
from honeypost.events import AddressForgotten
from honeypost.testing.memory import CountingChance, ManualClock, MemoryEventLog

DAY = 86_400
KEY = b"k" * 32
ANN = "ann@example.net"
NOTHING = Pruned()


class Store:
    def __init__(self, pruned=NOTHING, forgotten=0, failure=None):
        self.pruned = pruned
        self.forgotten = forgotten
        self.failure = failure
        self.asked = []

    async def prune(self, before):
        if self.failure:
            raise self.failure
        self.asked.append(before)
        return self.pruned

    async def forget(self, trace):
        if self.failure:
            raise self.failure
        self.asked.append(trace.text)
        return self.forgotten


class Folder:
    def __init__(self, *requests):
        self.requests = list(requests)
        self.done = []

    def pending(self):
        return list(self.requests)

    def finish(self, request, figures):
        self.requests.remove(request)
        self.done.append((request, dict(figures)))


class Enough(Exception):
    pass


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def log():
    return MemoryEventLog()


@pytest.fixture
def journal(log, clock):
    return Journal(log, clock, CountingChance())


async def test_each_part_has_its_own_retention(clock):
    captures, events = Store(Pruned(3, 300)), Store(Pruned(5, 50))
    janitor = Janitor({"captures": Part(captures, 30), "events": Part(events, 90)}, clock, KEY)
    assert await janitor.sweep() == {"captures": 3, "events": 5, "bytes": 350}
    assert captures.asked == [clock() - 30 * DAY]
    assert events.asked == [clock() - 90 * DAY]


@pytest.mark.parametrize("verb", ["sweep", "forget"])
async def test_a_broken_part_does_not_keep_the_others_from_it(clock, verb):
    events = Store()
    parts = {"captures": Part(Store(failure=StoreError("odd")), 30), "events": Part(events, 90)}
    janitor = Janitor(parts, clock, KEY)
    with pytest.raises(StoreError, match="odd"):
        await (janitor.sweep() if verb == "sweep" else janitor.forget(ANN))
    assert events.asked


async def test_an_address_is_forgotten_everywhere_and_a_tag_remains(clock, log, journal):
    parts = {"captures": Part(Store(forgotten=2), 30), "events": Part(Store(forgotten=7), 90)}
    janitor = Janitor(parts, clock, KEY, journal=journal)
    assert await janitor.forget(" ANN@example.net") == {"captures": 2, "events": 7}
    (entry,) = log.durable
    assert entry.event == AddressForgotten(Trace(ANN).tag(KEY), 2, 7)
    assert entry.who is None
    assert log.flushes == 2


async def test_without_a_journal_nothing_is_noted(clock):
    janitor = Janitor({"findings": Part(Store(forgotten=2), 30)}, clock, KEY)
    assert await janitor.forget(ANN) == {"findings": 2}


async def test_what_is_no_address_is_refused_before_anything_is_done(clock):
    store = Store()
    with pytest.raises(ValueError, match="neither"):
        await Janitor({"events": Part(store, 90)}, clock, KEY).forget("ann")
    assert store.asked == []


async def test_requests_are_done_in_order_and_answered(clock):
    ann, sweep = Request("1", Verb.FORGET, ANN), Request("2", Verb.SWEEP)
    folder = Folder(ann, sweep)
    store = Store(Pruned(4, 40), forgotten=9)
    janitor = Janitor({"events": Part(store, 90)}, clock, KEY, requests=folder)
    assert await janitor.attend() == 2
    assert folder.done == [(ann, {"events": 9}), (sweep, {"events": 4, "bytes": 40})]
    assert await janitor.attend() == 0


async def test_a_request_that_fails_is_tried_again_and_logged_now_and_then(clock, caplog):
    folder, store = Folder(Request("1", Verb.SWEEP)), Store(failure=StoreError("odd"))
    janitor = Janitor({"events": Part(store, 90)}, clock, KEY, requests=folder)
    for _ in range(5):
        assert await janitor.attend() == 0
    assert caplog.text.count("tried again") == 1
    store.failure = None
    assert await janitor.attend() == 1


async def test_a_request_that_makes_no_sense_is_put_away_unread(clock, caplog):
    folder = Folder(Request("1", Verb.FORGET, "nonsense"), Request("2", Verb.SWEEP))
    janitor = Janitor({"events": Part(Store(), 90)}, clock, KEY, requests=folder)
    assert await janitor.attend() == 2
    assert folder.done[0][1] == {}
    assert "nonsense" not in caplog.text
    assert "names no address" in caplog.text


async def test_without_a_folder_there_is_nothing_to_attend_to(clock):
    assert await Janitor({}, clock, KEY).attend() == 0


async def test_it_sweeps_at_start_and_every_hour_and_looks_for_requests_in_between(clock, caplog):
    store, folder = Store(Pruned(1, 1)), Folder()
    looks = []
    folder.pending = lambda: looks.append(clock()) or []
    begun = clock()

    async def pause(seconds):
        clock.advance(seconds)
        if clock() > begun + 2.5 * SWEEP_SECONDS:
            raise Enough

    janitor = Janitor({"events": Part(store, 0)}, clock, KEY, requests=folder)
    with caplog.at_level(logging.INFO), pytest.raises(Enough):
        await janitor.run(pause)
    assert [when - begun for when in store.asked] == [0, SWEEP_SECONDS, 2 * SWEEP_SECONDS]
    assert looks[1] - looks[0] == REQUEST_SECONDS
    assert caplog.text.count("swept") == 3


async def test_a_sweep_that_fails_does_not_end_it(clock, caplog):
    begun = clock()

    async def pause(seconds):
        clock.advance(seconds)
        if clock() > begun + 1.5 * SWEEP_SECONDS:
            raise Enough

    janitor = Janitor({"events": Part(Store(failure=StoreError("odd")), 90)}, clock, KEY)
    with pytest.raises(Enough):
        await janitor.run(pause)
    assert caplog.text.count("sweeping failed") == 2
