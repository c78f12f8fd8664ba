"""From a site, its recipe, the configuration and the secrets to what is to be put beside it."""

from __future__ import annotations

import grp
import pwd
from dataclasses import dataclass, replace
from pathlib import Path

from honeypost.beside.attach.dovecot_text import NAMES_SOCKET, DovecotText, Reports
from honeypost.beside.attach.failure import AttachFailed
from honeypost.beside.attach.layout import Layout
from honeypost.beside.attach.measures import Measures, wanted_measures
from honeypost.beside.attach.own_config import Found, site_word
from honeypost.beside.attach.plan import Wanted, chain_folder
from honeypost.beside.attach.record import Attachment
from honeypost.beside.dovecot.chain import DecoyChain
from honeypost.beside.postfix.containment_config import ContainmentConfig
from honeypost.beside.survey.recipes import Recipe
from honeypost.beside.survey.site import MailSite
from honeypost.config.schema import Config, SiteSecrets

DECOY_USER, WORKER_USER, OWN_GROUP = "honeypost-decoy", "honeypost-worker", "honeypost"
LOOKUP, REPORTS = "127.0.0.1:2740", "127.0.0.1:2730"
SINK, POLICY = "private/honeypost-lmtp", "private/honeypost-policy"
"""Below Postfix's queue: a closed folder that a chrooted smtpd reaches as well."""


@dataclass(frozen=True, slots=True)
class Accounts:
    """Numbers of the system users and groups that are needed."""

    decoy_uid: int
    decoy_gid: int
    dovecot_gid: int
    own_gid: int


def read_accounts(dovecot_group: str) -> Accounts:
    """
    Look the system users up.

    :param dovecot_group: of Dovecot's auth processes.
    :raises AttachFailed: one is missing, as where the package was not installed.
    """
    try:
        decoy = pwd.getpwnam(DECOY_USER)
        pwd.getpwnam(WORKER_USER)
        dovecot, own = grp.getgrnam(dovecot_group), grp.getgrnam(OWN_GROUP)
    except KeyError as error:
        raise AttachFailed(
            f"{error.args[0]}; the package makes these users: systemd-sysusers honeypost.conf"
        ) from None
    return Accounts(decoy.pw_uid, decoy.pw_gid, dovecot.gr_gid, own.gr_gid)


def make_wanted(
    site: MailSite,
    recipe: Recipe,
    config: Config,
    secrets: SiteSecrets,
    layout: Layout,
    *,
    accounts: Accounts,
    standing: Attachment | None = None,
) -> Wanted:
    """
    Say what is to be put beside a site.

    :param standing: what is attached already.
    :raises AttachFailed: there is no domain in which decoys may be.
    """
    found = _found(site, recipe, config, secrets, layout)
    chain = DecoyChain(
        directory=chain_folder(site),
        url=f"http://{found.lookup}/lookup",
        key=found.script_key,
        marker_domain=secrets.marker_domain,
        uid=accounts.decoy_uid,
        gid=accounts.decoy_gid,
        home=layout.state.parent / "mail",
        deny=recipe.deny,
        fields=recipe.fields,
    )
    reports = Reports(
        f"http://{found.reports}/", found.script_key, site_word(secrets, "report nonce")
    )
    containment = ContainmentConfig(
        secrets.marker_domain,
        secrets.header,
        _below_queue(found.sink, site),
        _below_queue(found.policy, site),
    )
    measures = wanted_measures(
        site, recipe, config, secrets, containment, never=found.never, standing=standing
    )
    return Wanted(
        containment=containment,
        dovecot=DovecotText(
            chain, reports if recipe.reports else None, WORKER_USER, site.dovecot.dialect
        ),
        found=replace(found, limbo=_limbo(measures, site)),
        own_config=layout.attached_config,
        new_files=recipe.files,
        layers=measures.layers,
        limbo=measures.limbo,
        dovecot_gid=accounts.dovecot_gid,
        own_gid=accounts.own_gid,
    )


def _found(
    site: MailSite, recipe: Recipe, config: Config, secrets: SiteSecrets, layout: Layout
) -> Found:
    domains = _domains(recipe)
    if not domains:
        raise AttachFailed("this host has no domain in which decoys may be; see the findings")
    queue, listeners, plain = site.postfix.queue_directory, config.listeners, Config()
    spared = dict.fromkeys((*plain.beside.no_decoys_from, *recipe.no_decoys_from))
    # Also what has no decoys: honeypost.toml may name fewer of these than we found.
    never = dict.fromkeys((*plain.penalties.never, *recipe.no_decoys_from, *recipe.never_blocked))
    run = Path(site.dovecot.settings.get("base_dir", "/run/dovecot"))
    return Found(
        domains=domains,
        hostname=site.postfix.settings.get("myhostname", config.site.hostname),
        sink=listeners.lmtp or f"unix:{queue / SINK}",
        policy=listeners.policy or f"unix:{queue / POLICY}",
        lookup=listeners.lookup or LOOKUP,
        reports=listeners.authpolicy or REPORTS,
        userdb_socket=str(run / NAMES_SOCKET),
        postfix_directory=str(site.postfix.config_directory),
        maps=recipe.maps,
        containment=str(layout.manifest),
        spared=tuple(spared),
        never=tuple(never),
        script_key=config.beside.script_key or site_word(secrets, "script key"),
    )


def _limbo(measures: Measures, site: MailSite) -> str:
    queue = site.postfix.queue_directory
    return f"unix:{queue / measures.limbo.socket}" if measures.limbo else ""


def _domains(recipe: Recipe) -> tuple[str, ...]:
    """Give the domains for decoys; a host's loopback names only where it has no other."""
    names = tuple(d.domain.name for d in recipe.domains if d.decoys)
    outside = tuple(name for name in names if name.partition(".")[0] != "localhost")
    return outside or names


def _below_queue(endpoint: str, site: MailSite) -> str:
    """Name a socket as Postfix does, relative to its queue, so that it holds in a chroot too."""
    kind, _, path = endpoint.partition(":")
    queue = site.postfix.queue_directory
    if kind == "unix" and Path(path).is_relative_to(queue):
        return f"unix:{Path(path).relative_to(queue)}"
    raise AttachFailed(
        f"{endpoint} does not lie below {queue}, so that Postfix may not reach it: take the setting"
        " away"
    )
