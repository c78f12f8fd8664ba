"""
Tasks that are not lost.

asyncio keeps only a weak reference to a task, and what a forgotten task raises is told to
nobody.  Here every task is held until it is done, carries a name, and its failure is logged.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from honeypost.errors import HoneypostError

log = logging.getLogger(__name__)


class Tasks:
    """The tasks of one process."""

    __slots__ = ("_running",)

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        return len(self._running)

    def start(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Run ``work``; it is held until done and its failure is logged under ``name``."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._finished)
        return task

    async def settle(self, seconds: float) -> int:
        """
        Let what runs finish for so long, then cancel the rest.

        :returns: how many had to be cancelled.
        """
        if not self._running:
            return 0
        _, late = await asyncio.wait(self._running, timeout=seconds)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)
        return len(late)

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            # What we raise on purpose says all in one line; the rest is a mistake of ours.
            trace = None if isinstance(error, HoneypostError) else error
            log.error("task %s failed: %s", task.get_name(), error, exc_info=trace)
