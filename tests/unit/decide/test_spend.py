"""Bytes of a day, for all and for each account."""

from honeypost.decide.spend import DAY_SECONDS, DayBudget

NOON = 20_000 * DAY_SECONDS + DAY_SECONDS / 2


def test_all_together_spend_the_limit_and_no_more():
    budget = DayBudget(100, account_share=1.0)
    budget.spend(NOON, 60)
    assert budget.has_room(NOON, 40, "a")
    assert not budget.has_room(NOON, 41, "a")


def test_one_account_spends_its_share_and_leaves_the_rest_to_others():
    budget = DayBudget(100)
    budget.charge(NOON, 50, "a")
    budget.spend(NOON, 50)
    assert not budget.has_room(NOON, 1, "a")
    assert budget.has_room(NOON, 50, "b")


def test_at_midnight_everything_is_there_again():
    budget = DayBudget(100)
    budget.spend(NOON, 100)
    budget.charge(NOON, 50, "a")
    midnight = NOON + DAY_SECONDS / 2
    assert not budget.has_room(midnight - 1, 1, "a")
    assert budget.has_room(midnight, 50, "a")


def test_a_clock_set_back_a_little_gives_nothing_for_free():
    budget = DayBudget(100)
    budget.spend(NOON, 100)
    assert not budget.has_room(NOON - DAY_SECONDS, 1, "a")
    assert budget.has_room(NOON - 3 * DAY_SECONDS, 1, "a")
