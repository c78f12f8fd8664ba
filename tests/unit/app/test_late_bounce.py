"""The edge's part: there when it is needed, with the memory of the captures."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from honeypost.app.late_bounce import is_served, new_bounces
from honeypost.config.schema import Budgets, Config, LateBounce, Listeners, Paths
from honeypost.engine.spending import Spending
from honeypost.model import Client, Envelope, Identity, Protocol, Recipient
from honeypost.questions import MayWithhold, Withholding
from honeypost.testing.memory import ManualClock, MemoryJournal
from support.storage import keep, make_store

LIMBO = Identity("s-1", Client(""), "limbo", Protocol.LIMBO)


@pytest.mark.parametrize(
    ("listener", "mode", "served"),
    [("", "off", False), ("", "on", True), ("unix:/x", "off", True)],
)
def test_what_waits_is_answered_also_when_it_is_switched_off(listener, mode, served) -> None:
    config = Config(listeners=Listeners(limbo=listener), late_bounce=LateBounce(mode=mode))
    assert is_served(config) is served


@pytest.mark.parametrize(("listener", "found"), [("unix:/x", "later"), ("", "hold")])
async def test_captures_are_read_where_it_is_served(tmp_path, listener, found) -> None:
    store = make_store(tmp_path)
    store.open()
    journal = MemoryJournal(ManualClock())

    await keep(
        store, b"x", to=Envelope(b"a@b", (Recipient(b"x@y"),), queue_id="Q"), who=LIMBO,
        time=time.time(),
    )  # fmt: skip
    bounces = new_bounces(
        Config(listeners=Listeners(limbo=listener)),
        Paths(tmp_path / "data"),
        store,
        spending=Spending(Budgets(), journal, ManualClock()),
        journal=journal,
        director=SimpleNamespace(is_decoy=lambda _: False),
    )
    question = MayWithhold(Recipient(b"x@y"), b"a@b", "Q", None, local=False)
    assert (await bounces.answer(question, LIMBO)).withholding is Withholding(found)
    store.close()
