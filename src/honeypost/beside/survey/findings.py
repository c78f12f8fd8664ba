"""
What stands against deceiving on a site.

Each theme looks at one side of it; all of them read only what was read already, so the same site
always has the same findings.  Every kind was either seen to go wrong on the real daemons or could
not be told for sure, which counts the same.
"""

from __future__ import annotations

from honeypost.beside.survey.kinds import Finding, Kind, Part, Severity
from honeypost.beside.survey.site import MailSite
from honeypost.beside.survey.themes import (
    late_bounce,
    mailboxes,
    notices,
    passwords,
    people,
    programs,
    routing,
    submission,
    surroundings,
)

__all__ = ["KINDS", "Finding", "Kind", "Part", "Severity", "examine", "refusals"]

THEMES = (
    programs,
    routing,
    submission,
    notices,
    passwords,
    people,
    mailboxes,
    surroundings,
    late_bounce,
)

KINDS: tuple[Kind, ...] = tuple(kind for theme in THEMES for kind in theme.KINDS)
"""All kinds of findings, in the order in which they are told."""


def examine(site: MailSite) -> tuple[Finding, ...]:
    """
    Tell everything that the operator must know before something is attached.

    One sentence is told once, in the order of the themes.
    """
    return tuple(dict.fromkeys(finding for theme in THEMES for finding in theme.find(site)))


def refusals(findings: tuple[Finding, ...], part: Part = Part.DECOYS) -> tuple[Finding, ...]:
    """Give those that keep a part from being attached."""
    return tuple(f for f in findings if f.severity is Severity.REFUSE and f.part is part)
