"""The site's own sources are asked about the most wanted names, seldom."""

from __future__ import annotations

from pathlib import Path

import pytest

from honeypost.app import standing
from honeypost.app.standing import ASK_SECONDS, FRESH_SECONDS, IDLE_SECONDS, Standings
from honeypost.config.schema import Decoys
from honeypost.decide.decoys import Rules
from honeypost.decide.secrets import Vocabulary
from honeypost.engine.logevents import Kind, LogEvent, Outcome
from honeypost.engine.watching import Picture
from honeypost.ports import Reality
from honeypost.stores.intel import IntelStore
from honeypost.stores.observations import Observations
from honeypost.stores.watched import Watched
from honeypost.testing.memory import ManualClock

NOON = 1_772_366_400.0
RULES = Rules(Decoys(failures_min=2, failures_max=2), ["example.org"], b"k" * 32, Vocabulary(()))


class Names:
    def __init__(self) -> None:
        self.asked: list[str] = []

    async def reality(self, account: str) -> Reality:
        self.asked.append(account)
        return Reality.REAL if account.startswith("carol") else Reality.UNKNOWN


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "intel.db"


@pytest.fixture
def watched(path: Path):
    with IntelStore(path) as intel:
        yield Watched(intel)


def refused(watched: Watched, **tries: int) -> None:
    picture = Picture("k3f9x2.invalid", NOON)
    for name, count in tries.items():
        event = LogEvent(
            Kind.LOGIN, Outcome.REFUSED, "192.0.2.7", "imap", name.encode(), tries=count
        )
        picture.take(event, NOON)
    watched.add(picture, "")


async def test_names_that_could_open_are_asked_once_a_day(path: Path, watched: Watched) -> None:
    refused(watched, info=9, carol=20, seldom=2, **{"x@elsewhere.example": 99})
    clock, names = ManualClock(NOON), Names()
    asking = Standings(path, watched, RULES, names, clock)
    assert await asking.look() == 2
    assert names.asked == ["carol@example.org", "info@example.org"]
    with Observations(path) as view:
        assert view.standings() == {"carol@example.org": "real", "info@example.org": "unknown"}
    assert await asking.look() == 0
    clock.now += ASK_SECONDS
    assert await asking.look() == 0
    refused(watched, sales=9)
    assert await asking.look() == 0
    clock.now += IDLE_SECONDS
    assert await asking.look() == 1
    clock.now += FRESH_SECONDS
    assert await asking.look() == 2  # "sales" was asked a day ago to the second


async def test_only_so_many_are_asked_at_once(
    path: Path, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standing, "MOST_ASKED", 2)
    refused(watched, a=9, b=8, c=7)
    names = Names()
    assert await Standings(path, watched, RULES, names, ManualClock(NOON)).look() == 2
    assert names.asked == ["a@example.org", "b@example.org"]


async def test_where_nothing_was_observed_nobody_is_asked(tmp_path: Path, watched: Watched) -> None:
    assert (
        await Standings(tmp_path / "none", watched, RULES, Names(), ManualClock(NOON)).look() == 0
    )
