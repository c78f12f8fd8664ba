"""Notices (bounces), requeued mail, and names in master.cf that must be free for ours."""

from __future__ import annotations

from collections.abc import Iterator

from honeypost.beside.postfix.containment_config import (
    DECOY_TRANSPORT,
    NOTICE_CLEANUP,
    NOTICE_SERVICES,
    ContainmentConfig,
)
from honeypost.beside.postfix.requeue_config import PICKUP, REQUEUE_CLEANUP, UNCHECKED
from honeypost.beside.survey.kinds import Finding, Kind, Severity, kinds_of
from honeypost.beside.survey.lists import members
from honeypost.beside.survey.site import MailSite, PostfixService, PostfixSite, belongs_to_us

LIMBO_TRANSPORT = "limbo"
"""Name in master.cf of the transport for late bounces."""

ATTACHED_ALREADY = Kind(
    "attached-already",
    Severity.REFUSE,
    "{place} has parts of a Honeypost already ({what}).",
    "Run honeypost detach first; honeypost doctor checks what is attached.",
    "two chains or two containments on one host are not defined",
)
SERVICE_NAME_TAKEN = Kind(
    "service-name-taken",
    Severity.REFUSE,
    "master.cf has a service {name} of somebody else's, and ours must have that name.",
    "Rename it in master.cf and wherever it is used.",
    "master.cf has one service per name and type",
)
NOTICE_SERVICE_MISSING = Kind(
    "notice-service-missing",
    Severity.REFUSE,
    "master.cf has no service {name} that runs bounce(8), so notices about decoy mail would go"
    " another way.",
    "Put the stock {name} line back into master.cf.",
    "measured on 3.7.11: without our cleanup a notice reaches the sender the attacker chose",
)
NOTICE_SERVICE_CHANGED = Kind(
    "notice-service-changed",
    Severity.REFUSE,
    "{name} already has -o {option} = {value}, which ours would overwrite.",
    "Remove this option from {name} in master.cf.",
    "ours sets the same two options on bounce, defer and trace",
)
NOTICES_FILTERED = Kind(
    "notices-filtered",
    Severity.WARN,
    "internal_mail_filter_classes is {classes}: your header and body checks look at notices now,"
    " and will not any more.",
    "Nothing to do, unless you need them there.",
    "notices pass a cleanup of ours with only our checks",
)
PICKUP_UNKNOWN = Kind(
    "pickup-unknown",
    Severity.REFUSE,
    "master.cf has {what}, so nobody can say which way mail goes that is requeued (postsuper -r).",
    "Put the stock pickup and cleanup lines back into master.cf.",
    "measured on 3.7.11: requeued mail passes pickup and its cleanup, and has lost its FILTER",
)
PICKUP_CHANGED = Kind(
    "pickup-changed",
    Severity.MEND,
    "{service} has its own {option} ({value}).",
    "Ours is written behind it, with the same cleanup options and checks and one check more.",
    "tried on 3.7.11: local mail is delivered as before",
)
KINDS = kinds_of(globals())


def find(site: MailSite) -> Iterator[Finding]:
    """Check the services that ours are put on, or that stand in our place."""
    attached = tuple(_ours(site))
    yield from attached
    if not attached:
        for name in (DECOY_TRANSPORT, NOTICE_CLEANUP, REQUEUE_CLEANUP, LIMBO_TRANSPORT):
            if site.postfix.service(name) is not None:
                yield SERVICE_NAME_TAKEN.found(name=name)
    for name in NOTICE_SERVICES:
        yield from _notice(name, site.postfix.service(name))
    yield from _local_mail(site.postfix, attached=bool(attached))
    classes = site.postfix.settings.get("internal_mail_filter_classes", "")
    if set(members(classes)) & {"bounce", "notify"}:
        yield NOTICES_FILTERED.found(classes=classes)


def _ours(site: MailSite) -> Iterator[Finding]:
    budgeted = [s.label for s in site.postfix.smtpd if "decoy_budget" in s.options]
    if budgeted or "decoy_budget" in site.postfix.raw.get("smtpd_restriction_classes", ""):
        yield ATTACHED_ALREADY.found(place="Postfix", what=", ".join(budgeted) or "main.cf")
    scripts = [p.args or p.name for p in site.dovecot.passdbs if belongs_to_us(p.settings)]
    if scripts:
        yield ATTACHED_ALREADY.found(place="Dovecot", what=scripts[0])


def _local_mail(postfix: PostfixSite, *, attached: bool) -> Iterator[Finding]:
    pickups = [service for service in postfix.services if service.command == PICKUP]
    if len(pickups) != 1:
        yield PICKUP_UNKNOWN.found(what=f"{len(pickups)} services that run pickup(8)")
    for service in pickups:
        cleanup = service.effective.get("cleanup_service_name", "cleanup")
        if postfix.cleanup_of(service) is None:
            what = f"no cleanup(8) named {cleanup}, which {service.label} hands its mail to"
            yield PICKUP_UNKNOWN.found(what=what)
        if attached:
            continue
        words = members(service.effective.get("receive_override_options", ""))
        for option, value, changed in (
            ("cleanup_service_name", cleanup, "cleanup_service_name" in service.options),
            ("receive_override_options", UNCHECKED, UNCHECKED in words),
        ):
            if changed:
                yield PICKUP_CHANGED.found(service=service.label, option=option, value=value)


def _notice(name: str, service: PostfixService | None) -> Iterator[Finding]:
    if service is None or service.command != "bounce":
        yield NOTICE_SERVICE_MISSING.found(name=name)
        return
    for option, ours in ContainmentConfig.notice_options():
        value = service.options.get(option, ours)
        if value != ours:
            yield NOTICE_SERVICE_CHANGED.found(name=name, option=option, value=value)
