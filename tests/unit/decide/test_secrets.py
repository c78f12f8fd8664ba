"""What may win and what may be kept in clear."""

import pytest

from honeypost.decide import secrets
from honeypost.decide.secrets import Vocabulary
from support.decoy_site import LISTED, shipped

NOW = 1_772_366_400.0  # 2026-03-01


@pytest.mark.parametrize("word", LISTED)
def test_common_passwords_are_listed(word):
    assert shipped().rule(word.encode(), "bob@example.org", NOW) == "list"
    assert shipped().rule(word.upper().encode(), "bob@example.org", NOW) == "list"


@pytest.mark.parametrize(
    ("typed", "rule"),
    [
        (b"bob", "{local}"),
        (b"Bob123", "{local}123"),
        (b"bob@123", "{local}@123"),
        (b"bob@2026", "{local}@{year}"),
        (b"bob2018", "{local}{year}"),
        (b"bob2018!", "{local}{year}!"),
        (b"bob2017", ""),
        (b"bob2027", ""),
        (b"bobbob", "{local}{local}"),
        (b"123bob", "123{local}"),
        (b"example2025", "{domain}{year}"),
        (b"EXAMPLE!", "{domain}!"),
        (b"bob1999", ""),
        (b"bob.2026.x", ""),
        (b"boob123", ""),
        (b"xk3Jq9PzR2mW7t", ""),
        (b"123456 ", ""),
        (b"", ""),
        (b"\xff\xfe", ""),
        ("\u017fhadow".encode(), ""),  # long s folds to s in Unicode
        (b"a" * 65, ""),
    ],
)
def test_a_secret_has_the_rule_it_was_made_by(typed, rule):
    assert Vocabulary(["123456", "shadow"]).rule(typed, "bob@example.org", NOW) == rule


@pytest.mark.parametrize(
    ("typed", "rule"),
    [
        (b"smith1", "{part}1"),
        (b"anne!", "{part}!"),
        (b"annesmith12", "{joined}12"),
        (b"anne.smith1", "{local}1"),
    ],
)
def test_parts_of_a_name_count(typed, rule):
    assert Vocabulary([]).rule(typed, "anne.smith@example.org", NOW) == rule


def test_a_part_of_two_letters_does_not_count():
    assert Vocabulary([]).rule(b"jo12345", "jo.smith@example.org", NOW) == ""


def test_the_list_has_30000_words_and_no_long_one():
    words = list(shipped())
    assert len(words) == len(shipped()) == 30_000
    assert max(map(len, words)) <= secrets.LONGEST
    assert all(word.isascii() and word == word.lower() for word in words)


@pytest.mark.parametrize(
    ("secret", "account"),
    [
        ("admin", "admin@example.org"),
        ("test", "test@example.org"),
        ("ROOT", "root@example.org"),
        ("postmaster", "postmaster@example.org"),
        ("mail", "mail@example.org"),
        ("password", "admin@example.org"),
        ("Password", "root@example.org"),
        ("webmaster", "admin@example.org"),
        ("changeme", "info@example.org"),
        ("dragon", "dragon@example.org"),
        ("bob@example.org", "bob@example.org"),
    ],
)
def test_obvious_pairs(secret, account):
    assert secrets.is_obvious_pair(secret, account)


@pytest.mark.parametrize(
    ("secret", "account"),
    [("password", "bob@example.org"), ("123456", "admin@example.org"), ("bob123", "bob@x.org")],
)
def test_other_pairs_are_not(secret, account):
    assert not secrets.is_obvious_pair(secret, account)
