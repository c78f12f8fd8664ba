"""
Which secrets a decoy may be won with, and what may be kept of a typed one.

A decoy that opened to any string would be unmasked by one random password (bots do try that
first).  So only what an attacker *can* guess ever wins: one of the 30,000 most used
passwords, or a template of the name such as ``bob123``.  The same rule protects people: what
is on that list or is made of the account's own name tells nothing about whoever typed it, so
only that is ever kept in clear.  Of anything else a keyed tag is kept (:mod:`.keyed`).

The templates are those that attackers' tools fill in.  Of the pairs in the 51,286 captured by
a honeypot in 2019 whose secret is made of the login, 2,027 are ``{local}123``, 468
``{local}@123``, 199 the name twice, 99 ``{local}1``; the reversed name is so rare that it
is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from honeypost.decide.names import ROLES, split_account

SHORTEST = 6
"""Shorter ones never win: tools skip passwords under 6 characters, and servers refuse them."""

LONGEST = 64
"""A longer secret is not looked up; the longest word of the list has 25 characters."""

YEARS_BACK = 8
"""``{local}2024`` counts for this year and so many before it."""

SHORTEST_PART = 3
"""``bob.smith`` gives the parts ``bob`` and ``smith``; shorter ones are left out."""

LIST = "list"
"""The rule's name for a secret of the shipped list."""

_SUFFIXES = frozenset(
    (
        *("1", "12", "123", "1234", "12345", "123456", "01", "321"),
        *("!", "1!", "12!", "123!", "!@#", "!1", "!123", "#123", "_123", "-123"),
        *("@1", "@12", "@123", "@1234", "@321", "123@", "pass", "pw"),
    )
)
_YEAR_MARKS = ("", "@", "#", "!", "_", "-", ".")

_NOTORIOUS = frozenset(("password", "passwd", "pass", "changeme", "default", "secret", "welcome"))


class Vocabulary:
    """The shipped list and the templates; about 5 MB of memory, asked in microseconds."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = frozenset(word.casefold() for word in words)

    def __len__(self) -> int:
        return len(self._words)

    def __iter__(self) -> Iterator[str]:
        """Give the words of the list, in no order."""
        return iter(self._words)

    def rule(self, secret: bytes, account: str, now: float) -> str:
        """
        Say why this secret could be guessed: ``list``, a template's name, or ``""`` if not.

        Case is folded; ``now`` (Unix time) gives the years that count.
        """
        if not 0 < len(secret) <= LONGEST or not secret.isascii():
            return ""
        folded = secret.decode("ascii").casefold()
        if folded in self._words:
            return LIST
        return template(folded, account, datetime.fromtimestamp(now, UTC).year)


def template(folded: str, account: str, year: int) -> str:
    """
    Name the template of the account's name that a case-folded secret fills, ``""`` if none.

    >>> template("bob@2024", "bob@example.org", 2026), template("example!", "bob@example.org", 2026)
    ('{local}@{year}', '{domain}!')
    """
    for label, base in _bases(account):
        if folded == base:
            return label
        if folded in (base + base, "123" + base):
            return f"123{label}" if folded.startswith("123") else label * 2
        if folded.startswith(base):
            ending = _ending(folded[len(base) :], year)
            if ending:
                return label + ending
    return ""


def _bases(account: str) -> Iterator[tuple[str, str]]:
    """Give what templates are filled with: the local part, its parts, the domain's label."""
    local, domain = split_account(account)
    yield "{local}", local
    for mark in "._-":
        if mark in local:
            yield "{joined}", local.replace(mark, "")
            parts = (part for part in local.split(mark) if len(part) >= SHORTEST_PART)
            yield from (("{part}", part) for part in parts)
    yield "{domain}", domain.partition(".")[0]


def _ending(rest: str, year: int) -> str:
    """Name what follows the base: a known suffix, or a year with a mark before or after it."""
    if rest in _SUFFIXES:
        return rest
    for back in range(YEARS_BACK + 1):
        head, found, tail = rest.partition(str(year - back))
        if found and head in _YEAR_MARKS and tail in ("", "!"):
            return f"{head}{{year}}{tail}"
    return ""


def is_obvious_pair(secret: str, account: str) -> bool:
    """
    Is it a pair that honeypot hunters try first, such as ``admin/admin``?

    A secret equal to the name never wins; nor does, on a role account, another role's name
    or a word such as ``password`` (``admin/password`` and ``root/admin`` are what scanners for
    honeypots send: a server that takes them is taken for one).

    >>> is_obvious_pair("Bob", "bob@example.org"), is_obvious_pair("password", "root@example.org")
    (True, True)
    """
    folded, local = secret.casefold(), split_account(account)[0]
    if folded in (local, account):
        return True
    return local in ROLES and (folded in ROLES or folded in _NOTORIOUS)
