"""
How much memory this process holds, against its budget.

What is resident is asked of the kernel, because the sum of our own limits leaves out what the
interpreter and TLS keep for themselves.  It is asked at most every ``INTERVAL_SECONDS``, so a
flood of clients does not make a flood of questions.  Over the budget the C library is first made
to return what it keeps of freed memory (malloc_trim(3)).
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from honeypost.ports import Clock

INTERVAL_SECONDS = 0.25
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
STATM = Path("/proc/self/statm")


def resident_bytes() -> int:
    """Bytes of this process in memory (proc(5), statm); 0 where the kernel does not tell."""
    try:
        return int(STATM.read_text().split()[1]) * PAGE_BYTES
    except (OSError, ValueError, IndexError):
        return 0


def give_back() -> None:
    """Have the C library return what it keeps of freed memory; nothing where it cannot."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


class MemoryBudget:
    """
    Says whether the process is over its budget.

    :param clock: one that only goes forward.
    """

    def __init__(
        self,
        limit: int,
        clock: Clock,
        resident: Callable[[], int] = resident_bytes,
        trim: Callable[[], object] = give_back,
    ) -> None:
        self.limit = limit
        self._clock = clock
        self._resident = resident
        self._trim = trim
        self._asked_at = float("-inf")
        self._used = 0

    @property
    def used(self) -> int:
        """Bytes, no older than ``INTERVAL_SECONDS``."""
        now = self._clock()
        if now - self._asked_at >= INTERVAL_SECONDS:
            self._asked_at = now
            self._used = self._resident()
            if self._used > self.limit:
                self._trim()
                self._used = self._resident()
        return self._used

    @property
    def exceeded(self) -> bool:
        """Is there more than the budget?"""
        return self.used > self.limit
