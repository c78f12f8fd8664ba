"""What somebody allowed, by any part that is touched."""

import pytest

from honeypost.engine.allowed import NETWORKS_LIMIT, Allowance, Allowed


def allowed(*networks: str) -> Allowed:
    made = Allowed()
    made.replace("a", [Allowance(network, f"a {network}") for network in networks])
    return made


@pytest.mark.parametrize(
    ("known", "asked"),
    [
        ("192.0.2.0/24", "192.0.2.7"),
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8::/32", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::5", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::5", "2001:db8:1::/48"),
        ("10.1.2.3/255.0.0.0", "10.9.9.9"),
    ],
)
def test_any_part_that_is_touched_counts(known: str, asked: str):
    assert allowed("198.51.100.1", known).source_of(asked) == f"a {known}"


@pytest.mark.parametrize(
    ("known", "asked"),
    [
        ("192.0.2.0/24", "192.0.3.7"),
        ("2001:db8:1:3::5", "2001:db8:1:2::/64"),
        ("0.0.0.0/0", "2001:db8::/64"),
        ("mail.example.org", "192.0.2.7"),
        ("192.0.2.0/24", "mail.example.org"),
    ],
)
def test_others_are_not(known: str, asked: str):
    assert allowed(known).source_of(asked) == ""


def test_a_source_is_replaced_as_a_whole_and_alone():
    known = allowed("192.0.2.7")
    known.replace("b", [Allowance("198.51.100.7", "b")])
    known.replace("a", [])
    assert known.source_of("192.0.2.7") == ""
    assert known.source_of("198.51.100.7") == "b"


def test_more_than_a_limit_are_not_looked_at():
    numbers = range(NETWORKS_LIMIT + 1)
    known = allowed(*(f"10.{number >> 8}.{number & 255}.1" for number in numbers))
    assert known.source_of("10.3.255.1")
    assert not known.source_of("10.4.0.1")
