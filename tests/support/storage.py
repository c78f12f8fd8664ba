"""Messages for the stores: made up from a number, so that a test can tell what is missing."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from honeypost.config.schema import Budgets
from honeypost.model import Client, Envelope, Identity, Protocol, Recipient
from honeypost.ports import Capture
from honeypost.stores.files import DISK, Files
from honeypost.stores.segments import SegmentStore
from honeypost.stores.spool import Spool

MIB = 1024 * 1024
ROOMY = Budgets(disk_free_bytes=0)
WHO = Identity("s-1", Client("2001:db8::25", 40025), "submission", Protocol.SUBMISSION)


def identity(address: str) -> Identity:
    return Identity("s-2", Client(address, 40026), "submission", Protocol.SUBMISSION)


def envelope(*recipients: bytes, queue_id: str = "", account: str = "info@example.org") -> Envelope:
    named = tuple(map(Recipient, recipients or (b"someone@example.net",)))
    return Envelope(b"info@example.org", named, account=account, queue_id=queue_id)


def body_of(number: int, size: int) -> bytes:
    """Bytes that belong to this number and no other."""
    block = hashlib.sha256(str(number).encode()).digest()
    return (block * (size // len(block) + 1))[:size]


def make_store(
    directory: Path,
    budgets: Budgets = ROOMY,
    *,
    files: Files = DISK,
    segment_bytes: int = 16 * MIB,
) -> SegmentStore:
    spool = Spool(directory / "spool", budgets)
    return SegmentStore(
        directory / "segments",
        spool,
        budgets,
        os.urandom,
        files=files,
        segment_bytes=segment_bytes,
    )


async def keep(
    store: SegmentStore,
    body: bytes,
    *,
    to: Envelope | None = None,
    who: Identity = WHO,
    time: float = 1_772_366_400.0,
) -> Capture:
    spooled = store.spool()
    spooled.write(body)
    return await store.keep(to or envelope(), who, spooled, time)


async def eventually(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Let the loop go on until the condition holds; other threads make it so."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - a thread's state has no asyncio event
            await asyncio.sleep(0.001)
