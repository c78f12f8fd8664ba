"""Wait for a condition, never for a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
TICK_SECONDS = 0.02


def until(condition: Callable[[], T], explain=lambda: "", *, seconds: float = 15.0) -> T:
    """
    Poll until the condition holds, and give what it gave.

    :param explain: gives the text that is shown when it never does.
    """
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(
                f"not within {seconds} s: {explain() if callable(explain) else explain}"
            )
        time.sleep(TICK_SECONDS)
    return found


async def until_async(condition: Callable[[], object], *, seconds: float = 15.0) -> None:
    """Poll until the condition holds, and let the loop run meanwhile."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s")
        await asyncio.sleep(TICK_SECONDS)
