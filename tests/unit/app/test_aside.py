"""Work beside the loop: its outcome comes back, and nobody waits for it at the end."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from honeypost.app.aside import aside


async def test_the_outcome_comes_back() -> None:
    assert await aside(lambda: 42, "sum") == 42
    with pytest.raises(ZeroDivisionError):
        await aside(lambda: 1 // 0, "sum")


async def test_the_loop_goes_on_meanwhile() -> None:
    gate = threading.Event()
    waiting = asyncio.ensure_future(aside(gate.wait, "gate"))
    await asyncio.sleep(0)
    assert not waiting.done()
    gate.set()
    assert await waiting is True


def test_the_end_does_not_wait_for_it() -> None:
    gate, begun = threading.Event(), time.monotonic()

    async def end_early() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await aside(lambda: gate.wait(30), "silent")

    asyncio.run(end_early())
    assert time.monotonic() - begun < 5
    gate.set()
    for thread in threading.enumerate():
        if thread.name == "silent":
            thread.join(5)


async def test_who_is_gone_is_told_nothing() -> None:
    gate = threading.Event()
    waiting = asyncio.ensure_future(aside(gate.wait, "gate"))
    await asyncio.sleep(0)
    waiting.cancel()
    gate.set()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await aside(lambda: 1, "next") == 1
