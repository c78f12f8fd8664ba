"""Tasks that are not lost."""

from __future__ import annotations

import asyncio
import gc
import logging

import pytest

from honeypost.errors import NotReady
from honeypost.net.tasks import Tasks
from support.net_parts import eventually


async def test_a_task_is_held_until_it_is_done() -> None:
    tasks = Tasks()
    done = asyncio.Event()
    tasks.start(done.wait(), "wait")
    gc.collect()
    await asyncio.sleep(0)
    assert len(tasks) == 1
    done.set()
    await eventually(lambda: len(tasks) == 0)


async def test_a_failure_is_logged_under_its_name(caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> None:
        raise ValueError("broken")

    tasks = Tasks()
    with caplog.at_level(logging.ERROR):
        tasks.start(fail(), "the one that fails")
        await eventually(lambda: len(tasks) == 0)
    assert "task the one that fails failed" in caplog.text
    assert "broken" in caplog.text


async def test_what_we_raise_on_purpose_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> None:
        raise NotReady("the edge did not come up")

    tasks = Tasks()
    with caplog.at_level(logging.ERROR):
        tasks.start(fail(), "start")
        await eventually(lambda: len(tasks) == 0)
    assert caplog.text.splitlines()[-1].endswith("task start failed: the edge did not come up")


async def test_what_is_late_at_the_end_is_cancelled() -> None:
    tasks = Tasks()
    quick = tasks.start(asyncio.sleep(0), "quick")
    slow = tasks.start(asyncio.Event().wait(), "slow")
    assert await tasks.settle(0.05) == 1
    assert slow.cancelled()
    assert not quick.cancelled()
    assert len(tasks) == 0


async def test_there_may_be_nothing_to_settle() -> None:
    assert await Tasks().settle(0) == 0
