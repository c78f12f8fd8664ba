"""One stretch of a log, folded."""

import pytest

from honeypost.engine.logevents import Kind, LogEvent, Outcome
from honeypost.engine.watching import NAME_LIMIT, Picture, Span, folded, number

NOON = 1_772_366_400.0
DAY = number(NOON)
MARKER = "k3f9x2.invalid"


def login(name: str, client: str = "192.0.2.7", *, good: bool = False, **more) -> LogEvent:
    outcome = Outcome.ACCEPTED if good else Outcome.REFUSED
    return LogEvent(Kind.LOGIN, outcome, client, "imap", name.encode(), **more)


def probe(client: str = "192.0.2.7", outcome: Outcome = Outcome.UNKNOWN) -> LogEvent:
    return LogEvent(Kind.RECIPIENT, outcome, client, "smtp", b"x@example.org")


@pytest.fixture
def picture() -> Picture:
    return Picture(MARKER, NOON)


def test_a_good_login_teaches_name_and_place(picture: Picture) -> None:
    picture.take(login("Bob@Example.org", "2001:db8:1:2::3", good=True), NOON - 60)
    picture.take(login("bob@example.org", "2001:db8:1:9::3", good=True), NOON)
    assert picture.users == {"bob@example.org": Span(NOON - 60, NOON)}
    assert picture.homes == {("bob@example.org", "2001:db8:1::/48"): Span(NOON - 60, NOON)}
    assert picture.days[DAY].accepted == 2
    assert not picture.guessed
    assert not picture.misses


def test_who_logs_in_from_this_host_is_known_but_has_no_place(picture: Picture) -> None:
    picture.take(login("bob", "127.0.0.1", good=True), NOON)
    picture.take(login("eve", "", good=True), NOON)
    assert set(picture.users) == {"bob", "eve"}
    assert not picture.homes


def test_a_won_decoy_is_nobody(picture: Picture) -> None:
    picture.take(login(f"abc@{MARKER}", good=True), NOON)
    picture.take(login("", good=True), NOON)
    assert not picture.users
    assert not picture.homes
    assert picture.days[DAY].accepted == 0


def test_refusals_are_counted_by_day_name_and_place(picture: Picture) -> None:
    picture.take(login("info", "192.0.2.7", tries=3), NOON)
    picture.take(login("info", "192.0.2.9"), NOON - 86_400)
    picture.take(login("info", "192.0.2.9", behind=True), NOON)
    picture.take(login("", "198.51.100.1"), NOON)
    assert {key: sums.tries for key, sums in picture.guessed.items()} == {
        (DAY, "info"): 3,
        (DAY - 1, "info"): 1,
    }
    (miss,) = picture.misses.values()
    assert list(picture.misses) == [("info", "192.0.2.0/24")]
    assert (miss.span, miss.refusals.front, miss.refusals.behind) == (
        Span(NOON - 86_400, NOON),
        4,
        1,
    )
    assert picture.days[DAY].refusals.tries == 4
    assert len(picture.days[DAY].sources) == 3


def test_probes_and_relays_are_counted(picture: Picture) -> None:
    picture.take(probe(), NOON)
    picture.take(probe(outcome=Outcome.RELAY_DENIED, client=""), NOON)
    picture.take(LogEvent(Kind.SESSION, Outcome.OPENED, "192.0.2.7", "smtp"), NOON)
    picture.take(LogEvent(Kind.LOGIN, Outcome.NO_ANSWER, "192.0.2.7", "smtp"), NOON)
    day = picture.days[DAY]
    assert (day.probes, day.relays, day.refusals.tries, len(day.sources)) == (1, 1, 0, 1)


@pytest.mark.parametrize("time", [None, 0.0, -5.0, NOON + 86_401])
def test_a_line_without_a_usable_time_counts_nowhere(picture: Picture, time: float | None) -> None:
    picture.take(login("info"), time)
    picture.take(login("bob", good=True), time)
    picture.look(time or 0.0)
    assert not (picture.days)
    assert not (picture.users)
    assert not (picture.guessed)


def test_a_quiet_day_was_looked_at_too(picture: Picture) -> None:
    picture.look(NOON - 10)
    picture.look(NOON)
    assert picture.days[DAY].span == Span(NOON - 10, NOON)
    assert picture.days[DAY].accepted == 0


@pytest.mark.parametrize(("gap", "days"), [(1, 2), (2, 3), (3, 4), (4, 2), (40, 2)])
def test_a_silent_day_or_two_between_lines_were_looked_at(gap: int, days: int) -> None:
    picture = Picture(MARKER, NOON)
    picture.look(NOON - gap * 86_400)
    picture.take(probe(), NOON)
    assert len(picture.days) == days
    assert picture.reached == NOON
    later = Picture(MARKER, NOON, reached=NOON - gap * 86_400)
    later.look(NOON)
    assert len(later.days) == days - 1


def test_a_name_is_kept_printable_and_short() -> None:
    assert folded(b" Caf\xc3\xa9\x1b[2J ") == "café\\x1b[2j"
    assert len(folded(b"a" * 1000)) == NAME_LIMIT + 1
