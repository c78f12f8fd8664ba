"""The gate before the decoys: a week of looking, fresh, with users in it."""

import pytest

from honeypost.engine.readiness import DAY, Observed, may_deceive

NOW = 1_772_366_400.0


def seen(days: float, *, ended: float = 0.0, missing: int = 0, users: int = 3) -> Observed:
    last = NOW - ended * DAY
    return Observed(last - days * DAY, last, missing, users, networks=users)


@pytest.mark.parametrize(
    ("observed", "reason"),
    [
        (Observed(), "no log was looked at yet"),
        (seen(3.2), "3.2 of 7 days were looked at; wait until 2026-03-05 or add older logs"),
        (seen(6.4), "6.4 of 7 days"),
        (seen(9, missing=3), "6.0 of 7 days"),
        (seen(20, ended=3), "the log was last looked at 3 days ago"),
        (seen(8, users=0), "in 8 days nobody logged in"),
    ],
)
def test_not_yet(observed: Observed, reason: str) -> None:
    allowed, why = may_deceive(observed, NOW)
    assert not allowed
    assert reason in why


@pytest.mark.parametrize("observed", [seen(6.5), seen(7), seen(29), seen(8, ended=1.9)])
def test_a_week_of_looking(observed: Observed) -> None:
    allowed, why = may_deceive(observed, NOW)
    assert allowed
    assert "names that logged in 3, networks 3" in why


def test_days_that_were_not_looked_at_do_not_count() -> None:
    assert seen(9, missing=4).days == 5
    assert Observed(NOW, NOW, missing_days=2).days == 0
