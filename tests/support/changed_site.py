"""Change one thing of a site that was read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from honeypost.beside.survey.site import MailSite, Passdb, PostfixService, Userdb

Change = Callable[[MailSite], MailSite]


def postfix(**fields: object) -> Change:
    return lambda site: replace(site, postfix=replace(site.postfix, **fields))


def dovecot(**fields: object) -> Change:
    return lambda site: replace(site, dovecot=replace(site.dovecot, **fields))


def system(**fields: object) -> Change:
    return lambda site: replace(site, system=replace(site.system, **fields))


def main(**settings: str) -> Change:
    """Set parameters in main.cf: where a service has no option of its own they are in force."""

    def change(site: MailSite) -> MailSite:
        services = tuple(
            replace(s, effective={**s.effective, **settings, **s.options}) if s.effective else s
            for s in site.postfix.services
        )
        joined = {**site.postfix.settings, **settings}
        raw = {**site.postfix.raw, **settings}
        return postfix(settings=joined, raw=raw, services=services)(site)

    return change


def service(name: str, kind: str = "inet", *, effective: Mapping[str, str] | None = None, **fields):
    """Change a service; ``options`` are in force as well."""

    def changed(found: PostfixService) -> PostfixService:
        if (found.name, found.type) != (name, kind):
            return found
        options = fields.get("options", {})
        inforce = {**found.effective, **options, **(effective or {})}
        given = {**fields, "options": {**found.options, **options}, "effective": inforce}
        return replace(found, **given)

    return lambda site: postfix(services=tuple(map(changed, site.postfix.services)))(site)


def more_services(*services: PostfixService) -> Change:
    return lambda site: postfix(services=(*site.postfix.services, *services))(site)


def settings(**given: str) -> Change:
    """Set settings of Dovecot."""
    return lambda site: dovecot(settings={**site.dovecot.settings, **given})(site)


def passdbs(*given: Passdb) -> Change:
    return dovecot(passdbs=given)


def userdbs(*given: Userdb) -> Change:
    return dovecot(userdbs=given)


def passdb(driver: str, args: str = "", query_file: str | None = None, **given: str) -> Passdb:
    return Passdb(driver, "", args, {**given, "driver": driver, "args": args}, query_file)


def userdb(driver: str, args: str = "", **given: str) -> Userdb:
    return Userdb(driver, "", args, {**given, "driver": driver, "args": args})


def both(*changes: Change) -> Change:
    def change(site: MailSite) -> MailSite:
        for one in changes:
            site = one(site)
        return site

    return change
