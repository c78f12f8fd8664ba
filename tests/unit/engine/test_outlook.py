"""What would have been done, and to whom."""

from __future__ import annotations

from dataclasses import replace

import pytest

from honeypost.config.schema import Decoys
from honeypost.decide.decoys import Rules
from honeypost.decide.secrets import Vocabulary
from honeypost.engine.outlook import (
    HALF_GUESSES,
    NINE_TENTHS_GUESSES,
    DayOfLog,
    Diverted,
    Forecast,
    Guessed,
    Missed,
    Outlook,
    Seen,
)

EVERYBODY = Decoys(failures_min=2, failures_max=2, role_share=1.0, name_share=1.0)
DAY = 20_000


def rules(settings: Decoys = EVERYBODY) -> Rules:
    return Rules(settings, ["example.org", "example.net"], b"k" * 32, Vocabulary(()))


def outlook(*, settings: Decoys = EVERYBODY, **seen) -> Outlook:
    return Outlook(Seen(**seen), rules(settings))


def guesses(*rows: tuple[int, str, int]) -> list[Guessed]:
    return [Guessed(DAY + day, name, tries) for day, name, tries in rows]


def test_what_came_after_enough_failures_is_diverted() -> None:
    found = outlook(guesses=guesses((0, "info", 5), (1, "info@example.org", 3))).diverted()
    assert found == Diverted(5 - 2 + 3, ("info@example.org",))


def test_failures_add_up_over_days_and_forms_of_a_name() -> None:
    few = outlook(guesses=guesses((0, "info", 1), (1, "info@example.org", 1)))
    assert few.diverted() == Diverted()
    more = outlook(guesses=guesses((0, "info", 1), (1, "info@example.org", 1), (2, "info", 1)))
    assert more.diverted() == Diverted(1, ("info@example.org",))


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("info@elsewhere.example", "no domain of ours"),
        ("in fo", "no name of a decoy"),
        ("bob", "logged in before"),
        ("bob@example.net", "is real in the other domain"),
        ("bbo@example.org", "one slip away"),
        ("carol@example.org", "the site's own sources know it"),
    ],
)
def test_who_is_never_diverted(name: str, why: str) -> None:
    found = outlook(
        guesses=guesses((0, name, 99)),
        users={"bob@example.org": DAY},
        standings={"carol@example.org": "real"},
    )
    assert found.diverted() == Diverted(), why


def test_a_name_outside_the_keyed_share_is_never_diverted() -> None:
    none = replace(EVERYBODY, role_share=0.0, name_share=0.0)
    assert outlook(settings=none, guesses=guesses((0, "info", 99))).diverted() == Diverted()


def test_a_user_who_comes_later_is_counted_as_yours() -> None:
    seen = {"guesses": guesses((0, "dave", 5), (0, "info", 3), (4, "dave", 9))}
    assert outlook(**seen).diverted().user_sessions == 0
    found = outlook(**seen, users={"dave": DAY + 3}).diverted()
    assert found == Diverted(4, ("dave@example.org", "info@example.org"), 3, ("dave@example.org",))


def test_a_slip_of_another_user_protects_also_who_comes_later() -> None:
    found = outlook(guesses=guesses((0, "dave", 5)), users={"dave": DAY + 3, "dale": DAY + 3})
    assert found.diverted() == Diverted()


def test_no_more_decoys_a_day_than_the_cap() -> None:
    capped = replace(EVERYBODY, new_per_day=1)
    rows = guesses((0, "info", 4), (0, "sales", 9), (1, "info", 2), (2, "info", 1))
    found = outlook(settings=capped, guesses=rows).diverted()
    assert found == Diverted((9 - 2) + 2 + 1, ("sales@example.org", "info@example.org"))


def miss(name: str, *, home: bool = False, last: float = 5.0) -> Missed:
    return Missed(name, "192.0.2.0/24", 1.0, last, 2, int(home))


def test_near_misses_are_slips_and_strangers_from_users_networks() -> None:
    found = outlook(
        users={"bob@example.org": DAY},
        misses=[
            miss("bob@example.org", home=True),
            miss("bob", home=True),
            miss("info"),
            miss("robert", home=True, last=9.0),
            miss("bobby", home=True, last=8.0),
            miss("bib", home=True, last=1.0),
            miss("bob@elsewhere.example", home=True),
        ],
    ).near_misses()
    assert [(near.name, near.slip) for near in found] == [
        ("bib", True),
        ("robert", False),
        ("bobby", False),
    ]
    assert (found[0].place, found[0].tries, found[0].last) == ("192.0.2.0/24", 2, 1.0)


def test_the_most_wanted_names_and_who_they_are() -> None:
    found = outlook(
        users={"bob": DAY},
        guesses=guesses(
            (0, "info", 50),
            (1, "info", 2),
            (1, "info@example.org", 2),
            (1, "bob", 9),
            (1, "bib", 3),
            (1, "x@elsewhere.example", 5),
        ),
    ).most_wanted(DAY + 1)
    assert [(name.name, name.tries, name.standing) for name in found] == [
        ("bob@example.org", 9, "user"),
        ("x@elsewhere.example", 5, "elsewhere"),
        ("info@example.org", 4, "nobody"),
        ("bib@example.org", 3, "slip"),
    ]


def days(*numbers: int) -> list[DayOfLog]:
    return [DayOfLog(DAY + number, 0, 0, 0, 0, 0) for number in numbers]


def test_the_forecast_is_a_pace_and_a_measured_number() -> None:
    seen = {"days": days(-9, 0, 1, 3), "users": {"bob": DAY}}
    rows = guesses((-9, "info", 500), (0, "info", 30), (3, "info", 10), (3, "bob", 99))
    found = outlook(**seen, guesses=rows).forecast(DAY + 3)
    assert found.per_day == 10
    assert found.half_hours == pytest.approx(HALF_GUESSES * 2.4)
    assert found.nine_tenths_hours == pytest.approx(NINE_TENTHS_GUESSES * 2.4)


@pytest.mark.parametrize("looked", [(), (0,)])
def test_where_nobody_guesses_nothing_is_forecast(looked: tuple[int, ...]) -> None:
    assert outlook(days=days(*looked)).forecast(DAY) == Forecast(0.0, 0.0, 0.0)
