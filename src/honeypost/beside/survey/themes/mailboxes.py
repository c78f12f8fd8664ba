"""What a decoy could do inside Dovecot, and services that it must not reach."""

from __future__ import annotations

from collections.abc import Iterator

from honeypost.beside.survey.kinds import Finding, Kind, Severity, kinds_of
from honeypost.beside.survey.site import MailSite

SHARED_NAMESPACE = Kind(
    "shared-namespace",
    Severity.MEND,
    "Namespace {name} is {type}: a decoy would see its folders, or an error where they are.",
    "It is switched off for decoys by a field of their login.",
    "measured on 2.3.19: with the mail uid a decoy read a shared mail; without, SERVERBUG",
)
NAMESPACE_LOCATION = Kind(
    "namespace-location",
    Severity.MEND,
    "Namespace {name} has a location of its own ({location}), outside of a decoy's home.",
    "It is switched off for decoys by a field of their login.",
    "reasoned from the measured case of shared namespaces",
)
INBOX_LOCATION = Kind(
    "inbox-location",
    Severity.MEND,
    "The inbox namespace has a location of its own ({location}), so a decoy's INBOX would lie"
    " among the real ones.",
    "A field of the decoys' login puts it into their own home.",
    "measured on 2.3.19: without the field SERVERBUG, with it the decoy's own INBOX",
)
ACCESS_GROUPS = Kind(
    "access-groups",
    Severity.MEND,
    "mail_access_groups = {groups} gives every mailbox process the rights of these groups.",
    "A field of the decoys' login replaces them by the decoys' own group.",
    "measured on 2.3.19: the groups of the process were those of the field",
)
ACTING_PLUGIN = Kind(
    "acting-plugin",
    Severity.MEND,
    "mail_plugins of {where} has {plugin}, which acts outside of the mailbox when a decoy does"
    " something in it.",
    "It is left out for decoys by a field of their login.",
    "measured on 2.3.19 with mail_log: left out by the field it did nothing",
)
ACTING_PLUGIN_STAYS = Kind(
    "acting-plugin-stays",
    Severity.REFUSE,
    "mail_plugins of {where} has {plugin}, which acts outside of the mailbox; how to leave it out"
    " for decoys alone was not tried on Dovecot 2.4.",
    "Take {plugin} out of mail_plugins.",
    "measured on 2.3.19 only; in 2.4 a list of plugins is written another way",
)
NO_QUOTA = Kind(
    "no-quota",
    Severity.MEND,
    "Dovecot has no quota plugin, so a decoy could fill the disk by APPEND.",
    "It is loaded for decoys alone, by fields of their login.",
    "measured on 2.3.19: with the fields, APPEND over 1 MB answers OVERQUOTA",
)
NO_QUOTA_STAYS = Kind(
    "no-quota-stays",
    Severity.WARN,
    "Dovecot has no quota plugin, and how to load it for decoys alone was not tried on 2.4: one"
    " could fill the disk by APPEND.",
    "Add quota to mail_plugins, or watch the disk of /var/lib/honeypost/mail.",
    "measured on 2.3.19 only; in 2.4 a list of plugins is written another way",
)
OTHER_SERVICE = Kind(
    "other-service",
    Severity.WARN,
    "Dovecot also serves {protocol}, where a decoy's password is refused: a way to tell it apart.",
    "Nothing to do: over {protocol} decoy mail could not be contained.",
    "measured on 2.3.19: ManageSieve would give redirects out of the machine",
)
DECOY_UID = Kind(
    "decoy-uid",
    Severity.REFUSE,
    "Dovecot takes uids {first} to {last}, and decoys have {uid}: none of them could log in.",
    "Set first_valid_uid and last_valid_uid so that {uid} is among them.",
    "Dovecot manual: first_valid_uid",
)
KINDS = kinds_of(globals())

ACTING_PLUGINS = frozenset(
    {
        "antispam",
        "fts_solr",
        "imap_filter_sieve",
        "imap_sieve",
        "notify_status",
        "push_notification",
        "quota_clone",
        "replication",
    }
)
MAILBOX_PROTOCOLS = ("imap", "pop3")
_SERVED = frozenset({"imap", "pop3", "lmtp", "none"})


def find(site: MailSite) -> Iterator[Finding]:
    """Look at namespaces, plugins, services and uids."""
    dovecot = site.dovecot
    yield from _namespaces(site)
    groups = dovecot.settings.get("mail_access_groups", "")
    if groups:
        yield ACCESS_GROUPS.found(groups=groups)
    yield from _plugins(site)
    for protocol in sorted(dovecot.protocols - _SERVED):
        yield OTHER_SERVICE.found(protocol=protocol)
    yield from _uid(site)


def _namespaces(site: MailSite) -> Iterator[Finding]:
    for namespace in site.dovecot.namespaces:
        if namespace.type in ("public", "shared"):
            yield SHARED_NAMESPACE.found(name=namespace.name, type=namespace.type)
        elif namespace.location:
            kind = INBOX_LOCATION if namespace.inbox else NAMESPACE_LOCATION
            yield kind.found(name=namespace.name, location=namespace.location)


def _plugins(site: MailSite) -> Iterator[Finding]:
    can = site.dovecot.dialect == "2.3"
    for where in MAILBOX_PROTOCOLS:
        for plugin in sorted(ACTING_PLUGINS.intersection(loaded_plugins(site, where))):
            kind = ACTING_PLUGIN if can else ACTING_PLUGIN_STAYS
            yield kind.found(where=where, plugin=plugin)
    if "quota" not in loaded_plugins(site, "imap"):
        yield NO_QUOTA.found() if can else NO_QUOTA_STAYS.found()


def loaded_plugins(site: MailSite, where: str) -> tuple[str, ...]:
    """Plugins of the site's own users in ``imap`` or ``pop3``."""
    return tuple(site.dovecot.plugins.get(where, "").split())


def plugins_for_decoys(site: MailSite, where: str) -> tuple[str, ...]:
    """Plugins that decoys should have: the site's, quota, none that acts outside the mailbox."""
    kept = (plugin for plugin in loaded_plugins(site, where) if plugin not in ACTING_PLUGINS)
    return tuple(dict.fromkeys((*kept, "quota")))


def _uid(site: MailSite) -> Iterator[Finding]:
    settings, uid = site.dovecot.settings, site.system.decoy_uid
    first = int(settings.get("first_valid_uid") or 500)
    last = int(settings.get("last_valid_uid") or 0)
    if uid is not None and (uid < first or 0 < last < uid):
        yield DECOY_UID.found(first=first, last=last or "any", uid=uid)
