"""
A time limit that is put off again and again.

Each command of a client begins its idle limit anew, and a new timer for each would cost more
than reading the command.  So the one that is set is left alone when it rings too early, and
then set for the rest.
"""

from __future__ import annotations

from collections.abc import Callable

from honeypost.net.service import Timed, Timer
from honeypost.ports import Clock


class Alarm:
    """
    Rings once, after the time that was ``set`` last.

    :param clock: one that only goes forward, the timer's.
    """

    __slots__ = ("_clock", "_due", "_ring", "_timed", "_timer", "_wakes_at")

    def __init__(self, timer: Timer, clock: Clock, ring: Callable[[], None]) -> None:
        self._timer = timer
        self._clock = clock
        self._ring = ring
        self._due = 0.0
        self._wakes_at = 0.0
        self._timed: Timed | None = None

    def set(self, seconds: float) -> None:
        """Ring after so long; what was set before does not count any more."""
        self._due = self._clock() + seconds
        if self._timed is not None:
            if self._wakes_at <= self._due:
                return
            self._timed.cancel()
        self._wait(seconds)

    def cancel(self) -> None:
        """Do not ring; safe to call twice."""
        if self._timed is not None:
            self._timed.cancel()
            self._timed = None

    def _wait(self, seconds: float) -> None:
        self._wakes_at = self._clock() + seconds
        self._timed = self._timer(seconds, self._woken)

    def _woken(self) -> None:
        self._timed = None
        if (rest := self._due - self._clock()) > 0:
            self._wait(rest)
        else:
            self._ring()
