"""The worker's file of judgements, and the edge's look at it."""

from __future__ import annotations

import sqlite3

import pytest

from honeypost.decide.disclosure import Judgement
from honeypost.engine.traces import Trace
from honeypost.errors import StoreBusy, StoreError
from honeypost.model import Client, Envelope, Identity, Protocol, Recipient
from honeypost.ports import Capture
from honeypost.stores.judgements import JudgementStore, JudgementView, Open
from honeypost.stores.lock import WriterLock
from honeypost.stores.sqlite import lock_path

WHO = Identity("s", Client(""), "limbo", Protocol.LIMBO)
TOLD = Judgement(told=True, why="SPF passes", near=True)


def capture(name: str, *recipients: bytes, time: float = 100.0) -> Capture:
    return Capture(name, time, Envelope(b"a@b", tuple(map(Recipient, recipients))), WHO, 1, "")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "worker" / "judgements.db"


@pytest.fixture
def store(path):
    with JudgementStore(path) as made:
        yield made


def test_each_recipient_is_judged_once_and_seen_by_others(store, path) -> None:
    view = JudgementView(path)
    store.file([capture("c1", b"x@y", b"\xff@y")], "1:1")
    assert store.cursor == "1:1"
    first, second = store.due(100.0, 10)
    assert {first.recipient, second.recipient} == {b"x@y", b"\xff@y"}
    assert view.judgement("c1", b"x@y") is None
    store.judge(Open("c1", b"x@y", 100.0, 0), TOLD)
    assert view.judgement("c1", b"x@y") == TOLD
    assert view.all_of("c1") == {b"x@y": TOLD}
    assert [each.recipient for each in store.due(100.0, 10)] == [b"\xff@y"]


def test_what_was_filed_before_keeps_its_judgement(store, path) -> None:
    store.file([capture("c1", b"x@y")], "1")
    store.judge(store.due(100.0, 1)[0], TOLD)
    store.file([capture("c1", b"x@y")], "2")
    assert JudgementView(path).judgement("c1", b"x@y") == TOLD
    assert store.cursor == "2"


def test_the_postponed_come_up_when_it_is_time(store) -> None:
    store.file([capture("c1", b"x@y")], "1")
    assert store.due(99.0, 10) == []
    store.postpone(store.due(100.0, 10)[0], 500.0)
    assert store.due(499.0, 10) == []
    assert store.due(500.0, 10) == [Open("c1", b"x@y", 100.0, 1)]


async def test_retention_and_forgetting_take_it_out(store) -> None:
    store.file(
        [capture("c1", b"old@y", time=1), capture("c2", b"x@y"), capture("c3", b"z@y.org")], "1"
    )
    assert (await store.prune(50.0)).count == 1
    assert await store.forget(Trace("z@y.org")) == 1
    assert [each.recipient for each in store.due(1000.0, 10)] == [b"x@y"]


def test_one_process_writes(store, path) -> None:
    with pytest.raises(StoreBusy):
        JudgementStore(path)


def test_a_file_that_is_none_gives_the_lock_back(path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(StoreError):
        JudgementStore(path)
    WriterLock(lock_path(path)).release()


def test_without_a_readable_file_nobody_is_judged(path) -> None:
    view = JudgementView(path)
    assert view.judgement("c1", b"x@y") is None
    path.parent.mkdir()
    path.write_bytes(b"no database" * 1000)
    assert view.judgement("c1", b"x@y") is None
    path.unlink()
    sqlite3.connect(path).close()
    path.touch()
    assert view.all_of("c1") == {}
