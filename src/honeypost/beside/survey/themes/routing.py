"""What could take a decoy's message away from our sink after containment sent it there."""

from __future__ import annotations

from collections.abc import Iterator

from honeypost.beside.postfix.containment_config import DECOY_TRANSPORT
from honeypost.beside.survey.kinds import Finding, Kind, Severity, kinds_of
from honeypost.beside.survey.lists import Restriction, restrictions, routings
from honeypost.beside.survey.postfix import LATE_LISTS
from honeypost.beside.survey.site import MailSite, PostfixService, Table
from honeypost.beside.survey.tables import text_of

PROXY_FILTER = Kind(
    "proxy-filter",
    Severity.REFUSE,
    "{service} has smtpd_proxy_filter ({filter}), where FILTER does not work: decoy mail leaves.",
    "Use a milter or content_filter on {service} instead of smtpd_proxy_filter.",
    "measured on 3.7.11: the message reached the internet",
)
CHECKS_ROUTE = Kind(
    "checks-route",
    Severity.REFUSE,
    "{parameter} ({table}) says {action} {target}; it comes after ours and wins, so a decoy that"
    " sends the matching line gets its mail out.",
    "Take the {action} line out of {table}, or let a milter do it.",
    "measured on 3.7.11: the last FILTER wins, and the message reached the internet",
)
CHECKS_UNREADABLE = Kind(
    "checks-unreadable",
    Severity.REFUSE,
    "{parameter} ({table}) cannot be read here, so nobody can say that it has no FILTER.",
    "Put its lines in a regexp: or pcre: file that root can read.",
    "what cannot be told for sure is refused",
)
HEADER_TAKEN = Kind(
    "secret-header-taken",
    Severity.REFUSE,
    "{parameter} ({table}) says {action} to every header it does not know, so the secret header by"
    " which notices and requeued mail of decoys are told would be lost.",
    "Name in {table} the headers that you mean.",
    "measured on 3.7.11: with /^X-/ IGNORE a requeued message reached the internet",
)
ACCESS_ROUTES = Kind(
    "access-routes",
    Severity.REFUSE,
    "{parameter} of {service} asks {table}, which says {action} {target}: that comes after ours"
    " and wins.",
    "Move this check to smtpd_recipient_restrictions.",
    "reasoned from header_checks, where it was measured on 3.7.11",
)
ACCESS_UNREADABLE = Kind(
    "access-unreadable",
    Severity.REFUSE,
    "{parameter} of {service} asks {table}, which cannot be read here: it may say FILTER.",
    "Move this check to smtpd_recipient_restrictions.",
    "what cannot be told for sure is refused",
)
POLICY_MAY_ROUTE = Kind(
    "policy-may-route",
    Severity.REFUSE,
    "{parameter} of {service} asks the policy service {policy}, which may answer FILTER after us.",
    "Move check_policy_service to smtpd_recipient_restrictions.",
    "reasoned: a policy service may answer with any action, and the last FILTER wins",
)
DATA_OVERRIDE = Kind(
    "data-override",
    Severity.MEND,
    "{service} has its own {parameter}, so what stands in main.cf does not hold there.",
    "Ours is written before it, in master.cf.",
    "measured on 3.7.11: -o wins over main.cf",
)
CONTENT_FILTER = Kind(
    "content-filter",
    Severity.WARN,
    "content_filter ({filter}) is set; decoy mail goes around it, since FILTER wins.",
    "Nothing to do: real mail passes it as before.",
    "measured on 3.7.11: with a site-wide content_filter all decoy mail went to the sink",
)
KINDS = kinds_of(globals())


def find(site: MailSite) -> Iterator[Finding]:
    """Look at every service where clients log in."""
    for service in site.postfix.sasl_services:
        proxy = service.effective.get("smtpd_proxy_filter", "")
        if proxy:
            yield PROXY_FILTER.found(service=service.label, filter=proxy)
        for parameter in LATE_LISTS:
            if service.options.get(parameter, "") and not _is_ours(service, parameter):
                yield DATA_OVERRIDE.found(service=service.label, parameter=parameter)
            yield from _policies(service, parameter)
    yield from _checks(site.postfix.checks)
    yield from _access(site.postfix.access)
    filters = {s.effective.get("content_filter", "") for s in site.postfix.sasl_services}
    for found in sorted(filters - {""}):
        yield CONTENT_FILTER.found(filter=found)


def _is_ours(service: PostfixService, parameter: str) -> bool:
    return f"FILTER {DECOY_TRANSPORT}:" in service.options[parameter] or (
        "decoy_budget" in service.options[parameter]
    )


def _policies(service: PostfixService, parameter: str) -> Iterator[Finding]:
    ours = restrictions(service.effective, "decoy_budget")
    for found in restrictions(service.effective, parameter, text_of):
        if found.name == "check_policy_service" and found not in ours:
            yield POLICY_MAY_ROUTE.found(
                service=service.label, parameter=parameter, policy=_policy(found)
            )


def _policy(found: Restriction) -> str:
    return found.argument.strip("{} ").split(",")[0]


def _checks(tables: tuple[Table, ...]) -> Iterator[Finding]:
    for table in tables:
        if table.text is None:
            yield CHECKS_UNREADABLE.found(parameter=table.parameter, table=table.spec)
        if table.unknown_header:
            yield HEADER_TAKEN.found(
                parameter=table.parameter, table=table.spec, action=table.unknown_header
            )
        for action, target in _elsewhere(table):
            yield CHECKS_ROUTE.found(
                parameter=table.parameter, table=table.spec, action=action, target=target
            )


def _access(tables: tuple[Table, ...]) -> Iterator[Finding]:
    for table in tables:
        where = {"parameter": table.parameter, "table": table.spec}
        services = " and ".join(table.services)
        if table.text is None:
            yield ACCESS_UNREADABLE.found(service=services, **where)
        for action, target in _elsewhere(table):
            yield ACCESS_ROUTES.found(service=services, action=action, target=target, **where)


def _elsewhere(table: Table) -> Iterator[tuple[str, str]]:
    """Give what a table sends to others than our sink."""
    for action, target in routings(table.text or ""):
        if not target.startswith(f"{DECOY_TRANSPORT}:"):
            yield action, target
