"""Containment in Postfix's configuration: there, whole, and before the site's own lists."""

from __future__ import annotations

from collections.abc import Iterator

from honeypost.beside.doctor.case import Case
from honeypost.beside.doctor.results import Check, Result, ok, red, skipped
from honeypost.beside.postfix.containment_config import (
    DECOY_TRANSPORT,
    NOTICE_CLEANUP,
    NOTICE_SERVICES,
)
from honeypost.beside.postfix.requeue_config import REQUEUE_CLEANUP
from honeypost.beside.survey.site import PostfixService

MEND = "honeypost detach and honeypost attach --apply write it anew"


def look(case: Case) -> Iterator[Result]:
    """Go through every service where clients log in, and the ones that write notices."""
    services = case.site.postfix.sasl_services
    problems = [*_missing(case), *(p for s in services for p in _out_of_order(case, s))]
    for problem in problems:
        yield red(problem, MEND)
    if not services:
        yield skipped("Postfix has no service where clients log in")
    elif not problems:
        names = ", ".join(service.name for service in services)
        yield ok(f"containment comes before the site's own restrictions on {names}")


def _missing(case: Case) -> Iterator[str]:
    for name in (DECOY_TRANSPORT, NOTICE_CLEANUP, REQUEUE_CLEANUP):
        if case.site.postfix.service(name) is None:
            yield f"master.cf has no service {name}"
    for name in NOTICE_SERVICES:
        service = case.site.postfix.service(name)
        cleanup = service.effective.get("cleanup_service_name") if service else ""
        if cleanup != NOTICE_CLEANUP:
            yield f"notices of {name} do not pass {NOTICE_CLEANUP}"
    pickup = case.site.postfix.pickup
    if pickup and pickup.effective.get("cleanup_service_name") != REQUEUE_CLEANUP:
        yield f"requeued mail does not pass {REQUEUE_CLEANUP}"


def _out_of_order(case: Case, service: PostfixService) -> Iterator[str]:
    header = case.secrets.header
    wanted = {
        "smtpd_sender_restrictions": ("permit",),
        "smtpd_data_restrictions": (f"PREPEND {header}:", f"FILTER {DECOY_TRANSPORT}:"),
        "smtpd_end_of_data_restrictions": ("decoy_budget",),
    }
    for name, actions in wanted.items():
        if not _leads(service.effective.get(name, ""), case.secrets.marker_domain, actions):
            yield f"{name} of {service.name} does not begin with our containment"


def _leads(value: str, marker_domain: str, actions: tuple[str, ...]) -> bool:
    """Do these accesses of marker users stand first, in this order?"""
    pattern = marker_domain.replace(".", r"\.")
    for action in actions:
        entry, _, rest = value.partition("}}")
        first = entry.replace("$$", "$")
        if not (
            first.startswith("check_sasl_access regexp:{{/") and f"@{pattern}$/ {action}" in first
        ):
            return False
        value = rest.lstrip(", \t")
    return True


CHECK = Check(
    "order",
    "On every service with logins our containment stands before the site's own restrictions.",
    "`postconf` is asked for what is in force on each service.",
    look,
)
