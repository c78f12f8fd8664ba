"""Captures as fast as it can and says on standard output what is safe, until it is killed."""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
import time
from pathlib import Path

from honeypost.engine.journal import Journal
from honeypost.events import MessageCaptured
from honeypost.stores.journal import JournalStore
from support.storage import ROOMY, WHO, body_of, envelope, keep, make_store

SENDERS = 20
SEGMENT_BYTES = 256 * 1024


async def main(directory: Path, start: int) -> None:
    log = JournalStore(directory / "journal.db")
    log.open()
    journal = Journal(log, time.time, os.urandom, last_id=log.last_id)
    store = make_store(directory, ROOMY, segment_bytes=SEGMENT_BYTES)
    store.open()
    numbers = itertools.count(start)

    async def sender() -> None:
        while True:
            number = next(numbers)
            body = body_of(number, number % 5 * 3000)
            capture = await keep(store, body, to=envelope(queue_id=f"Q{number}"), time=time.time())
            os.write(1, f"capture {capture.id} {number}\n".encode())
            event = MessageCaptured(capture.id, "", "", b"", 1, capture.size, capture.sha256)
            entry = journal.note(event, WHO)
            await journal.flush()
            os.write(1, f"event {entry.id} {number}\n".encode())

    await asyncio.gather(*(sender() for _ in range(SENDERS)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
