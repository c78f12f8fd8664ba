"""Heavy work takes turns."""

from __future__ import annotations

import asyncio
from collections import deque

from honeypost.net.turnstile import STEPS_PER_TURN, Turnstile


def test_steps_are_taken_in_order_and_few_in_a_turn() -> None:
    turns: deque[object] = deque()
    turnstile = Turnstile(turns.append)
    taken: list[int] = []
    for number in range(5):
        turnstile.wait(lambda number=number: taken.append(number))  # type: ignore[misc]
    assert len(turnstile) == 5
    assert len(turns) == 1
    count = 0
    while turns:
        turns.popleft()()  # type: ignore[operator]
        count += 1
        assert taken == list(range(min(5, count * STEPS_PER_TURN)))
    assert taken == list(range(5))


def test_a_step_that_comes_again_does_not_keep_the_others_out() -> None:
    turns: deque[object] = deque()
    turnstile = Turnstile(turns.append)
    taken: list[str] = []

    def greedy() -> None:
        taken.append("greedy")
        if len(taken) < 6:
            turnstile.wait(greedy)

    turnstile.wait(greedy)
    turnstile.wait(lambda: taken.append("modest"))
    while turns:
        turns.popleft()()  # type: ignore[operator]
    assert "modest" in taken[:2]


async def test_the_loop_gives_the_turns() -> None:
    turnstile = Turnstile()
    done = asyncio.Event()
    turnstile.wait(done.set)
    async with asyncio.timeout(10):
        await done.wait()
    assert len(turnstile) == 0
