"""When a kind is told, and how seldom."""

from __future__ import annotations

import pytest

from honeypost.engine.alerts import (
    DAY,
    HOUR,
    LADDER,
    MAILS_A_DAY,
    QUIET,
    RULES,
    Ledger,
    Patience,
    to_tell,
)
from honeypost.model import AlertKind

NOON = 1_772_366_400.0


def test_every_kind_has_a_rule() -> None:
    assert set(RULES) == set(AlertKind)


def test_the_first_time_is_told_at_once_and_then_it_rests_longer_and_longer() -> None:
    ledger, now = Ledger(AlertKind.BUDGET), NOON
    assert not ledger.due(now)
    for rest in (*LADDER, LADDER[-1]):
        ledger = ledger.happened(now)
        assert ledger.due(now)
        ledger = ledger.told(now)
        assert not ledger.due(now)
        ledger = ledger.happened(now + 1)
        assert not ledger.due(now + rest - 1)
        assert ledger.due(now + rest)
        now += rest


def test_what_was_quiet_for_a_week_is_new_again() -> None:
    ledger = Ledger(AlertKind.BUDGET).happened(NOON).told(NOON)
    ledger = ledger.happened(NOON + DAY).told(NOON + DAY)
    assert ledger.rung == 2
    ledger = ledger.happened(NOON + DAY + QUIET)
    assert ledger.due(NOON + DAY + QUIET)
    assert ledger.told(NOON + DAY + QUIET).rung == 1


def test_what_stands_is_told_again_until_it_ends() -> None:
    ledger = Ledger(AlertKind.CONTAINMENT).begun(NOON)
    assert ledger.begun(NOON + 1) is ledger
    assert (ledger.pending, ledger.since, ledger.standing) == (1, NOON, True)
    ledger = ledger.told(NOON)
    assert not ledger.due(NOON + DAY - 1)
    assert ledger.due(NOON + DAY)
    ended = ledger.ended()
    assert not ended.due(NOON + DAY)
    assert ended.ended() is ended
    # What stands for weeks is not new because it is mentioned.
    assert ledger.told(NOON + DAY).happened(NOON + 30 * DAY).rung == 2


def test_what_ended_before_it_was_told_is_told_all_the_same() -> None:
    ledger = Ledger(AlertKind.CONTAINMENT).begun(NOON).ended()
    assert ledger.due(NOON)
    assert ledger.pending == 1


def test_the_first_decoy_is_told_once_and_for_all() -> None:
    ledger = Ledger(AlertKind.DECOY).happened(NOON).told(NOON).happened(NOON + 1)
    assert not ledger.due(NOON + 1000 * DAY)
    other = Ledger(AlertKind.BUDGET).happened(NOON)
    assert [each.kind for each in to_tell([ledger, other], NOON, [])] == [AlertKind.BUDGET]


def test_withheld_mail_is_gathered_for_a_day() -> None:
    ledger = Ledger(AlertKind.WITHHELD).happened(NOON).happened(NOON + HOUR)
    assert (ledger.pending, ledger.first, ledger.last) == (2, NOON, NOON + HOUR)
    assert not ledger.due(NOON + DAY - 1)
    assert ledger.due(NOON + DAY)


def test_one_mail_takes_in_all_that_is_untold() -> None:
    resting = Ledger(AlertKind.BUDGET).happened(NOON).told(NOON).happened(NOON + 60)
    silent = Ledger(AlertKind.EDGE)
    assert to_tell([resting, silent], NOON + 60, [NOON]) == []
    fresh = Ledger(AlertKind.CONTAINMENT).begun(NOON + 60)
    assert to_tell([fresh, resting, silent], NOON + 60, [NOON]) == [fresh, resting]


def test_after_so_many_mails_the_day_is_full() -> None:
    ledger = Ledger(AlertKind.BUDGET).happened(NOON)
    mailed = [NOON - number * HOUR for number in range(MAILS_A_DAY)]
    assert to_tell([ledger], NOON, mailed) == []
    assert to_tell([ledger], NOON, mailed[1:]) == [ledger]
    assert to_tell([ledger], mailed[-1] + DAY, mailed) == [ledger]


def test_a_clock_that_was_set_back_silences_nobody() -> None:
    ahead = Ledger(AlertKind.BUDGET).happened(NOON + 400 * DAY).told(NOON + 400 * DAY)
    assert ahead.happened(NOON).due(NOON)
    assert Ledger(AlertKind.WITHHELD).happened(NOON + 400 * DAY).due(NOON)
    assert to_tell([ahead.happened(NOON)], NOON, [NOON + 400 * DAY] * MAILS_A_DAY)
    # Only a little ahead: two clocks may differ, that is no reason for a second mail.
    assert not Ledger(AlertKind.BUDGET).happened(NOON).told(NOON + 60).happened(NOON).due(NOON)


@pytest.mark.parametrize("kind", [AlertKind.CONTAINMENT, AlertKind.EDGE, AlertKind.LOG])
def test_a_state_must_last(kind: AlertKind) -> None:
    patience, needed = Patience(), RULES[kind].patience
    assert needed
    assert not patience.stands(kind, "why", 5.0)
    assert not patience.stands(kind, "why else", 5.0 + needed - 1)
    assert patience.stands(kind, "why", 5.0 + needed)
    assert not patience.stands(kind, "", 6.0 + needed)
    assert not patience.stands(kind, "why", 7.0 + needed)


def test_an_hour_of_silence_is_an_hour() -> None:
    assert RULES[AlertKind.EDGE].patience == 3600.0
