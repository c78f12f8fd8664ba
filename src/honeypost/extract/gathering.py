"""
The links of one message: parsed, each once, the strongest role first, bounded.

Strings are parsed role by role at the end, so that a flood of pictures or text cannot push
a clickable link out of the report.
"""

from __future__ import annotations

from collections.abc import Iterable

from honeypost.extract import limits, urls
from honeypost.extract.marks import Marks
from honeypost.extract.report import Link, Role

Candidate = tuple[str, str, str, str]
"""The string, where it stands, the base it is relative to, a note."""


class Gathering:
    """Collects strings that may be URLs; ``links`` makes the report's list of them."""

    def __init__(self, marks: Marks) -> None:
        self._marks = marks
        self._candidates: dict[Role, dict[Candidate, None]] = {role: {} for role in Role}

    def add(
        self, raws: Iterable[str], role: Role, where: str, base: str = "", note: str = ""
    ) -> None:
        """Take strings; what is over the limit of its role is marked."""
        candidates = self._candidates[role]
        for raw in raws:
            if len(candidates) >= limits.CANDIDATES:
                self._marks.add("links-cut")
                return
            candidates[raw[: limits.URL_CHARS + 1], where, base, note] = None

    def links(self) -> tuple[Link, ...]:
        """Parse them all, strongest role first."""
        links: dict[str, Link] = {}
        for role, candidates in self._candidates.items():
            for raw, where, base, note in candidates:
                address = urls.canonical(raw, base)
                if address is None or address.url in links:
                    continue
                if len(links) >= limits.URLS:
                    self._marks.add("links-cut")
                    return tuple(links.values())
                notes = (*address.notes, note) if note else address.notes
                links[address.url] = Link(address.url, address.domain, role, where, notes)
        return tuple(links.values())
