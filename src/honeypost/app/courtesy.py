"""
The worker gives way when processors are short.

Findings can wait, an answer cannot.  A low priority alone does not help the edge enough: while
the extraction child takes what is left of two processors, each message costs the edge a fifth
more (measured).  So the worker works in stints and rests while hardly a processor is idle, but
not longer than ``REST_SECONDS``: under a load that never ends it still works a tenth of the
time.  How many messages that are is for the size of the machine to say; none is lost, the
backlog is on the disk.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from honeypost.ports import Clock

STINT_SECONDS: Final = 0.2
"""Worked without a look at the processors."""
PAUSE_SECONDS: Final = 0.2
"""Between two looks of one rest; the kernel counts in hundredths."""
REST_SECONDS: Final = 2.0
SPARE: Final = 0.75
"""Processors that must be idle; the child takes one.  Of a single one half is enough."""

STAT: Final = Path("/proc/stat")
TICKS: Final = os.sysconf("SC_CLK_TCK")
IDLE_FIELDS: Final = slice(4, 6)
"""``idle`` and ``iowait`` of the line that sums up all processors (proc(5))."""


def idle_seconds() -> float:
    """Seconds for which processors were idle since the machine started, all together."""
    with STAT.open("rb") as file:
        return sum(map(int, file.readline().split()[IDLE_FIELDS])) / TICKS


class Courtesy:
    """
    Asked before each piece of work.

    :param clock: one that only goes forward.
    :param idle: what processors have idled so far; ``OSError``: nobody can tell, so no rest.
    """

    def __init__(
        self,
        clock: Clock = time.monotonic,
        idle: Callable[[], float] = idle_seconds,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        processors: int = os.cpu_count() or 1,
    ) -> None:
        self._clock = clock
        self._idle = idle
        self._sleep = sleep
        self._wanted = min(SPARE, processors / 2)
        self._stint_ends = float("-inf")
        self._looked_at = clock()
        self._idled = float("-inf")

    async def give_way(self) -> None:
        """Return at once within a stint, else when there is a processor to spare."""
        if self._clock() < self._stint_ends:
            return
        until = self._clock() + REST_SECONDS
        while not self._spare() and self._clock() < until:
            await self._sleep(PAUSE_SECONDS)
        self._stint_ends = self._clock() + STINT_SECONDS

    def _spare(self) -> bool:
        """Have enough processors been idle since the last look?"""
        try:
            idled, now = self._idle(), self._clock()
        except OSError:
            return True
        wanted = self._wanted * (now - self._looked_at)
        enough = idled - self._idled >= wanted
        self._idled, self._looked_at = idled, now
        return enough
