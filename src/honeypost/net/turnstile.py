"""
Lets few connections do heavy work in each turn of the event loop.

The loop serves every readable socket before it comes back to anything else, and an answer
takes several turns.  With fifty clients that send bodies as fast as they can, Dovecot's
question waited 300 ms (measured, two cores).  So who has just sent a full buffer, or is in
a TLS handshake, waits here for its next step; everybody else is served at once.

The queue has at most one entry for each connection: who waits is not read from.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

STEPS_PER_TURN = 1

Step = Callable[[], None]


def soon(step: Step) -> None:
    """Have the running loop call it in its next turn."""
    asyncio.get_running_loop().call_soon(step)


class Turnstile:
    """
    One for all connections of a process.

    :param next_turn: calls back in the loop's next turn.
    """

    __slots__ = ("_next_turn", "_turning", "_waiting")

    def __init__(self, next_turn: Callable[[Step], None] = soon) -> None:
        self._next_turn = next_turn
        self._waiting: deque[Step] = deque()
        self._turning = False

    def __len__(self) -> int:
        return len(self._waiting)

    def wait(self, step: Step) -> None:
        """Have ``step`` called when its turn has come, first come first served."""
        self._waiting.append(step)
        if not self._turning:
            self._turning = True
            self._next_turn(self._turn)

    def _turn(self) -> None:
        # What a step queues anew waits for a later turn, also when nobody else is there.
        for _ in range(min(STEPS_PER_TURN, len(self._waiting))):
            self._waiting.popleft()()
        self._turning = bool(self._waiting)
        if self._turning:
            self._next_turn(self._turn)
