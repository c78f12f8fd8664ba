"""The ladder, what counts, what is forgotten, and what may never be under a penalty."""

import pytest

from honeypost.decide.penalty import (
    SECRETS,
    Ladder,
    Outcome,
    Record,
    covers,
    decay,
    fail,
    may_be_punished,
    site_of,
)

DAY = 86_400
LADDER = Ladder((60, 300, 1800), 0.25, DAY)
NOW = 1_000_000.0


def outcomes(record: Record, *tags: str, at: float = NOW) -> list[str]:
    return [str(fail(record, tag, at, LADDER, 0.0)) for tag in tags]


def test_the_first_failure_is_free_and_the_second_is_not():
    record = Record()
    assert outcomes(record, "a", "b") == ["free", "imposed"]
    assert record.until == NOW + 60


def test_failures_of_sessions_that_were_open_cost_no_further_rung():
    record = Record()
    assert outcomes(record, "a", "b", "c", "d") == ["free", "imposed", "standing", "standing"]
    assert (record.rung, record.failures, record.until) == (1, 4, NOW + 60)


def test_each_failure_after_a_pause_costs_the_next_rung_up_to_the_last():
    record, lasted = Record(), []
    fail(record, "0", NOW, LADDER, 0.0)
    now = NOW
    for tag in range(1, 6):
        assert fail(record, str(tag), now, LADDER, 0.0) is Outcome.IMPOSED
        lasted.append(record.until - now)
        now = record.until
    assert lasted == [60, 300, 1800, 1800, 1800]


def test_the_same_wrong_secret_counts_once():
    record = Record()
    assert outcomes(record, "a", "a", "a") == ["free", "repeated", "repeated"]
    assert record.failures == 1


def test_a_device_with_several_accounts_may_repeat_them_all():
    record = Record()
    tags = [str(number) for number in range(SECRETS)]
    outcomes(record, *tags)
    assert set(outcomes(record, *tags * 3)) == {"repeated"}
    assert len(record.tags) == SECRETS


def test_the_oldest_secret_makes_way():
    record = Record()
    outcomes(record, *(str(number) for number in range(SECRETS + 1)))
    assert outcomes(record, "0") == ["standing"]


def test_an_unknown_secret_is_never_a_repeat():
    record = Record()
    assert outcomes(record, "", "") == ["free", "imposed"]
    assert record.tags == ()


@pytest.mark.parametrize(
    ("quiet", "left"), [(DAY - 1, (3, 2)), (DAY, (2, 1)), (2 * DAY, (1, 0)), (9 * DAY, (0, 0))]
)
def test_a_quiet_day_forgets_one_failure_and_one_rung(quiet: float, left: tuple[int, int]):
    record = Record(rung=2, failures=3, until=NOW)
    record.tags = ("a",)
    decay(record, NOW + quiet, LADDER)
    assert (record.failures, record.rung) == left
    assert bool(record.tags) == bool(left[0])
    assert record.empty() == (left == (0, 0))


def test_the_quiet_begins_when_the_penalty_ends():
    record = Record(rung=2, failures=3, until=NOW + 1800)
    decay(record, NOW + 1800 + DAY - 1, LADDER)
    assert record.rung == 2


def test_forgetting_goes_on_from_where_it_was():
    record = Record(rung=2, failures=3, until=NOW)
    decay(record, NOW + DAY, LADDER)
    decay(record, NOW + DAY + 1, LADDER)
    assert record.failures == 2


def test_a_clock_set_back_forgets_nothing():
    record = Record(rung=2, failures=3, until=NOW)
    decay(record, NOW - 30 * DAY, LADDER)
    assert record.failures == 3
    assert outcomes(record, "a", at=NOW - DAY) == ["standing"]
    assert record.seen_at == NOW


def test_after_enough_quiet_the_first_failure_is_free_again():
    record = Record()
    outcomes(record, "a", "b")
    assert outcomes(record, "b", at=NOW + 60 + 3 * DAY) == ["free"]


def test_jitter_lengthens_up_to_the_next_rung_only():
    close = Ladder((60, 63), 0.5, DAY)
    assert close.pause(1, 0.0) == 60
    assert close.pause(1, 0.9) == 63
    assert close.pause(2, 0.5) == 63 * 1.25


@pytest.mark.parametrize(
    ("address", "meant"),
    [
        ("192.0.2.7", True),
        ("2001:db8::7", True),
        ("127.0.0.5", False),
        ("::1", False),
        ("::ffff:127.0.0.1", False),
        ("169.254.1.1", False),
        ("fe80::1%eth0", False),
        ("224.0.0.1", False),
        ("0.0.0.0", False),
        ("::", False),
        ("", False),
        ("nonsense", False),
    ],
)
def test_the_host_itself_and_its_link_are_never_meant(address: str, *, meant: bool):
    assert may_be_punished(address) is meant


@pytest.mark.parametrize(
    ("network", "form"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("192.0.2.7/32", "192.0.2.7"),
        ("192.0.2.0/24", ""),
        ("192.0.2.6/31", ""),
        ("0.0.0.0/0", ""),
        ("2001:db8:1:2::/64", "2001:db8:1:2::/64"),
        ("2001:db8:1::/48", "2001:db8:1::/48"),
        ("2001:DB8:1:2:0::/64", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1/64", ""),
        ("2001:db8:1:2::7", ""),
        ("2001:db8::/47", ""),
        ("2001:db8::/56", ""),
        ("::/0", ""),
        ("::/64", ""),
        ("::/48", ""),
        ("::1", ""),
        ("::ffff:192.0.2.7", ""),
        ("fe80::/64", ""),
        ("ff02::/48", ""),
        ("127.0.0.1", ""),
        ("", ""),
        ("x", ""),
    ],
)
def test_what_may_be_under_a_penalty(network: str, form: str):
    assert covers(network) == form


def test_only_ipv6_has_a_wider_site():
    assert site_of("2001:db8:7:9::/64") == "2001:db8:7::/48"
    assert site_of("192.0.2.7") == ""
