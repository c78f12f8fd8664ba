"""
Chance from the kernel, drawn in stock.

Each call of the kernel lets the stores' writer threads take the interpreter from the event
loop, and a message needs three draws of 8 bytes for its ids.  So those are cut from a larger
draw.  No piece is given out twice, whichever threads ask.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from honeypost.ports import Chance

PIECE_BYTES: Final = 8
"""What ids and sessions want."""
STOCK_PIECES: Final = 256


class Stock:
    """
    A :data:`~honeypost.ports.Chance`; other sizes than a piece come from the source directly.

    >>> len(Stock(bytes)(8))
    8
    """

    __slots__ = ("_pieces", "_source")

    def __init__(self, source: Chance) -> None:
        """:param source: the kernel, ``os.urandom``."""
        self._source = source
        self._pieces: deque[bytes] = deque()

    def __call__(self, count: int) -> bytes:
        """Give so many bytes."""
        if count != PIECE_BYTES:
            return self._source(count)
        while True:
            try:
                return self._pieces.popleft()
            except IndexError:
                self._draw()

    def _draw(self) -> None:
        drawn = self._source(PIECE_BYTES * STOCK_PIECES)
        cuts = range(0, len(drawn), PIECE_BYTES)
        self._pieces.extend(drawn[cut : cut + PIECE_BYTES] for cut in cuts)
