"""Keyed choices: stable, spread evenly, and telling nothing of each other."""

import re

from honeypost.decide import keyed

KEY, OTHER = b"k" * 32, b"o" * 32
ACCOUNTS = [f"name{number}@example.org" for number in range(2000)]


def test_parts_are_told_apart_by_their_length():
    assert keyed.digest(KEY, "p", b"a", b"bc") != keyed.digest(KEY, "p", b"ab", b"c")
    assert keyed.digest(KEY, "pa", b"b") != keyed.digest(KEY, "p", b"ab")


def test_fractions_are_even_and_hang_on_key_and_purpose():
    share = sum(keyed.fraction(KEY, "exists", name) < 0.25 for name in ACCOUNTS) / len(ACCOUNTS)
    assert 0.21 < share < 0.29
    name = ACCOUNTS[0]
    assert keyed.fraction(KEY, "exists", name) == keyed.fraction(KEY, "exists", name)
    assert keyed.fraction(KEY, "exists", name) != keyed.fraction(OTHER, "exists", name)
    assert keyed.fraction(KEY, "exists", name) != keyed.fraction(KEY, "failures", name)


def test_integers_take_every_value_between_the_limits():
    drawn = {keyed.integer(KEY, "failures", name, 2, 5) for name in ACCOUNTS}
    assert drawn == {2, 3, 4, 5}


def test_a_tag_is_bound_to_key_account_and_secret():
    tag = keyed.tag(KEY, "a@x", b"secret")
    assert re.fullmatch("[0-9a-f]{16}", tag)
    assert tag == keyed.tag(KEY, "a@x", b"secret")
    others = {
        keyed.tag(OTHER, "a@x", b"secret"),
        keyed.tag(KEY, "b@x", b"secret"),
        keyed.tag(KEY, "a@x", b"Secret"),
    }
    assert tag not in others
    assert len(others) == 3


def test_markers_are_opaque_stable_and_different():
    markers = [keyed.marker(KEY, name) for name in ACCOUNTS]
    assert all(re.fullmatch("[a-z0-9]{16}", marker) for marker in markers)
    assert len(set(markers)) == len(markers)
    assert keyed.marker(KEY, ACCOUNTS[0]) == markers[0]
    assert keyed.marker(OTHER, ACCOUNTS[0]) != markers[0]
