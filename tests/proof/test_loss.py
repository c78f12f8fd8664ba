"""
No acknowledged capture is lost, wherever the power goes (criterion 9).

The workload runs on a file layer that remembers every call.  Then the disk is made as a crash
behind a random call could have left it, everything not synced being forgotten, kept or
torn by lot, and the store is opened there.
"""

from __future__ import annotations

import asyncio
import os
import random
from base64 import b64encode
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from honeypost.engine.traces import Trace
from honeypost.stores.segments import SegmentStore
from honeypost.testing.forgetful import ForgetfulFiles
from support.storage import body_of, envelope, keep, make_store

CUTS = 1000 if os.environ.get("HONEYPOST_PROOF") else 100
MESSAGES = 120
SENDERS = 8
SEGMENT_BYTES = 24 * 1024
FORGOTTEN = "erase.me@example.net"


@dataclass
class Workload:
    """What was promised, and behind which call."""

    files: ForgetfulFiles
    directory: Path
    kept: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    forgotten_at: int = 0

    async def send(self, store: SegmentStore, number: int) -> None:
        size = random.Random(number).choice((0, 1, 300, 4096, 9000, 80_000))
        body = body_of(number, size)
        named = FORGOTTEN.encode() if number % 10 == 3 else b"someone@example.net"
        # Every seventh is the next part of the message before it.
        queue_id = f"Q{number - number % 7 // 6}"
        capture = await keep(store, body, to=envelope(named, queue_id=queue_id))
        self.kept[capture.id] = (self.files.position, body)

    async def run(self) -> None:
        store = make_store(self.directory, files=self.files, segment_bytes=SEGMENT_BYTES)
        store.open()
        numbers = iter(range(MESSAGES))

        async def sender() -> None:
            for number in numbers:
                await self.send(store, number)

        await asyncio.gather(*(sender() for _ in range(SENDERS)))
        names = {c.id for c in store.captures() if Trace(FORGOTTEN).in_capture(c)}
        self.forgotten_at = self.files.position
        assert await store.forget(Trace(FORGOTTEN)) == len(names) > 0
        self.erased = names
        await asyncio.gather(*(self.send(store, MESSAGES + n) for n in (0, 1, 2)))
        store.close()

    def promised(self, position: int) -> dict[str, bytes]:
        """Every body that had been acknowledged by then and not been asked to be erased."""
        erased = self.erased if position > self.forgotten_at else set()
        return {
            id_: body
            for id_, (at, body) in self.kept.items()
            if at <= position and id_ not in erased
        }


@pytest.fixture(scope="module")
def workload(tmp_path_factory: pytest.TempPathFactory) -> Workload:
    made = Workload(ForgetfulFiles(), tmp_path_factory.mktemp("before"))
    asyncio.run(made.run())
    return made


def cuts(workload: Workload) -> list[int]:
    """Half of them anywhere, half just behind an acknowledgement, where it hurts most."""
    lot = random.Random(2026)
    promises = [position for position, _ in workload.kept.values()]
    anywhere = [lot.randrange(workload.files.position + 1) for _ in range(CUTS // 2)]
    return anywhere + [lot.choice(promises) for _ in range(CUTS - CUTS // 2)]


@pytest.mark.proof
async def test_an_acknowledged_capture_survives_any_power_loss(
    workload: Workload, tmp_path: Path
) -> None:
    for number, position in enumerate(cuts(workload)):
        after = tmp_path / str(number)
        workload.files.after_power_loss(position, number, workload.directory, after)
        store = make_store(after)
        store.open()
        try:
            for id_, body in workload.promised(position).items():
                assert store.read(id_) == body, f"cut {number} behind call {position}"
            # It also goes on working there.
            later = await keep(store, b"afterwards")
            assert store.read(later.id) == b"afterwards"
        finally:
            store.close()


@pytest.mark.proof
async def test_a_finished_forgetting_survives_any_power_loss(
    workload: Workload, tmp_path: Path
) -> None:
    end = workload.files.position
    for seed in range(CUTS // 10):
        after = tmp_path / str(seed)
        left = workload.files.after_power_loss(end, seed, workload.directory, after)
        assert not any(b64encode(FORGOTTEN.encode()) in path.read_bytes() for path in left)
        store = make_store(after)
        store.open()
        store.close()
        assert not workload.erased & {capture.id for capture in store.captures()}
