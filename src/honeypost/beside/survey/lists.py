"""
Take apart what stands in a Postfix setting: lists, restriction lists, access tables.

A list is separated by commas or blanks; ``{ ... }`` is one member, commas and all.  In a
restriction list some members take the next one as argument (``check_client_access hash:/x``), a
bare table is an access check of its list's own kind, and the name of a restriction class stands
for that class's list.  A table may name a class as its result, so classes found in a table's
text count as reached.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

NESTED_CLASSES = 10
"""Classes within classes that are followed; Postfix itself knows no limit but its stack."""

_WITH_ARGUMENT = re.compile(
    r"check_\w+|reject_rbl_client|reject_rhsbl_\w+|permit_dnswl_client|permit_rhswl_client"
    r"|reject_maps_rbl|sleep"
)
_ROUTING = re.compile(r"(?i)(FILTER|REDIRECT)\s+(\S+)")
_PATTERN = re.compile(r"!?([^\w\s!])(?:\\.|(?!\1).)*\1\w*\s+(.*)", re.DOTALL)
_TABLE = re.compile(r"[a-z]\w*:.+", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Restriction:
    """One restriction of a list, in force."""

    name: str
    argument: str = ""


def members(value: str) -> tuple[str, ...]:
    """
    Split a list.

    >>> members("a, hash:/b regexp:{{/x y/ z}}, c")
    ('a', 'hash:/b', 'regexp:{{/x y/ z}}', 'c')
    """
    found, word, depth = [], "", 0
    for letter in value:
        depth += (letter == "{") - (letter == "}")
        if depth <= 0 and (letter.isspace() or letter == ","):
            found.append(word)
            word = ""
        else:
            word += letter
    return tuple(filter(None, (*found, word)))


def restrictions(
    settings: Mapping[str, str], name: str, text_of: Callable[[str], str | None] = lambda _: None
) -> tuple[Restriction, ...]:
    """
    Everything that a restriction list may come to, classes included, in order.

    :param settings: what is in force on the service, expanded.
    :param text_of: gives the text of an access table, to find classes in it.
    """
    classes = frozenset(members(settings.get("smtpd_restriction_classes", "")))
    return tuple(_unfolded(settings, settings.get(name, ""), classes, text_of, NESTED_CLASSES))


def _unfolded(
    settings: Mapping[str, str],
    value: str,
    classes: frozenset[str],
    text_of: Callable[[str], str | None],
    depth: int,
) -> Iterator[Restriction]:
    for found in _listed(value):
        reached = [found.name] if found.name in classes else []
        if not reached:
            yield found
        if found.argument and found.name.endswith("_access"):
            words = set(re.findall(r"\w+", text_of(found.argument) or found.argument))
            reached = sorted(classes & words)
        for name in reached if depth else ():
            yield from _unfolded(settings, settings.get(name, ""), classes, text_of, depth - 1)


def _listed(value: str) -> Iterator[Restriction]:
    waiting = iter(members(value))
    for member in waiting:
        if _WITH_ARGUMENT.fullmatch(member):
            yield Restriction(member, next(waiting, ""))
        elif _TABLE.fullmatch(member):
            yield Restriction("check_own_access", member)
        else:
            yield Restriction(member)


def routings(text: str) -> tuple[tuple[str, str], ...]:
    """
    Actions of a table that send a message elsewhere, with where to.

    >>> routings("/^X: filter me/ REJECT\\n/^Y/ FILTER smtp:[::1]:10\\n# /z/ REDIRECT a@b")
    (('FILTER', 'smtp:[::1]:10'),)
    """
    found = (_ROUTING.match(_result(entry)) for entry in _entries(text))
    return tuple((match[1].upper(), match[2]) for match in found if match)


def _entries(text: str) -> Iterator[str]:
    """Give the entries of a table's source, or of one that stands in the setting itself."""
    if text.startswith("{"):
        yield from (entry.removeprefix("{").removesuffix("}") for entry in members(text[1:-1]))
        return
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    yield from re.sub(r"\n[ \t]+", " ", "\n".join(lines)).splitlines()


def _result(entry: str) -> str:
    """Give what an entry says, without its key or pattern."""
    entry = entry.strip()
    match = _PATTERN.fullmatch(entry)
    if match:
        return match[2]
    parts = re.split(r"[\s=]+", entry, maxsplit=1)
    return parts[1] if len(parts) > 1 else ""
