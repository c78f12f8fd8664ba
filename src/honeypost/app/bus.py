"""
"Look again": tells the worker that there is something new.

A datagram without content, at most one in ``PAUSE_SECONDS``.  The worker has a cursor of its
own and looks by itself now and then, so a lost datagram, or no worker at all, costs time and
nothing else.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Sequence
from pathlib import Path

from honeypost.net.service import Timer, call_later
from honeypost.ports import Entry

PAUSE_SECONDS = 1.0
"""Also the time after which the journal has what it was told."""

LOOK_AGAIN = b"\n"


class Bell:
    """A sink of the journal."""

    def __init__(self, path: Path, timer: Timer = call_later) -> None:
        self._path = str(path)
        self._timer = timer
        self._rung = False
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)  # noqa: FBT003 the socket module has it so

    def write(self, entries: Sequence[Entry]) -> None:  # noqa: ARG002 that there are some says it
        """Ring within a second."""
        if not self._rung:
            self._rung = True
            self._timer(PAUSE_SECONDS, self._ring)

    def close(self) -> None:
        """Ring a last time and be silent."""
        self._ring()
        self._socket.close()

    def _ring(self) -> None:
        self._rung = False
        with contextlib.suppress(OSError):
            self._socket.sendto(LOOK_AGAIN, self._path)
