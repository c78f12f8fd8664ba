"""One canonical form for each account, and which names resemble each other."""

import pytest

from honeypost.decide import names
from support.slips import near_misses

DOMAINS = ("example.org", "Example.NET")


@pytest.mark.parametrize(
    ("login", "account"),
    [
        (b"bob", "bob@example.org"),
        (b"BOB", "bob@example.org"),
        (b"Bob@Example.Org", "bob@example.org"),
        (b"bob@example.net", "bob@example.net"),
        (b"a.b-c_d9", "a.b-c_d9@example.org"),
        (b"x" * 64, "x" * 64 + "@example.org"),
        (b"x" * 65, ""),
        (b"", ""),
        (b"@example.org", ""),
        (b"bob@", ""),
        (b"bob@other.org", ""),
        (b"bob@example.org.", ""),
        (b"bob+tag", ""),
        (b"bob+tag@example.org", ""),
        (b"bob ", ""),
        (b" bob", ""),
        (b"bob\0", ""),
        (b"bob\n", ""),
        (b"b\xc3\xb6b", ""),
        ("\u212aate".encode(), ""),  # the Kelvin sign folds to k in Unicode
        (b"../../etc", ""),
        (b".bob", ""),
        (b"bob.", ""),
        (b"bo..b", ""),
        (b'"bob"', ""),
        (b"a@b@example.org", ""),
    ],
)
def test_a_login_has_one_account_or_none(login, account):
    assert names.canonical(login, DOMAINS) == account


def test_without_domains_there_are_no_accounts():
    assert names.canonical(b"bob", ()) == ""
    assert names.canonical(b"bob@example.org", ()) == ""


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        ("alice", "alice", True),
        ("alice", "alic", True),
        ("alice", "alicee", True),
        ("alice", "blice", True),
        ("alice", "alicd", True),
        ("alice", "laice", True),
        ("alice", "alcie", True),
        ("alice", "lcie", False),
        ("alice", "bob", False),
        ("alice", "alxxe", False),
        ("alice", "alicexy", False),
        ("ab", "ba", True),
        ("a", "", True),
        ("", "", True),
        ("abcd", "badc", False),
        ("abc", "cab", False),
    ],
)
def test_a_slip_of_the_keyboard_is_a_near_miss(one, other, near):
    assert names.is_near_miss(one, other) is near
    assert names.is_near_miss(other, one) is near


def test_near_misses_are_what_is_near_and_plain():
    listed = list(near_misses("bob"))
    assert {"bo", "ob", "bbo", "obb", "bobb", "bab", "xbob"} <= set(listed)
    assert "bob" not in listed
    assert all(names.is_near_miss("bob", one) for one in listed)


@pytest.mark.parametrize(
    ("local", "base"), [("bob+x", "bob"), ("bob", "bob"), ("+x", "+x"), ("a+b+c", "a"), ("", "")]
)
def test_an_extension_is_taken_off(local, base):
    assert names.strip_extension(local) == base


def test_another_delimiter_is_taken_off_when_told():
    assert names.strip_extension("bob-x", "-") == "bob"


def test_roles_are_known_in_any_domain():
    assert names.is_role("postmaster@example.org")
    assert names.is_role("info")
    assert not names.is_role("bob@example.org")


def test_every_role_is_a_plain_name():
    assert all(names.is_plain(role) for role in names.ROLES)
