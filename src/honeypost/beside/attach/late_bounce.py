"""
The late bounce as settings of one site, in two layers that come and go apart.

*Routes* (main.cf, the transport, what the cleanup of notices discards) harm nobody by standing
there: no mail comes to them.  *Acceptance* (options of the services that take mail from
outside) is what lets mail to unknown names in.  So acceptance is the very last to be put in
place and the first to go; what has come in until then is settled while the routes still hold.

Whatever cannot be told for sure is refused with a sentence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_network

from honeypost.beside.attach.failure import AttachFailed
from honeypost.beside.attach.own_config import site_word
from honeypost.beside.attach.postfix_text import INLINE_SINCE, PostfixSettings
from honeypost.beside.attach.record import Limbo
from honeypost.beside.postfix.containment_config import NOTICE_CLEANUP, ContainmentConfig
from honeypost.beside.postfix.limbo_config import (
    RATE_LIMIT,
    SOCKET_NAMES,
    LimboConfig,
    MailboxTable,
    objections,
    socket_name,
)
from honeypost.beside.survey.lists import members
from honeypost.beside.survey.recipes import LateBounce, Recipe
from honeypost.beside.survey.site import PostfixService, PostfixSite
from honeypost.config.schema import SiteSecrets

TOKEN_LETTERS = 12
LISTS = ("smtpd_discard_ehlo_keywords", "smtpd_recipient_restrictions", RATE_LIMIT)
"""Settings of a site that ours go before or join."""


@dataclass(frozen=True, slots=True)
class LateBounceText:
    """What is put into the two files for it."""

    limbo: Limbo
    routes: PostfixSettings
    acceptance: PostfixSettings


def late_bounce_text(
    site: PostfixSite,
    recipe: Recipe,
    containment: ContainmentConfig,
    secrets: SiteSecrets,
    delay_seconds: float,
) -> LateBounceText:
    """
    Say what is put into a site's Postfix for the late bounce.

    :raises AttachFailed: this site cannot have one; each reason is a sentence.
    """
    outside = [service for service in site.smtpd if service.takes_mail_from_outside]
    reasons = list(_reasons(site, recipe, outside, delay_seconds))
    if reasons:
        raise AttachFailed("; ".join(reasons))
    try:
        config = _config(site, recipe, secrets)
    except ValueError as error:
        raise AttachFailed(f"late bounce: {error}") from None
    return LateBounceText(
        Limbo(config.token, config.socket, [*config.virtual, *config.local]),
        _routes(site, config, containment),
        PostfixSettings(options={s.label: _acceptance(s, site, config) for s in outside}),
    )


def _reasons(
    site: PostfixSite, recipe: Recipe, outside: list[PostfixService], delay_seconds: float
) -> Iterator[str]:
    if site.version < INLINE_SINCE:
        yield "late bounce needs Postfix 3.7, which knows tables inside a setting"
    if not outside:
        yield "no service of this Postfix takes mail from outside, so there is no late bounce"
    if not (_domains(recipe, LateBounce.VIRTUAL) or _domains(recipe, LateBounce.LOCAL)):
        why = "; ".join(f"{each.domain.name}: {each.why}" for each in recipe.domains if each.why)
        yield f"no domain of this host can have a late bounce ({why or 'there is none'})"
    for word in _unclear(site):
        yield (
            f"mynetworks has {word}, so which clients are your own cannot be told, and they must"
            " hear at once of a wrong name: write addresses there, or leave late bounce off"
        )
    effective = [site.settings, *(service.effective for service in outside)]
    yield from dict.fromkeys(
        reason for values in effective for reason in objections(values, delay_seconds)
    )


def _config(site: PostfixSite, recipe: Recipe, secrets: SiteSecrets) -> LimboConfig:
    virtual = _domains(recipe, LateBounce.VIRTUAL)
    tables = members(site.settings.get("virtual_mailbox_maps", "")) if virtual else ()
    transport = site.settings.get("virtual_transport", "virtual")
    delivery = transport if ":" in transport else f"{transport}:"
    return LimboConfig(
        socket=f"private/{_free_name(site, secrets)}",
        hostname=site.settings.get("myhostname", ""),
        token=site_word(secrets, "late bounce")[:TOKEN_LETTERS],
        virtual=virtual,
        tables=tuple(MailboxTable(table, delivery) for table in tables),
        local=_domains(recipe, LateBounce.LOCAL),
        own_networks=tuple(_own_networks(site)),
    )


def _domains(recipe: Recipe, kind: LateBounce) -> tuple[str, ...]:
    """Give the domains that mail from outside can have; ``localhost`` and the like cannot."""
    names = (each.domain.name for each in recipe.domains if each.late_bounce is kind)
    return tuple(name for name in names if "." in name)


def _free_name(site: PostfixSite, secrets: SiteSecrets) -> str:
    """Choose the socket's name; not one that the site itself uses for something."""
    used = " ".join(site.settings.values())
    first = SOCKET_NAMES.index(socket_name(secrets.key))
    names = (*SOCKET_NAMES[first:], *SOCKET_NAMES[:first])
    return next(name for name in names if f"private/{name}" not in used)


def _trusted(site: PostfixSite) -> Iterator[str]:
    for word in members(site.settings.get("mynetworks", "")):
        if not word.startswith("!"):  # an exception is not the site's own
            yield word.replace("[", "").replace("]", "")


def _unclear(site: PostfixSite) -> Iterator[str]:
    for word in _trusted(site):
        try:
            ip_network(word, strict=False)
        except ValueError:
            yield word


def _own_networks(site: PostfixSite) -> Iterator[str]:
    for word in _trusted(site):
        network = ip_network(word, strict=False)
        if not str(network.network_address).startswith("::ffff:"):  # Postfix knows them as IPv4
            yield str(network)


def _routes(
    site: PostfixSite, config: LimboConfig, containment: ContainmentConfig
) -> PostfixSettings:
    main = config.main({"transport_maps": _line(site.raw.get("transport_maps", ""))})
    if site.settings.get("delay_warning_time", "0h").rstrip("smhdw") != "0":
        main["delay_warning_time"] = "0h"
    notices = containment.services(config.notice_patterns())
    cleanup = next(service for service in notices if service.name == NOTICE_CLEANUP)
    checks = [(name, value) for name, value in cleanup.options if name == "body_checks"]
    return PostfixSettings(main, {f"{NOTICE_CLEANUP}/unix": checks}, list(config.services()))


def _acceptance(
    service: PostfixService, site: PostfixSite, config: LimboConfig
) -> list[tuple[str, str]]:
    theirs: Mapping[str, str] = {name: _line(service.written(name, site.raw)) for name in LISTS}
    return list(config.outside_options(theirs, sasl=service.has_sasl).items())


def _line(value: str) -> str:
    # A line of master.cf that began in the first column would be a service.
    return " ".join(value.split())
