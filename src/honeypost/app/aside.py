"""
Blocking work beside the loop, in a thread that nobody waits for at the end.

asyncio's own pool is joined when the process ends, so a question to a name server that is silent
would hold up the end of the worker for half a minute.  A daemon thread dies with the process.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


async def aside(work: Callable[[], T], name: str) -> T:
    """
    Give what ``work`` returns, or raise what it raises; it runs in a thread of its own.

    How many run at once is the caller's business.  Whoever is cancelled does not stop the work.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def finish(settle: Callable[[], None]) -> None:
        # The loop may be closed by now, and whoever waited may be gone.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(lambda: None if future.done() else settle())

    def run() -> None:
        try:
            result = work()
        except Exception as error:  # noqa: BLE001 - handed to whoever waits
            failure = error
            finish(lambda: future.set_exception(failure))
        else:
            finish(lambda: future.set_result(result))

    threading.Thread(target=run, name=name, daemon=True).start()
    return await future
