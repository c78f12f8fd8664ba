from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from honeypost.beside import near

LOCAL = st.text(near.COMMON_CHARACTERS, min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("account", "answer"),
    [
        ("bob@example.org", True),
        ("bob+tag@example.org", True),
        ("bøb@example.org", True),
        ("bob", False),
        ("@example.org", False),
        ("bob@", False),
        ("bob smith@example.org", False),
        ("bob\t@example.org", False),
        ("bob\nUSER\t2\tx@example.org", False),
        ("bob\u2028@example.org", False),
        ("b" * 65 + "@example.org", False),
        ("b@" + "e" * 260, False),
    ],
)
def test_only_what_fits_into_one_line_of_every_source_is_askable(account, answer):
    assert near.askable(account) is answer


def test_exact_forms_are_with_and_without_domain_in_every_domain_and_without_extension():
    forms = near.exact_forms("Info+a+b@a.org", ["b.org", "a.org"])
    assert forms[0] == "info+a+b@a.org"
    assert set(forms) == {
        local + place
        for local in ("info+a+b", "info+a", "info")
        for place in ("@a.org", "@b.org", "")
    } | {"@a.org"}


def test_a_leading_delimiter_does_not_make_an_empty_name():
    assert "" not in near.exact_forms("+x@a.org", [])


@given(LOCAL, st.integers(0, 11), st.sampled_from(near.COMMON_CHARACTERS))
def test_every_single_typing_error_is_a_neighbour(name, where, letter):
    where %= len(name)
    typed = {
        name[:where] + name[where + 1 :],
        name[:where] + letter + name[where:],
        name[:where] + letter + name[where + 1 :],
        name[:where] + name[where : where + 2][::-1] + name[where + 2 :],
    } - {name, ""}
    assert typed <= near.neighbours(name, near.COMMON_CHARACTERS)


@given(LOCAL)
def test_being_a_neighbour_goes_both_ways(name):
    other = min(near.neighbours(name, "ab"))
    assert name in near.neighbours(other, near.COMMON_CHARACTERS)


def test_near_forms_have_the_domain_and_have_it_not():
    assert {"bob@a.org", "bob", "obb@a.org"} <= set(near.near_forms("bobb@a.org"))


def test_letters_of_other_alphabets_count_where_they_occur_in_real_names():
    assert "jürgen" not in near.near_forms("jurgen@a.org")
    assert "jürgen" in near.near_forms("jurgen@a.org", near.COMMON_CHARACTERS + "ü")
