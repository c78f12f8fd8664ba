"""Names, and names one slip away."""

from __future__ import annotations

import pytest

from honeypost.engine.roster import Roster
from support.slips import near_misses

ROSTER = Roster(["alice@example.org", "bob", "ann@far.test"])


def test_who_is_listed() -> None:
    assert "alice@example.org" in ROSTER
    assert "alice" not in ROSTER


def test_every_slip_is_seen() -> None:
    for slip in near_misses("alice"):
        assert ROSTER.resembles(f"{slip}@example.org"), slip


@pytest.mark.parametrize(
    "name",
    ["alcie@far.test", "alicexy@example.org", "alie", "laiec@example.org", "", "@example.org"],
)
def test_what_is_no_slip(name: str) -> None:
    assert not ROSTER.resembles(name)


def test_bare_names_resemble_bare_names() -> None:
    assert ROSTER.resembles("bbo")
    assert not ROSTER.resembles("bbo@example.org")


def test_a_very_long_name_costs_little() -> None:
    assert not ROSTER.resembles("x" * 100_000)
