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
    Severity.REFUSE,
    "The inbox namespace has a location of its own ({location}), so a decoy's INBOX would lie"
    " among the real ones.",
    "Set mail_location instead of a location in that namespace.",
    "Dovecot manual: a namespace's location wins over the user's",
)
ACCESS_GROUPS = Kind(
    "access-groups",
    Severity.REFUSE,
    "mail_access_groups = {groups} gives every mailbox process, decoys' too, the rights of these"
    " groups.",
    "Empty mail_access_groups, or give decoys a Dovecot of their own.",
    "Dovecot manual; a decoy must never read what is not its own",
)
ACTING_PLUGIN = Kind(
    "acting-plugin",
    Severity.REFUSE,
    "mail_plugins of {where} has {plugin}, which acts outside of the mailbox when a decoy does"
    " something in it.",
    "Take {plugin} out of mail_plugins.",
    "reasoned: learning, push and replication must not see what decoys do",
)
NO_QUOTA = Kind(
    "no-quota",
    Severity.MEND,
    "Dovecot has no quota plugin, so a decoy could fill the disk by APPEND.",
    "It is loaded for decoys alone, by fields of their login.",
    "measured on 2.3.19: with the fields, APPEND over 1 MB answers OVERQUOTA",
)
NO_QUOTA_PLUGINS = Kind(
    "no-quota-for-imap",
    Severity.WARN,
    "Dovecot has no quota plugin and other plugins per protocol, so it cannot be loaded for decoys"
    " alone: one could fill the disk by APPEND.",
    "Add quota to mail_plugins, or watch the disk of /var/lib/honeypost/mail.",
    "a login's mail_plugins field replaces those of all protocols",
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
    everywhere = site.dovecot.plugins
    loaded = {where: frozenset(everywhere.get(where, "").split()) for where in ("imap", "pop3")}
    for where, plugins in loaded.items():
        for plugin in sorted(plugins & ACTING_PLUGINS):
            yield ACTING_PLUGIN.found(where=where, plugin=plugin)
    if not all("quota" in plugins for plugins in loaded.values()):
        yield NO_QUOTA.found() if quota_for_decoys(site) else NO_QUOTA_PLUGINS.found()


def quota_for_decoys(site: MailSite) -> bool:
    """Can the quota plugin be loaded for decoys alone: are the plugins the same everywhere?"""
    return site.dovecot.plugins.get("imap", "") == site.dovecot.plugins.get("pop3", "")


def _uid(site: MailSite) -> Iterator[Finding]:
    settings, uid = site.dovecot.settings, site.system.decoy_uid
    first = int(settings.get("first_valid_uid") or 500)
    last = int(settings.get("last_valid_uid") or 0)
    if uid is not None and (uid < first or 0 < last < uid):
        yield DECOY_UID.found(first=first, last=last or "any", uid=uid)
