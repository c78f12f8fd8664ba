"""
A listener between a daemon and our own edge: passes on, answers late, or cuts answers in half.

The daemon calls it where it was told to find us, and we listen on a hidden socket behind it.
What passed is remembered, so a test sees who we were asked about.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
from collections.abc import Callable
from enum import Enum
from pathlib import Path

from support.sinks import Server

LATE_SECONDS = 5.0
CHUNK_BYTES = 65_536
CUT_IN = (1, 2, 3, 4)
"""In turn: the answer of a connection that is cut in half."""
REMEMBERED_BYTES = 50_000_000


class Manner(Enum):
    """How answers come."""

    AT_ONCE = "at once"
    LATE = "late"
    CUT = "cut"


class Between(Server):
    """One listener; ``manner`` may be changed at any time, also in the middle of an answer."""

    def __init__(
        self, listening: socket.socket, hidden: Path, cut: Callable[[], None] = lambda: None
    ) -> None:
        """:param cut: called at the moment when half of an answer is out."""
        self.manner = Manner.AT_ONCE
        self.asked = bytearray()
        """All that came from the daemon."""
        self.troubled = 0
        """Answers that were late or cut."""
        self._hidden, self._cut = hidden, cut
        self._turns = itertools.cycle(CUT_IN)
        super().__init__(listening)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        theirs, ours = await asyncio.open_unix_connection(self._hidden)
        asking = asyncio.create_task(self._questions(reader, ours))
        try:
            await self._answers(theirs, writer)
        finally:
            asking.cancel()
            ours.close()
            await asyncio.gather(asking, return_exceptions=True)

    async def _questions(self, reader: asyncio.StreamReader, ours: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while chunk := await reader.read(CHUNK_BYTES):
                if len(self.asked) < REMEMBERED_BYTES:
                    self.asked += chunk
                ours.write(chunk)
            ours.write_eof()

    async def _answers(self, theirs: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        cut_in = next(self._turns)
        for number in itertools.count(1):
            chunk = await theirs.read(CHUNK_BYTES)
            if not chunk:
                return
            if self.manner is Manner.LATE:
                self.troubled += 1
                await asyncio.sleep(LATE_SECONDS)
            if self.manner is Manner.CUT and number >= cut_in:
                self.troubled += 1
                writer.write(chunk[: len(chunk) // 2])
                await writer.drain()
                self._cut()
                return
            writer.write(chunk)
