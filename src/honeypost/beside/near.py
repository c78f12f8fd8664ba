"""
Which names a typed name may have been meant for.

A real user who mistypes her own name must never land in a decoy, so a decoy's name differs
from every real one by at least two typing errors.  The sources of real names can be asked
but not always listed (LDAP, SQL, regular expressions), so it is the neighbourhood of the
*typed* name that is enumerated, and every member is looked up.

Distance here is optimal string alignment: one letter left out, put in, replaced, or two
neighbours swapped.  A name of 12 letters has about 1,100 neighbours over 41 characters.
"""

from __future__ import annotations

from collections.abc import Iterable

COMMON_CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789._-+'"
"""What local parts are made of where the names cannot be listed to see."""

EXTENSION_DELIMITERS = "+-"
"""What separates an address extension: Postfix's recipient_delimiter, sendmail and qmail style."""

ACCOUNT_CHARACTERS = 254
"""Longest account that is judged (RFC 5321, 4.5.3.1.3, without the angle brackets)."""

LOCAL_PART_CHARACTERS = 64
"""Longest local part (RFC 5321, 4.5.3.1.1)."""


def askable(account: str) -> bool:
    """
    Can this be put to every source in one line?

    >>> askable("bob@example.org"), askable("bob smith@example.org"), askable("bob")
    (True, False, False)
    """
    local, _, domain = account.rpartition("@")
    return (
        0 < len(local) <= LOCAL_PART_CHARACTERS
        and bool(domain)
        and len(account) <= ACCOUNT_CHARACTERS
        and account.isprintable()
        and not any(character.isspace() for character in account)
    )


def exact_forms(account: str, domains: Iterable[str]) -> tuple[str, ...]:
    """
    Every way in which a source may know this very name; the account comes first.

    With and without domain, in each domain of the site (users take one for the other), with
    the extension cut at every delimiter, lower case, and ``@domain`` for a catch-all.

    >>> exact_forms("Bob+x@a.org", ["b.org"])
    ('bob+x@a.org', 'bob+x', 'bob+x@b.org', 'bob@a.org', 'bob', 'bob@b.org', '@a.org')
    """
    local, _, domain = account.lower().rpartition("@")
    places = (f"@{domain}", "", *(f"@{other.lower()}" for other in domains))
    forms = [name + place for name in _without_extension(local) for place in places]
    return tuple(dict.fromkeys([*forms, f"@{domain}"]))


def near_forms(account: str, characters: str = COMMON_CHARACTERS) -> tuple[str, ...]:
    """
    Every name one typing error away, with and without the domain.

    :param characters: what may have been left out or replaced; the more, the safer.

    >>> "bob@a.org" in near_forms("bop@a.org"), "bob" in near_forms("obb@a.org")
    (True, True)
    """
    local, _, domain = account.lower().rpartition("@")
    near = neighbours(local, characters)
    return tuple(form for name in near for form in (f"{name}@{domain}", name))


def neighbours(name: str, characters: str) -> set[str]:
    """
    All names at distance 1, the name itself not among them.

    >>> sorted(neighbours("ab", "b"))
    ['a', 'abb', 'b', 'ba', 'bab', 'bb']
    """
    splits = [(name[:at], name[at:]) for at in range(len(name) + 1)]
    near = {head + tail[1:] for head, tail in splits if tail}
    near |= {head + tail[1] + tail[0] + tail[2:] for head, tail in splits if len(tail) > 1}
    for letter in characters:
        near |= {head + letter + tail for head, tail in splits}
        near |= {head + letter + tail[1:] for head, tail in splits if tail}
    return near - {name, ""}


def _without_extension(local: str) -> list[str]:
    """Give the local part, and what is left of it before each delimiter."""
    cuts = [at for at, letter in enumerate(local) if at and letter in EXTENSION_DELIMITERS]
    return [local, *(local[:at] for at in reversed(cuts))]
