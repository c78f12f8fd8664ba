"""What Postfix has loaded is what was attached; any doubt stops decoy logins already."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from honeypost.beside.containment import AttachedContainment
from honeypost.beside.doctor.case import Case
from honeypost.beside.doctor.results import Check, Result, ok, red, skipped


def look(case: Case) -> Iterator[Result]:
    """Ask the same part that each grant asks."""
    manifest = case.config.beside.containment
    if not manifest:
        yield skipped("nothing is attached", "honeypost attach shows what would be changed")
        return
    doubt = AttachedContainment(Path(manifest)).doubt()
    if doubt:
        yield red(
            f"no decoy login is granted: {doubt}",
            "postfix reload; where a file was changed: honeypost detach, then attach --apply",
        )
    else:
        yield ok("Postfix has loaded exactly what was attached")


CHECK = Check(
    "containment",
    "Postfix has loaded exactly the containment that was attached.",
    "Hashes of both files, and the start of every process of Postfix that lets mail out.",
    look,
)
