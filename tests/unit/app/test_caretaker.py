import asyncio
import os
import time
from contextlib import ExitStack

import pytest

from honeypost.app import caretaker
from honeypost.app.caretaker import (
    edge_janitor,
    have_done,
    worker_janitor,
    would_forget,
    would_sweep,
)
from honeypost.config.schema import Config, Paths, Retention
from honeypost.engine.ids import Ids
from honeypost.engine.janitor import Verb
from honeypost.engine.logevents import Kind, LogEvent, Outcome
from honeypost.engine.traces import Trace
from honeypost.engine.watching import Picture
from honeypost.errors import NotReady
from honeypost.events import AddressForgotten, GrantsStopped
from honeypost.extract.report import Addressee, Report
from honeypost.model import Client, Identity, Protocol
from honeypost.ports import Capture, Entry
from honeypost.stores.intel import IntelStore
from honeypost.stores.journal import JournalStore
from honeypost.stores.judgements import JudgementStore
from honeypost.stores.reader import SegmentReader
from honeypost.stores.requests import request_folder
from honeypost.stores.segments import SegmentStore
from honeypost.stores.spool import Spool
from honeypost.stores.view import JournalView
from honeypost.stores.watched import Watched
from support.storage import ROOMY, WHO, envelope, keep

ANN = "ann@example.net"
DAY = 86_400
KEY = b"k" * 32
CONFIG = Config(budgets=ROOMY, retention=Retention(capture_days=30, event_days=90))
OLD = 40 * DAY
VERY_OLD = 100 * DAY


async def fill(paths, ages=(VERY_OLD, OLD, 0)):
    """One capture (in a segment of its own), event and report of each age."""
    now, ids = time.time(), Ids(os.urandom)
    log, intel = JournalStore(paths.journal), IntelStore(paths.intel)
    log.open()
    for age in ages:
        store = SegmentStore(paths.segments, Spool(paths.spool, ROOMY), ROOMY, os.urandom)
        store.open()
        capture = await keep(store, b"body", to=envelope(ANN.encode()), time=now - age)
        store.close()
        log.append(Entry(ids.at(now - age), now - age, GrantsStopped(f"{ANN} {age}"), WHO))
        intel.keep(capture, Report(capture.id, recipients=(Addressee(ANN, "to"),)))
    log.close()
    intel.close()


@pytest.fixture
async def paths(tmp_path):
    made = Paths(tmp_path)
    await fill(made)
    return made


def left(paths):
    with JournalView(paths.journal) as journal:
        events = [entry.event for entry in journal.all_entries()]
    return len(list(SegmentReader(paths.segments).captures())), events


async def test_what_is_too_old_goes(paths):
    foreseen = would_sweep(CONFIG, paths, time.time)
    assert left(paths)[0] == 3
    swept = await have_done(Verb.SWEEP, CONFIG, paths, KEY)
    assert {name: swept[name] for name in ("captures", "events", "findings")} == {
        "captures": 2,
        "events": 1,
        "findings": 1,
    }
    assert foreseen == {**swept, "bytes": foreseen["bytes"]}
    assert 0 < foreseen["bytes"] <= swept["bytes"]
    assert [left(paths)[0], len(left(paths)[1])] == [1, 2]


async def test_an_address_is_forgotten_in_all_stores(paths):
    foreseen = would_forget(Trace(ANN), paths)
    done = await have_done(Verb.FORGET, CONFIG, paths, KEY, ANN)
    assert done == foreseen == {"captures": 3, "events": 3, "findings": 3, "observations": 0}
    assert left(paths) == (0, [AddressForgotten(Trace(ANN).tag(KEY), 3, 3)])
    found = [path for path in paths.data.rglob("*") if path.is_file()]
    assert not any(ANN.encode() in path.read_bytes() for path in found)


async def test_judgements_of_late_bounces_go_with_the_rest(paths):
    limbo = Identity("s", Client(""), "limbo", Protocol.LIMBO)
    old = Capture("c1", time.time() - OLD, envelope(b"x@example.org"), limbo, 1, "")
    new = Capture("c2", time.time(), envelope(ANN.encode()), limbo, 1, "")
    with JudgementStore(paths.judgements) as store:
        store.file([old, new], "1")
    assert (await have_done(Verb.SWEEP, CONFIG, paths, KEY))["judgements"] == 1
    assert (await have_done(Verb.FORGET, CONFIG, paths, KEY, ANN))["judgements"] == 1


async def test_nothing_was_ever_stored(tmp_path):
    paths = Paths(tmp_path)
    assert await have_done(Verb.SWEEP, CONFIG, paths, KEY) == {}
    assert would_sweep(CONFIG, paths, time.time) == {"bytes": 0, "captures": 0}
    assert would_forget(Trace(ANN), paths) == {"captures": 0}


async def test_running_processes_do_it_themselves(paths):
    with ExitStack() as stack:
        janitors = [
            (edge_janitor(CONFIG, paths, KEY, stack), "edge"),
            (worker_janitor(CONFIG, paths, KEY, stack), "worker"),
        ]
        for janitor, process in janitors:
            janitor._requests = request_folder(paths, process)

        async def attend():
            while True:
                for janitor, _ in janitors:
                    await janitor.attend()
                await asyncio.sleep(0.01)

        running = asyncio.ensure_future(attend())
        done = await have_done(Verb.FORGET, CONFIG, paths, KEY, ANN)
        running.cancel()
    assert done == {"captures": 3, "events": 3, "findings": 3, "observations": 0}
    assert list((paths.data / "requests").rglob("*.*")) == []


async def test_a_process_that_does_not_answer_is_said_so_and_will_do_it(paths, monkeypatch):
    monkeypatch.setattr(caretaker, "WAIT_SECONDS", 0.01)
    monkeypatch.setattr(caretaker, "LOOK_SECONDS", 0.001)
    with ExitStack() as stack:
        edge_janitor(CONFIG, paths, KEY, stack)
        with pytest.raises(NotReady, match="edge"):
            await have_done(Verb.FORGET, CONFIG, paths, KEY, ANN)
    (request,) = request_folder(paths, "edge").pending()
    assert (request.verb, request.address) == (Verb.FORGET, ANN)


def observed(paths, *ages):
    now = time.time()
    picture = Picture("k3f9x2.invalid", now)
    for age in ages:
        for outcome in (Outcome.ACCEPTED, Outcome.REFUSED):
            picture.take(
                LogEvent(Kind.LOGIN, outcome, "192.0.2.7", "imap", ANN.encode()), now - age
            )
    with IntelStore(paths.intel) as intel:
        Watched(intel).add(picture, "")


async def test_what_was_observed_goes_and_is_forgotten(tmp_path):
    paths = Paths(tmp_path)
    observed(paths, OLD, 0)
    # The day and the guesses of that day; the place of the good login is kept longer.
    foreseen = would_sweep(CONFIG, paths, time.time)
    assert foreseen["observations"] == 2
    assert (await have_done(Verb.SWEEP, CONFIG, paths, KEY))["observations"] == 2
    expected = {"captures": 0, "observations": 4, "findings": 0}
    assert would_forget(Trace(ANN), paths) == expected
    assert (await have_done(Verb.FORGET, CONFIG, paths, KEY, ANN))["observations"] == 4
    assert would_forget(Trace(ANN), paths)["observations"] == 0
