"""
The edge's line to the firewall helper: never waited for, told everything anew when it comes back.

Orders are queued and sent by a task of its own.  When there is no helper they are dropped, for
with each new connection all that stands is told again; so a helper that was away, or a kernel
that was started anew, is right within seconds.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from honeypost.beside.firewall.orders import LINE_BYTES, Add, Clear, Count, Order, Remove, written
from honeypost.engine.penalties import Standing

QUEUE: Final = 4096
"""Orders that wait; the oldest go first, and the next connection tells all that stands."""

BURST: Final = 256
"""Orders on their way at once."""

READ_BYTES: Final = 4 * LINE_BYTES
"""Longest answer: what ``nft`` complains, with room."""

ANSWER_SECONDS: Final = 10.0
RETRY_SECONDS: Final = 5.0
"""Between two tries to reach the helper."""
COUNT_SECONDS: Final = 15.0
"""Between two looks at how many packets were refused."""


class FirewallLine:
    """Implements :class:`~honeypost.ports.Actuator`; used from the event loop only."""

    def __init__(self, path: Path, retry_seconds: float = RETRY_SECONDS) -> None:
        self._path = path
        self._retry = retry_seconds
        self._waiting: deque[Order] = deque(maxlen=QUEUE)
        self._rung = asyncio.Event()
        self.packets = 0
        """Packets refused, as the helper last counted."""
        self.refused = 0
        """Orders that the helper did not carry out."""
        self.trouble = "the firewall helper was not reached yet"
        """Why penalties are not carried out now, ``""`` when they are."""

    def impose(self, network: str, seconds: int) -> None:
        """See :meth:`honeypost.ports.Actuator.impose`."""
        self._order(Add(network, seconds))

    def lift(self, network: str) -> None:
        """See :meth:`honeypost.ports.Actuator.lift`."""
        self._order(Remove(network))

    async def clear(self) -> None:
        """End all penalties, if there is a helper: they are not wanted any more."""
        with suppress(OSError, ValueError):
            async with asyncio.timeout(ANSWER_SECONDS):
                reader, writer = await asyncio.open_unix_connection(self._path, limit=READ_BYTES)
                try:
                    await self._told(reader, writer, [Clear()])
                finally:
                    writer.transport.abort()

    async def run(self, standing: Callable[[], Iterable[Standing]]) -> None:
        """
        Keep the line up for ever.

        :param standing: gives what stands now, whenever it must be told anew.
        """
        while True:
            try:
                await self._connection(standing)
            except (OSError, ValueError) as error:
                why = str(error) or "it took too long"
                self.trouble = f"the firewall helper does not answer at {self._path}: {why}"
            await asyncio.sleep(self._retry)

    def _order(self, order: Order) -> None:
        self._waiting.append(order)
        self._rung.set()

    async def _connection(self, standing: Callable[[], Iterable[Standing]]) -> None:
        async with asyncio.timeout(ANSWER_SECONDS):
            reader, writer = await asyncio.open_unix_connection(self._path, limit=READ_BYTES)
        try:
            gone = [order for order in self._waiting if isinstance(order, Remove)]
            self._waiting.clear()
            adds = [Add(each.network, each.seconds) for each in standing()]
            await self._tell(reader, writer, [*gone, *adds])
            self.trouble = ""
            while True:
                await self._tell(reader, writer, [*self._taken(), Count()])
                # Not wait_for: before Python 3.12 it may swallow a cancellation.
                with suppress(TimeoutError):
                    async with asyncio.timeout(COUNT_SECONDS):
                        await self._rung.wait()
        finally:
            writer.transport.abort()

    def _taken(self) -> list[Order]:
        self._rung.clear()
        orders = list(self._waiting)
        self._waiting.clear()
        return orders

    async def _tell(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, orders: list[Order]
    ) -> None:
        for first in range(0, len(orders), BURST):
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._told(reader, writer, orders[first : first + BURST])

    async def _told(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, orders: list[Order]
    ) -> None:
        """
        Give orders and take the answers.

        :raises ConnectionError: it is gone, or has not carried all out: all is told anew then.
        """
        before, why = self.refused, ""
        writer.write(b"".join(map(written, orders)))
        await writer.drain()
        for _ in orders:
            answer = await reader.readline()
            if not answer:
                raise ConnectionResetError("it has ended the connection")
            word, _, rest = answer.decode("ascii", "replace").strip().partition(" ")
            if word == "count" and rest.isdecimal():
                self.packets = int(rest)
            elif word == "no":
                self.refused += 1
                why = rest
        if self.refused > before:
            raise ConnectionRefusedError(f"an order was not carried out: {why}")
