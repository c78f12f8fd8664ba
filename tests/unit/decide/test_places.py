"""A place: what a good login speaks for."""

import pytest

from honeypost.decide.places import place


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("192.0.2.1", "192.0.2.0/24"),
        ("192.0.3.1", "192.0.3.0/24"),
        ("::ffff:192.0.2.9", "192.0.2.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("2001:DB8:1:ffff::3", "2001:db8:1::/48"),
        ("2001:db8:2::3", "2001:db8:2::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("127.0.0.1", ""),
        ("::1", ""),
        ("", ""),
    ],
)
def test_the_place_of_an_address(address: str, expected: str) -> None:
    assert place(address) == expected


def test_what_is_no_address_is_said() -> None:
    with pytest.raises(ValueError, match="nonsense"):
        place("nonsense")
