"""Notices (bounces), and names in master.cf that must be free for ours."""

from __future__ import annotations

from collections.abc import Iterator

from honeypost.beside.postfix.containment_config import (
    DECOY_TRANSPORT,
    NOTICE_CLEANUP,
    NOTICE_SERVICES,
    ContainmentConfig,
)
from honeypost.beside.survey.kinds import Finding, Kind, Severity, kinds_of
from honeypost.beside.survey.lists import members
from honeypost.beside.survey.site import MailSite, PostfixService, belongs_to_us

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
KINDS = kinds_of(globals())


def find(site: MailSite) -> Iterator[Finding]:
    """Check the services that ours are put on, or that stand in our place."""
    attached = tuple(_ours(site))
    yield from attached
    if not attached:
        for name in (DECOY_TRANSPORT, NOTICE_CLEANUP, LIMBO_TRANSPORT):
            if site.postfix.service(name) is not None:
                yield SERVICE_NAME_TAKEN.found(name=name)
    for name in NOTICE_SERVICES:
        yield from _notice(name, site.postfix.service(name))
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


def _notice(name: str, service: PostfixService | None) -> Iterator[Finding]:
    if service is None or service.command != "bounce":
        yield NOTICE_SERVICE_MISSING.found(name=name)
        return
    for option, ours in ContainmentConfig.notice_options():
        value = service.options.get(option, ours)
        if value != ours:
            yield NOTICE_SERVICE_CHANGED.found(name=name, option=option, value=value)
