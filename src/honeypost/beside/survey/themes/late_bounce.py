"""What stands against answering unknown recipients late; decoys are not touched by it."""

from __future__ import annotations

from collections.abc import Iterator

from honeypost.beside.survey.kinds import Finding, Kind, Part, Severity, kinds_of
from honeypost.beside.survey.lists import members
from honeypost.beside.survey.site import DomainKind, MailSite

DELAY_WARNING = Kind(
    "delay-warning",
    Severity.MEND,
    "delay_warning_time = {value}: senders would be told `still being retried` while their bounce"
    " waits.",
    "It is set to 0h while late bounce is on.",
    "measured on 3.7.11: the notice went out with our answer in it",
    Part.LATE_BOUNCE,
)
LUSER_RELAY = Kind(
    "luser-relay",
    Severity.REFUSE,
    "luser_relay ({value}) takes mail for unknown local users; late bounce would take it away.",
    "Empty luser_relay, or leave late bounce off.",
    "local(8): fallback_transport comes before luser_relay; reasoned",
    Part.LATE_BOUNCE,
)
FALLBACK_TRANSPORT = Kind(
    "fallback-transport",
    Severity.REFUSE,
    "{parameter} ({value}) already takes mail for unknown local users.",
    "Empty {parameter}, or leave late bounce off.",
    "local(8); ours would stand in its place",
    Part.LATE_BOUNCE,
)
MAILBOX_TRANSPORT = Kind(
    "mailbox-transport",
    Severity.REFUSE,
    "{parameter} ({value}) takes unknown local users too, so they never reach ours.",
    "Leave late bounce off, or let local(8) deliver.",
    "local(8); reasoned, not run",
    Part.LATE_BOUNCE,
)
ACCEPTS_UNKNOWN = Kind(
    "accepts-unknown",
    Severity.REFUSE,
    "smtpd_reject_unlisted_recipient = no on {service}, with {kinds} domains: unknown names there"
    " would be bounced to forged senders at once.",
    "Set smtpd_reject_unlisted_recipient = yes, or leave late bounce off.",
    "reasoned: backscatter",
    Part.LATE_BOUNCE,
)
SOFT_BOUNCE = Kind(
    "soft-bounce",
    Severity.REFUSE,
    "soft_bounce = yes turns every final refusal into a later one, so no bounce is ever written.",
    "Set soft_bounce = no.",
    "postconf(5)",
    Part.LATE_BOUNCE,
)
RELAY_DOMAIN = Kind(
    "relay-domain",
    Severity.WARN,
    "{domain} is a relay domain: for these there is no late bounce.",
    "Nothing to do; unknown names there are answered as before.",
    "no recipe was tried for relay domains",
    Part.LATE_BOUNCE,
)
ALIAS_DOMAIN = Kind(
    "alias-domain",
    Severity.WARN,
    "{domain} is a virtual alias domain: unknown names there are refused at once, as before.",
    "Nothing to do.",
    "measured on 3.7.11: refused at RCPT",
    Part.LATE_BOUNCE,
)
OFFERS_DSN = Kind(
    "offers-dsn",
    Severity.MEND,
    "{service} offers DSN: with NOTIFY=SUCCESS a sender learns who is real.",
    "smtpd_discard_ehlo_keywords = dsn, silent-discard there while late bounce is on.",
    "measured on 3.7.11: a success report for real names, silence for others",
    Part.LATE_BOUNCE,
)
TRANSPORT_MAPS = Kind(
    "transport-maps",
    Severity.MEND,
    "transport_maps ({value}) is in use.",
    "Ours are put behind it, so what it says still wins.",
    "transport(5): the first table that knows wins",
    Part.LATE_BOUNCE,
)
LOCAL_ACCEPTS_ALL = Kind(
    "local-accepts-all",
    Severity.WARN,
    "local_recipient_maps is empty: unknown local names are bounced to forged senders already.",
    "With late bounce on, only aligned senders get a bounce.",
    "postconf(5): local_recipient_maps",
    Part.LATE_BOUNCE,
)
LOCAL_MAPS_ON_SERVICE = Kind(
    "local-maps-on-service",
    Severity.REFUSE,
    "{service} has its own local_recipient_maps ({value}), which ours would not reach.",
    "Remove this option from {service}.",
    "measured on 3.7.11: through proxy: it even stopped that smtpd",
    Part.LATE_BOUNCE,
)
KINDS = kinds_of(globals())


def find(site: MailSite) -> Iterator[Finding]:
    """Look at settings that decide about unknown recipients, and at each domain's class."""
    settings = site.postfix.settings
    for parameter, kind in (
        ("luser_relay", LUSER_RELAY),
        ("fallback_transport", FALLBACK_TRANSPORT),
        ("fallback_transport_maps", FALLBACK_TRANSPORT),
        ("mailbox_transport", MAILBOX_TRANSPORT),
        ("mailbox_transport_maps", MAILBOX_TRANSPORT),
        ("transport_maps", TRANSPORT_MAPS),
    ):
        value = settings.get(parameter, "")
        if value and "limbo" not in value:
            yield kind.found(parameter=parameter, value=value)
    if settings.get("delay_warning_time", "0h").rstrip("smhdw") != "0":
        yield DELAY_WARNING.found(value=settings["delay_warning_time"])
    if settings.get("soft_bounce") == "yes":
        yield SOFT_BOUNCE.found()
    yield from _domains(site)
    yield from _services(site)


def _domains(site: MailSite) -> Iterator[Finding]:
    for domain in site.postfix.domains:
        if domain.kind is DomainKind.RELAY:
            yield RELAY_DOMAIN.found(domain=domain.name)
        if domain.kind is DomainKind.ALIAS:
            yield ALIAS_DOMAIN.found(domain=domain.name)
    local = any(domain.kind is DomainKind.LOCAL for domain in site.postfix.domains)
    if local and not site.postfix.settings.get("local_recipient_maps"):
        yield LOCAL_ACCEPTS_ALL.found()


def _services(site: MailSite) -> Iterator[Finding]:
    risky = {d.kind for d in site.postfix.domains} & {DomainKind.ALIAS, DomainKind.RELAY}
    for service in site.postfix.smtpd:
        if risky and service.effective.get("smtpd_reject_unlisted_recipient") == "no":
            yield ACCEPTS_UNKNOWN.found(service=service.label, kinds=" and ".join(sorted(risky)))
        maps = service.options.get("local_recipient_maps")
        if maps:
            yield LOCAL_MAPS_ON_SERVICE.found(service=service.label, value=maps)
        hidden = members(service.effective.get("smtpd_discard_ehlo_keywords", "").lower())
        if service.takes_mail_from_outside and "dsn" not in hidden:
            yield OFFERS_DSN.found(service=service.label)
