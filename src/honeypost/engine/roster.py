"""
Listed real names, and which names are one slip of the keyboard away from one of them.

Two names one slip apart (a letter missing, added, changed, or two neighbours swapped) become
equal when each loses at most one letter.  So every listed name is filed under itself and
under what remains without each of its letters; a name is looked up the same way, and what is
found is compared for sure.  A look costs the length of the name, whatever the number listed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from honeypost.decide.names import LOCAL_LIMIT, is_near_miss, split_account


class Roster:
    """Real names, ``local@domain`` or bare, in lower case."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(names)
        self._filed: dict[str, list[str]] = {}
        for name in self._names:
            for key in _keys(name):
                self._filed.setdefault(key, []).append(name)

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def resembles(self, name: str) -> bool:
        """Is the name one of them, or one slip away from one in the same domain?"""
        local, domain = split_account(name)
        for key in _keys(name):
            for listed in self._filed.get(key, ()):
                real, its_domain = split_account(listed)
                if domain == its_domain and is_near_miss(local, real):
                    return True
        return False


def _keys(name: str) -> Iterator[str]:
    local, domain = split_account(name)
    local = local[: LOCAL_LIMIT + 1]
    yield f"{local}@{domain}"
    for place in range(len(local)):
        yield f"{local[:place]}{local[place + 1 :]}@{domain}"
