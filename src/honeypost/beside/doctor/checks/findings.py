"""Everything that was examined before attaching, examined again: a site changes."""

from __future__ import annotations

from collections.abc import Iterator

from honeypost.beside.doctor.case import Case
from honeypost.beside.doctor.results import Check, Mark, Result, ok
from honeypost.beside.survey.findings import Part, Severity, examine

MARKS = {Severity.REFUSE: Mark.RED, Severity.MEND: Mark.OK, Severity.WARN: Mark.WARN}
"""What attaching mends is in order once we are attached; ``order`` and ``chain`` look at it."""

OURS = "attached-already"
"""Stands against attaching twice, and is as it should be once attached."""


def look(case: Case) -> Iterator[Result]:
    """Tell each finding that still stands; those on the late bounce only while it is on."""
    found = [
        finding
        for finding in examine(case.site)
        if (finding.part is Part.DECOYS or case.config.late_bounce.mode == "on")
        and not (finding.code == OURS and case.config.beside.containment)
    ]
    standing = [finding for finding in found if MARKS[finding.severity] is not Mark.OK]
    for finding in standing:
        yield Result(MARKS[finding.severity], f"[{finding.code}] {finding.text}", finding.mend)
    if not standing:
        yield ok("nothing that was examined before attaching stands against us")


CHECK = Check(
    "site",
    "Nothing on the site stands against decoys; each finding has its own line.",
    "The survey of `honeypost attach` is made again; a refusal is red, a note a warning.",
    look,
)
