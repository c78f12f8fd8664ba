import asyncio
import threading

import pytest

from honeypost.errors import StoreError, StoreFull
from honeypost.stores.group import GroupWriter
from support.storage import eventually


class Work:
    """Doubles numbers; the first group can be held until the test lets it go."""

    def __init__(self, *, held=False):
        self.groups = []
        self.entered = threading.Event()
        self.go = threading.Event()
        if not held:
            self.go.set()

    def __call__(self, jobs):
        self.groups.append(list(jobs))
        self.entered.set()
        assert self.go.wait(10)
        if "explode" in jobs:
            raise ValueError("boom")
        return [StoreError("odd") if job == 3 else job * 2 for job in jobs]


def writer(work, limit=10, linger=0.0, pace=0.0):
    made = GroupWriter("test", work, limit, linger, pace)
    made.start()
    return made


async def test_each_job_gets_its_own_outcome():
    group = writer(Work())
    assert await group.run(1) == 2
    with pytest.raises(StoreError, match="odd"):
        await group.run(3)
    group.close()


async def test_what_comes_while_a_group_is_written_is_the_next_group():
    work = Work(held=True)
    group = writer(work)
    first = asyncio.ensure_future(group.run(1))
    await eventually(work.entered.is_set)
    rest = [asyncio.ensure_future(group.run(n)) for n in (4, 5, 6)]
    await eventually(lambda: group.pending == 3)
    work.go.set()
    assert await asyncio.gather(first, *rest) == [2, 8, 10, 12]
    assert work.groups == [[1], [4, 5, 6]]
    group.close()


async def test_a_group_that_explodes_fails_all_its_jobs_and_not_the_thread():
    group = writer(Work())
    with pytest.raises(ValueError, match="boom"):
        await group.run("explode")
    assert await group.run(2) == 4
    group.close()


async def test_more_than_the_limit_is_refused():
    work = Work(held=True)
    group = writer(work, limit=2)
    first = asyncio.ensure_future(group.run(1))
    await eventually(work.entered.is_set)
    assert group.offer(2)
    assert group.offer(4)
    assert not group.offer(5)
    with pytest.raises(StoreFull):
        await group.run(6)
    work.go.set()
    await first
    group.close()


async def test_a_cancelled_caller_does_not_take_the_job_back():
    work = Work(held=True)
    freed = []
    group = writer(work)
    first = asyncio.ensure_future(group.run(1, lambda: freed.append(1)))
    await eventually(work.entered.is_set)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert freed == []
    work.go.set()
    assert await group.run(2) == 4
    assert freed == [1]
    group.close()


async def test_a_closed_writer_takes_nothing_and_frees_the_job():
    group = writer(Work())
    assert group.running
    group.close()
    group.close()
    freed = []
    with pytest.raises(StoreError, match="closed"):
        await group.run(1, lambda: freed.append(1))
    assert freed == [1]
    assert not group.offer(1)
    assert not group.running


async def test_closing_works_off_what_waits():
    work = Work()
    group = writer(work, linger=60)
    for number in (1, 2, 3):
        group.offer(number)
    group.close()
    assert [job for jobs in work.groups for job in jobs] == [1, 2, 3]


async def test_a_job_that_is_waited_for_hurries_the_lingering_ones_along():
    work = Work()
    group = writer(work, linger=60)
    group.offer(1)
    group.offer(2)
    async with asyncio.timeout(10):
        assert await group.run(4) == 8
    assert work.groups == [[1, 2, 4]]
    group.close()


async def test_what_lingers_is_written_without_being_asked_for():
    work = Work()
    group = writer(work, linger=0.01)
    group.offer(1)
    await eventually(work.entered.is_set)
    group.close()


async def test_the_first_job_waits_for_nobody_and_the_next_ones_for_their_group():
    group = writer(work := Work(), pace=60)
    async with asyncio.timeout(10):
        assert await group.run(1) == 2
    rest = [asyncio.ensure_future(group.run(number)) for number in (4, 5)]
    await eventually(lambda: group.pending == 2)
    assert work.groups == [[1]]
    await asyncio.to_thread(group.close)
    assert await asyncio.gather(*rest) == [8, 10]
    assert work.groups == [[1], [4, 5]]


async def test_a_group_whose_time_has_come_is_written():
    group = writer(Work(), pace=0.01)
    async with asyncio.timeout(10):
        assert [await group.run(number) for number in (1, 2, 4)] == [2, 4, 8]
    group.close()


def test_a_loop_that_is_gone_does_not_end_the_thread():
    work = Work(held=True)
    group = writer(work)

    async def leave():
        task = asyncio.ensure_future(group.run(1))
        await eventually(work.entered.is_set)
        task.cancel()

    asyncio.run(leave())
    work.go.set()

    async def come_back():
        assert await group.run(2) == 4

    asyncio.run(come_back())
    group.close()
