"""
How late the event loop is.

A step that takes long delays every session, and Dovecot's question most of all.  The meter
asks to be called back after ``INTERVAL_SECONDS`` and takes what it is late by.
"""

from __future__ import annotations

from honeypost.net.service import Timed, Timer, call_later
from honeypost.ports import Clock

INTERVAL_SECONDS = 0.25


class LagMeter:
    """
    Measures from ``start`` to ``stop``.

    :param clock: one that only goes forward, the loop's.
    """

    def __init__(self, clock: Clock, timer: Timer = call_later) -> None:
        self._clock = clock
        self._timer = timer
        self._due = 0.0
        self._timed: Timed | None = None
        self._worst = 0.0
        self.worst_ever = 0.0
        """Seconds, since the start."""

    def start(self) -> None:
        """Begin to measure."""
        self._due = self._clock() + INTERVAL_SECONDS
        self._timed = self._timer(INTERVAL_SECONDS, self._called)

    def stop(self) -> None:
        """Stop measuring."""
        if self._timed is not None:
            self._timed.cancel()

    def take_worst(self) -> float:
        """Give the longest delay since the last call of this, in seconds."""
        worst, self._worst = self._worst, 0.0
        return worst

    def _called(self) -> None:
        late = max(0.0, self._clock() - self._due)
        self._worst = max(self._worst, late)
        self.worst_ever = max(self.worst_ever, late)
        self.start()
