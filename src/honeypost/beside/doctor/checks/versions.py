"""Versions of both daemons, and whether our text speaks their dialect."""

from __future__ import annotations

from collections.abc import Iterator

from honeypost.beside.doctor.case import Case
from honeypost.beside.doctor.results import Check, Result, ok, warn

POSTFIX_FIRST, POSTFIX_LAST = (3, 5), (3, 10)
DOVECOT_FIRST, DOVECOT_LAST = (2, 3), (2, 4)


def look(case: Case) -> Iterator[Result]:
    """Compare with the versions that were tried, here or by golden files."""
    postfix, dovecot = case.site.postfix.version, case.site.dovecot.version
    known = (
        POSTFIX_FIRST <= postfix[:2] <= POSTFIX_LAST
        and DOVECOT_FIRST <= dovecot[:2] <= DOVECOT_LAST
    )
    line = (
        f"Postfix {_dotted(postfix)} and Dovecot {_dotted(dovecot)}"
        f" (dialect {case.site.dovecot.dialect})"
    )
    if known:
        yield ok(line)
    else:
        yield warn(f"{line} were never tried together with us", "see the supported systems")


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version)) or "of unknown version"


CHECK = Check(
    "versions",
    "Postfix and Dovecot are of versions that our configuration was tried with.",
    "Their own programs are asked.",
    look,
)
