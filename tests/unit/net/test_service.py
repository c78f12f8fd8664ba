"""What a listener's connections have in common."""

from __future__ import annotations

import asyncio

from honeypost.net.service import call_later, nothing
from support.net_parts import CLIENT


async def test_the_running_loop_calls_back() -> None:
    called = asyncio.Event()
    call_later(60, called.set).cancel()
    call_later(0, called.set)
    async with asyncio.timeout(10):
        await called.wait()


def test_a_client_can_be_turned_away_without_a_word() -> None:
    assert nothing(CLIENT) == b""
