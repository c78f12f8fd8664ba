"""
From what a site is to what the attaching needs: deny copies, maps, fields, domains.

Theory of operation
===================

*Deny copies* stand between the site's own password databases and the guard, in the order of the
databases that they copy.  One passwd-file or one query without a condition needs none: Dovecot's
own answer tells a wrong password from an unknown name there.  PAM never does, a query with a
condition not for disabled accounts, and behind two databases the guard's flag is set by either.

*Maps* are asked by our worker with ``postmap -q`` as an ordinary user, so ``proxy:`` (a socket for
Postfix alone) is left out of their names, and maps that know every name are left out whole.

*Fields* come with a decoy's login and change settings for it alone.  A script cannot give an empty
one: Dovecot takes it for ``yes`` (measured on 2.3.19).

A recipe is only good for a site without refusals (:func:`~honeypost.beside.survey.findings`).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from honeypost.beside.dovecot.chain import PAM_DENY, DenyCopy
from honeypost.beside.survey.lists import members
from honeypost.beside.survey.site import Domain, DomainKind, MailSite, Passdb
from honeypost.beside.survey.sql import QUERIES, replaced, without_conditions
from honeypost.beside.survey.system import DECOY_USER
from honeypost.beside.survey.themes.mailboxes import (
    MAILBOX_PROTOCOLS,
    loaded_plugins,
    plugins_for_decoys,
)
from honeypost.beside.survey.themes.passwords import COPYABLE, query_of
from honeypost.errors import SurveyError

DENY_FILE_MODE = 0o600
"""Of the copy of a query file, which holds the database's password; auth reads it as root."""

DECOY_MAIL = "maildir:~/Maildir"
"""Where a decoy's INBOX lies, seen from its home."""

_FROM_NSS = frozenset({"pam", "passwd", "shadow"})


class LateBounce(StrEnum):
    """How unknown recipients of a domain can be answered late."""

    VIRTUAL = "transport_maps"
    """Real mailboxes through a pipemap, the bare domain to ours (measured on 3.7.11, 3.10.13)."""
    LOCAL = "fallback_transport"
    """``local_recipient_maps`` empty, unknown names by fallback_transport (measured on 3.7.11)."""
    NONE = ""


@dataclass(frozen=True, slots=True)
class DomainRecipe:
    """What can be done in a domain."""

    domain: Domain
    decoys: bool
    late_bounce: LateBounce
    transport: str
    """What delivers its real mail now: ``virtual_transport`` and the like, expanded."""
    why: str
    """Why something cannot be done here; ``""`` when everything can."""


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that the attaching must write for Dovecot."""

    path: Path
    content: str = field(repr=False)
    """Holds the database's password."""
    mode: int = DENY_FILE_MODE


@dataclass(frozen=True, slots=True)
class Recipe:
    """What the attaching to one site needs."""

    deny: tuple[DenyCopy, ...]
    """In the order in which they stand behind the site's own databases."""
    files: tuple[NewFile, ...]
    """That the deny copies name."""
    maps: tuple[str, ...]
    """For ``[beside] maps``."""
    fields: Mapping[str, str]
    """For the decoys' logins, beside uid, home, mail and quota rule."""
    no_decoys_from: tuple[str, ...]
    """Networks for ``[beside] no_decoys_from``, beyond loopback."""
    never_blocked: tuple[str, ...]
    """Addresses and networks that fail2ban is told to ignore."""
    domains: tuple[DomainRecipe, ...]
    reports: bool
    """Dovecot may report logins to us; not where it reports to somebody else."""


def recipe_for(site: MailSite, files: Path = Path("/etc/dovecot")) -> Recipe:
    """
    Give the recipe of a site.

    :param files: folder for the copies of query files.
    :raises SurveyError: a database cannot be copied; the findings refuse such a site by name.
    """
    deny, written = _deny(site, files)
    return Recipe(
        deny=deny,
        files=written,
        maps=_maps(site),
        fields=_fields(site),
        no_decoys_from=tuple(_networks(_without_login(site))),
        never_blocked=tuple(
            _networks(site.system.fail2ban.ignored if site.system.fail2ban else ())
        ),
        domains=tuple(_domain(site, domain) for domain in site.postfix.domains),
        reports=not site.dovecot.settings.get("auth_policy_server_url"),
    )


def _deny(site: MailSite, folder: Path) -> tuple[tuple[DenyCopy, ...], tuple[NewFile, ...]]:
    real = site.dovecot.real_passdbs
    copies, files = [], []
    for number, passdb in enumerate(real, 1):
        copy, file = _copy(passdb, folder / f"honeypost-deny-{number}.conf.ext")
        if file is not None:
            files.append(file)
        if len(real) > 1 or file is not None or passdb.driver in _FROM_NSS:
            copies.append(copy)
    return tuple(dict.fromkeys(copies)), tuple(files)


def _copy(passdb: Passdb, path: Path) -> tuple[DenyCopy, NewFile | None]:
    """Give the copy of a database, and the file for its query where that has a condition."""
    if passdb.driver not in COPYABLE:
        raise SurveyError(f"no copy can be made of password database {passdb.driver}")
    if passdb.driver in _FROM_NSS:
        return PAM_DENY, None
    if passdb.driver not in QUERIES:
        return DenyCopy(passdb.driver, passdb.args), None
    query = query_of(passdb)
    plain = query and without_conditions(passdb.driver, query)
    if plain is None:
        raise SurveyError(f"the query of {passdb.driver} {passdb.args} cannot be taken apart")
    if plain == query:
        return DenyCopy(passdb.driver, passdb.args), None
    if passdb.query_file is None:
        raise SurveyError(f"the query of {passdb.driver} is not in a file of its own")
    text = replaced(passdb.query_file, QUERIES[passdb.driver], plain)
    return DenyCopy(passdb.driver, str(path)), NewFile(path, text)


def _maps(site: MailSite) -> tuple[str, ...]:
    return tuple(dict.fromkeys(named.spec for named in site.postfix.names if not named.everyone))


def _fields(site: MailSite) -> dict[str, str]:
    fields = {}
    for namespace in site.dovecot.namespaces:
        name = f"userdb_namespace/{namespace.name}"
        if namespace.inbox and namespace.location:
            fields[f"{name}/location"] = DECOY_MAIL
        elif not namespace.inbox and (namespace.type != "private" or namespace.location):
            fields[f"{name}/disabled"] = "yes"
    if site.dovecot.settings.get("mail_access_groups"):
        fields["userdb_mail_access_groups"] = DECOY_USER
    return {**fields, **_plugins(site)}


def _plugins(site: MailSite) -> dict[str, str]:
    """
    Give the fields for quota and plugins, each list for its own service.

    POP3 fails at plugins made for IMAP, and a login's list replaces that of the service
    (measured on 2.3.19).  On 2.4 nothing of it was tried.
    """
    if site.dovecot.dialect != "2.3":
        return {}
    fields = {
        f"{where}:userdb_mail_plugins": " ".join(plugins_for_decoys(site, where))
        for where in MAILBOX_PROTOCOLS
        if set(plugins_for_decoys(site, where)) != set(loaded_plugins(site, where))
    }
    if not site.dovecot.plugin_settings.get("quota"):
        fields["userdb_quota"] = "maildir:User quota"
    return fields


def _without_login(site: MailSite) -> tuple[str, ...]:
    """
    Give who may send without a login: ``mynetworks``, and a webmail on this host.

    The webmail may call the daemons by the host's name, so it comes from any of its addresses.
    """
    trusted = members(site.postfix.settings.get("mynetworks", ""))
    return (*trusted, *site.system.addresses) if site.system.webmail else trusted


def _networks(written: tuple[str, ...]) -> Iterator[str]:
    """Give what is an address or a network, as Python and Dovecot write it; loopback left out."""
    for word in written:
        plain = word.replace("[", "").replace("]", "")
        try:
            network = ipaddress.ip_network(plain, strict=False)
        except ValueError:
            continue  # a name, a table or an exception: nothing that a network list can hold
        mapped = str(network.network_address).startswith("::ffff:")
        if not network.is_loopback and not mapped:
            yield str(network)


def _domain(site: MailSite, domain: Domain) -> DomainRecipe:
    parameter, late, why = {
        DomainKind.LOCAL: ("local_transport", LateBounce.LOCAL, ""),
        DomainKind.MAILBOX: ("virtual_transport", LateBounce.VIRTUAL, ""),
        DomainKind.ALIAS: ("", LateBounce.NONE, "virtual alias: unknown names are refused at once"),
        DomainKind.RELAY: ("relay_transport", LateBounce.NONE, "relay: no late bounce was tried"),
    }[domain.kind]
    if domain.catch_all:
        late, why = LateBounce.NONE, f"catch-all ({domain.catch_all}): every name exists"
    transport = site.postfix.settings.get(parameter, "")
    return DomainRecipe(domain, not domain.catch_all, late, transport, why)
