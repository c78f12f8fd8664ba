"""Run the checks in their order; whatever a check cannot do is told as "not proven"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from honeypost.beside.doctor.case import Case
from honeypost.beside.doctor.registry import CHECKS
from honeypost.beside.doctor.results import Check, Result, not_proven
from honeypost.errors import HoneypostError

LINES_MOST = 40
"""Lines of one check that are told."""


def examine_host(case: Case, checks: Sequence[Check] = CHECKS) -> Iterator[tuple[Check, Result]]:
    """Give each line as soon as it is known; never raises for what a host can cause."""
    for check in checks:
        for result in _looked(check, case):
            yield check, result


def _looked(check: Check, case: Case) -> Iterator[Result]:
    try:
        for number, result in enumerate(check.look(case)):
            if number < LINES_MOST:
                yield result
    except (HoneypostError, OSError) as error:
        yield not_proven(
            f"could not be looked at: {error}", "see honeypost status and the daemons' logs"
        )
