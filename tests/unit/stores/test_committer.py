"""The writer's side alone, without its thread."""

import os

import pytest

from honeypost.config.schema import Budgets
from honeypost.errors import StoreError, StoreFull
from honeypost.ports import Capture
from honeypost.stores.committer import Committer, Keep
from honeypost.stores.files import DISK
from honeypost.stores.reader import SegmentReader
from honeypost.stores.spool import Spool
from honeypost.testing.forgetful import ForgetfulFiles, Sync, SyncDirectory
from support.storage import ROOMY, WHO, body_of, envelope


@pytest.fixture
def make(tmp_path):
    made = []

    def maker(budgets=ROOMY, files=DISK, segment_bytes=1 << 20):
        made.append(Committer(tmp_path, budgets, os.urandom, files, segment_bytes))
        return made[-1]

    yield maker
    for committer in made:
        committer.seal()


@pytest.fixture
def message(tmp_path):
    spool = Spool(tmp_path / "spool", ROOMY)

    def maker(name, body, queue_id=""):
        spooled = spool.body()
        spooled.write(body)
        return Keep(Capture(name, 1.0, envelope(queue_id=queue_id), WHO, 0, ""), spooled)

    return maker


def calls(files, kind):
    return [call for call in files._calls if isinstance(call, kind)]


def test_outcomes_stand_in_the_order_of_the_jobs(make, message):
    def broken():
        raise StoreError("odd")

    def unreadable():
        raise OSError(5, "Input/output error")

    one, two, three, four, five = make().work(
        [lambda: 7, message("a", b"x"), broken, message("b", b"yy"), unreadable]
    )
    assert one == 7
    assert (two.id, two.size) == ("a", 1)
    assert str(three) == "odd"
    assert (four.id, four.size) == ("b", 2)
    assert isinstance(five, StoreError)


def test_the_name_of_a_segment_and_each_group_are_synced_once(make, message):
    files = ForgetfulFiles()
    committer = make(files=files)
    committer.work([message(str(n), body_of(n, 100)) for n in range(9)])
    assert len(calls(files, SyncDirectory)) == 1
    assert len(calls(files, Sync)) == 1
    committer.work([message("x", b"x")])
    assert len(calls(files, SyncDirectory)) == 1
    assert len(calls(files, Sync)) == 2


def test_only_what_does_not_fit_is_refused(make, message, tmp_path):
    committer = make(Budgets(disk_bytes=5000, disk_free_bytes=0))
    outcomes = committer.work(
        [message("a", b"x" * 100), message("b", b"x" * 9000), message("c", b"x" * 100)]
    )
    assert isinstance(outcomes[1], StoreFull)
    assert [capture.id for capture in SegmentReader(tmp_path).captures()] == ["a", "c"]
    assert committer.bytes == (tmp_path / "00000001.seg").stat().st_size


def test_a_body_is_shared_within_a_segment_only(make, message, tmp_path):
    committer = make(segment_bytes=3100)
    for name in ("a", "b", "c"):
        committer.work([message(name, b"x" * 2500, "Q1")])
    committer.seal()
    sizes = [line.bytes for line in committer.catalogue.lines()]
    assert len(sizes) == 2
    assert all(size > 2500 for size in sizes)
    reader = SegmentReader(tmp_path)
    assert [reader.read(name) for name in ("a", "b", "c")] == [b"x" * 2500] * 3


def test_a_group_in_which_nothing_fits_is_not_synced(make, message):
    files = ForgetfulFiles()
    committer = make(Budgets(disk_bytes=100, disk_free_bytes=0), files=files)
    (outcome,) = committer.work([message("a", b"x" * 500)])
    assert isinstance(outcome, StoreFull)
    assert calls(files, Sync) == []
