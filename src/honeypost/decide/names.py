"""
Names of accounts: their one canonical form, and which of them resemble each other.

``Bob``, ``bob`` and ``bob@example.org`` are one account when example.org is the first listed
domain: Dovecot folds the case of a login by default (``auth_username_format``), and bots
try a name with and without its domain.  The canonical form is ``local@domain`` in lower case.

Only plain local parts become decoys.  A login with an extension (``bob+tag``), a quoted
string, UTF-8 or a trailing blank is refused plainly, as Dovecot refuses an unknown user; so
no second spelling of a decoy ever works, and none of them can hide a real user's name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

LOCAL_LIMIT = 64
"""Octets of a local part, RFC 5321, 4.5.3.1.1."""

_LOCAL = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")

ROLES = frozenset(
    """
    abuse account accounting accounts admin administrator backup billing careers contact
    customerservice demo dev editor enquiries enquiry events feedback finance ftp guest hello
    help helpdesk hostmaster hr info inquiries invoice invoices it job jobs legal mail mailer
    manager marketing media monitor news newsletter no-reply noreply nagios office operator
    order orders payroll postmaster press privacy purchase purchasing reception root sales
    scan scanner secretary security server service services shop spam staff store subscribe
    support sysadmin team tech test tester user web webadmin webmaster webmail www
    """.split()  # noqa: SIM905 - eight lines of words read better than sixty of quotes
)
"""
Names of functions and not of people: RFC 2142, and what mail bots try first (the names most
tried in the 51,286 pairs of a 2019 honeypot were root, admin, test and user).
"""


def canonical(login: bytes, domains: Sequence[str]) -> str:
    """
    Give ``local@domain`` for a login, or ``""`` when no decoy can ever have that name.

    A bare local part belongs to the first of ``domains``; other domains than those listed
    have no decoys.

    >>> canonical(b"Bob", ["example.org"])
    'bob@example.org'
    >>> canonical(b"bob+tag@example.org", ["example.org"])
    ''
    """
    if not login.isascii():
        return ""
    local, domain = split_account(login.decode("ascii").lower())
    if not is_plain(local) or not domains:
        return ""
    if not domain:
        return "" if login.endswith(b"@") else f"{local}@{domains[0].lower()}"
    return f"{local}@{domain}" if is_listed(domain, domains) else ""


def is_plain(local: str) -> bool:
    """Is it a local part that a decoy may have: ``[a-z0-9._-]``, no stray dot, 1 to 64 long?"""
    return len(local) <= LOCAL_LIMIT and _LOCAL.fullmatch(local) is not None


def is_listed(domain: str, domains: Sequence[str]) -> bool:
    """Is it one of our domains?  Case does not matter, RFC 5321, 2.4."""
    return domain.lower() in {listed.lower() for listed in domains}


def split_account(account: str) -> tuple[str, str]:
    """
    Split at the last ``@``; a bare local part has no domain.

    >>> split_account("bob@example.org"), split_account("bob")
    (('bob', 'example.org'), ('bob', ''))
    """
    local, at, domain = account.rpartition("@")
    return (local, domain) if at else (domain, "")


def strip_extension(local: str, delimiters: str = "+") -> str:
    """
    Take off what follows the first delimiter; a leading delimiter is part of the name.

    >>> strip_extension("bob+lists")
    'bob'
    """
    for place, letter in enumerate(local):
        if place and letter in delimiters:
            return local[:place]
    return local


def is_role(account: str) -> bool:
    """Does the name stand for a function, such as ``info`` or ``postmaster``?"""
    return split_account(account)[0] in ROLES


def is_near_miss(one: str, other: str) -> bool:
    """
    Are they equal, or one slip of the keyboard apart?

    A slip is a letter missing, added or changed, or two neighbours swapped.

    >>> is_near_miss("alice", "alcie"), is_near_miss("alice", "bob")
    (True, False)
    """
    if abs(len(one) - len(other)) > 1:
        return False
    start = _common(one, other)
    if start == max(len(one), len(other)):
        return True
    rest, remainder = one[start:], other[start:]
    return (
        rest[1:] == remainder[1:]
        or rest[1:] == remainder
        or rest == remainder[1:]
        or (rest[:2] == remainder[:2][::-1] and rest[2:] == remainder[2:])
    )


def _common(one: str, other: str) -> int:
    """Count the letters that both begin with."""
    for place, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return place
    return min(len(one), len(other))
