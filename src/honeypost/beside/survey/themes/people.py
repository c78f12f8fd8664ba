"""Who exists: system users behind PAM, the user databases, and Postfix's maps of names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from honeypost.beside.survey.kinds import Finding, Kind, Severity, kinds_of
from honeypost.beside.survey.site import MailSite, NameMap, Userdb

PAM_MODULE = Kind(
    "pam-module",
    Severity.REFUSE,
    "PAM service {service} uses {module}, which may know people whom the system's user list does"
    " not show; they would become decoys.",
    "Let them be system users (pam_unix), or use passwd-file or SQL in Dovecot.",
    "measured on 2.3.19: PAM says `authentication failure` for unknown names as well",
)
PAM_WITHOUT_UNIX = Kind(
    "pam-without-unix",
    Severity.REFUSE,
    "PAM service {service} does not use pam_unix.so, so who may log in is not known.",
    "Use pam_unix.so there, or passwd-file or SQL in Dovecot.",
    "only PAM over the system's users is proven",
)
PAM_UNREADABLE = Kind(
    "pam-unreadable",
    Severity.REFUSE,
    "PAM service {service} cannot be read: {trouble}.",
    "Run this as root; mend /etc/pam.d.",
    "what cannot be told for sure is refused",
)
PAM_TIMING = Kind(
    "pam-timing",
    Severity.WARN,
    "PAM waits 2 seconds after a wrong password, so a decoy's login takes 1.5 to 2.4 s where a real"
    " one takes 0.1 s: a way to tell them apart.",
    "None yet; `nodelay` in PAM would also speed up guessers.",
    "measured on 2.3.19",
)
PAM_WITH_DOMAIN = Kind(
    "pam-with-domain",
    Severity.WARN,
    "auth_username_format = {format} keeps the domain, and system users have none: bob@domain is"
    " unknown to PAM although bob is real.",
    "Set auth_username_format = %Ln; until then the near-miss check keeps such names from decoys.",
    "measured on 2.3.19: bob@example.org became a decoy under %Lu, not under %Ln",
)
NSSWITCH_ORDER = Kind(
    "nsswitch-order",
    Severity.REFUSE,
    "nsswitch.conf has `passwd: {line}`: when {source} is down its users look unknown and would"
    " become decoys.",
    "Write `passwd: {mended}` in /etc/nsswitch.conf.",
    "measured on glibc of Debian 12: the user became a decoy, and the userdb said NOTFOUND",
)
USERDB_EVERYONE = Kind(
    "userdb-everyone",
    Severity.REFUSE,
    "User database static has allow_all_users=yes: every name exists, so none may be a decoy.",
    "Remove allow_all_users=yes, so that Dovecot asks the password database.",
    "Dovecot manual: static userdb",
)
USERDB_BLIND = Kind(
    "userdb-blind",
    Severity.REFUSE,
    "User database static asks the password database, and {driver} cannot say who exists.",
    "Use userdb passwd, passwd-file or sql.",
    "Dovecot manual: static userdb needs a passdb that can be looked up",
)
USERDB_NOT_PROVEN = Kind(
    "userdb-not-proven",
    Severity.REFUSE,
    "User database {driver}: nobody tried whether it says `unknown` only when it means it.",
    "Use passwd, passwd-file, sql or static.",
    "what cannot be told for sure is refused",
)
USERDB_MISSING = Kind(
    "userdb-missing",
    Severity.REFUSE,
    "Dovecot has no user database that can be asked by name, so who is real cannot be told.",
    "Add one behind prefetch: passwd, passwd-file or sql.",
    "promise: who cannot be told for sure is not a decoy",
)
USERDB_UNLISTED = Kind(
    "userdb-unlisted",
    Severity.WARN,
    "User database {driver} cannot list its users, so each guessed name costs some thousand"
    " lookups of its neighbours.",
    "For sql set iterate_query; else nothing to do.",
    "the near-miss check asks name by name where there is no list",
)
MAP_KNOWS_EVERYONE = Kind(
    "map-knows-everyone",
    Severity.WARN,
    "{parameter} ({table}) knows every name, so it tells nothing about who is real.",
    "It is left out; keep real names in another map or in [beside] real names.",
    "the map knew a random name",
)
MAP_TROUBLE = Kind(
    "map-trouble",
    Severity.REFUSE,
    "{parameter} ({table}) does not answer: {trouble}.",
    "Mend the map; for aliases run newaliases, for others postmap.",
    "measured on 3.7.11: names of such a map look unknown, and go to a late bounce silently",
)
MAP_LACKS_NAMES = Kind(
    "map-lacks-names",
    Severity.REFUSE,
    "{parameter} ({table}) does not know {count} names of its own source, {example} among them:"
    " it is stale or of the wrong type, and they would look unknown.",
    "Run newaliases or postmap on it, or name it with the right type.",
    "measured on 3.7.11: an alias file read through the wrong type loses aliases silently",
)
MAP_CLOSED = Kind(
    "map-closed",
    Severity.WARN,
    "{parameter} ({table}) is in a file that not everybody may read; while our worker may not"
    " either, nobody is told to be unknown and no decoy is made.",
    "setfacl -m u:honeypost-worker:r on the file of {table}.",
    "names that cannot be asked are unsure, and who is unsure is not a decoy",
)
CATCH_ALL = Kind(
    "catch-all",
    Severity.WARN,
    "Every name at {domain} exists ({table}), so it has no decoys and no late bounce.",
    "Nothing to do; remove the catch-all if you do not need it.",
    "promise: a catch-all domain has no decoys and no late bounce",
)
DOMAINS_UNLISTED = Kind(
    "domains-unlisted",
    Severity.WARN,
    "The domains of {table} cannot be listed here; which have a catch-all is not known.",
    "Name the domains for decoys in [decoys] yourself, without those.",
    "what cannot be told for sure is refused",
)
KINDS = kinds_of(globals())

_HARMLESS = """
    access cap debug deny echo env faildelay faillock group issue keyinit lastlog limits listfile
    localuser loginuid mail motd namespace nologin permit rootok securetty selinux sepermit shells
    succeed_if systemd tally tally2 time timestamp tty_audit umask unix usertype warn wheel
"""
HARMLESS_MODULES = frozenset(f"pam_{name}.so" for name in _HARMLESS.split())
"""Modules that let nobody in whom the system's user list does not show."""

_FROM_NSS = frozenset({"pam", "passwd", "shadow"})
_LOCAL_SOURCES = frozenset(
    {"altfiles", "cache", "compat", "db", "extrausers", "files", "mymachines", "systemd"}
)
_STOPS = re.compile(r"(?i)(unavail|tryagain)\s*=\s*return")
_ASKABLE = frozenset({"passwd", "passwd-file", "sql", "ldap", "static"})
_LOOKUPS = frozenset({"passwd-file", "sql", "ldap", "passwd", "shadow"})


def find(site: MailSite) -> Iterator[Finding]:
    """Look at PAM, the name service, the user databases and the maps."""
    drivers = {passdb.driver for passdb in site.dovecot.real_passdbs}
    if "pam" in drivers:
        yield from _pam(site)
    if drivers & _FROM_NSS or any(u.driver == "passwd" for u in site.dovecot.userdbs):
        yield from _name_service(site.system.nsswitch)
    yield from _userdbs(site, drivers)
    for named in site.postfix.names:
        yield from _map(named)
    for domain in site.postfix.domains:
        if domain.catch_all:
            yield CATCH_ALL.found(domain=domain.name, table=domain.catch_all)
    for table in site.postfix.unlisted_domains:
        yield DOMAINS_UNLISTED.found(table=table)


def _pam(site: MailSite) -> Iterator[Finding]:
    for service in site.system.pam:
        if service.trouble:
            yield PAM_UNREADABLE.found(service=service.name, trouble=service.trouble)
            continue
        for module in sorted(set(service.modules) - HARMLESS_MODULES):
            yield PAM_MODULE.found(service=service.name, module=module)
        if "pam_unix.so" not in service.modules:
            yield PAM_WITHOUT_UNIX.found(service=service.name)
    yield PAM_TIMING.found()
    form = site.dovecot.settings.get("auth_username_format", "")
    if not re.search(r"%L?n|%\{user\s*\|\s*username", form):
        yield PAM_WITH_DOMAIN.found(format=form or "(empty)")


def _name_service(line: str) -> Iterator[Finding]:
    """Find a source that may be down and is not the last, without a rule to stop there."""
    parts = re.findall(r"\[[^\]]*\]|[^\s\[\]]+", line)
    sources = [at for at, part in enumerate(parts) if not part.startswith("[")]
    for at in sources[:-1]:
        actions = parts[at + 1] if parts[at + 1].startswith("[") else ""
        stopped = {word.lower() for word in _STOPS.findall(actions)}
        if parts[at] not in _LOCAL_SOURCES and stopped != {"unavail", "tryagain"}:
            mended = [*parts]
            mended[at + 1 : at + 1 + bool(actions)] = ["[UNAVAIL=return TRYAGAIN=return]"]
            yield NSSWITCH_ORDER.found(line=line, source=parts[at], mended=" ".join(mended))


def _userdbs(site: MailSite, drivers: set[str]) -> Iterator[Finding]:
    own = [userdb for userdb in site.dovecot.userdbs if userdb.driver != "prefetch"]
    if not own:
        yield USERDB_MISSING.found()
    for userdb in own:
        if userdb.driver not in _ASKABLE:
            yield USERDB_NOT_PROVEN.found(driver=userdb.driver)
        if userdb.driver == "static":
            yield from _static(userdb, drivers)
        if userdb.driver in ("static", "ldap"):
            yield USERDB_UNLISTED.found(driver=userdb.driver)


def _static(userdb: Userdb, drivers: set[str]) -> Iterator[Finding]:
    everyone = "allow_all_users=yes" in userdb.args.split()
    if everyone or userdb.settings.get("allow_all_users") == "yes":
        yield USERDB_EVERYONE.found()
    for driver in sorted(drivers - _LOOKUPS):
        yield USERDB_BLIND.found(driver=driver)


def _map(named: NameMap) -> Iterator[Finding]:
    where = {"parameter": named.parameter, "table": named.spec}
    if named.trouble:
        yield MAP_TROUBLE.found(trouble=named.trouble, **where)
    elif named.everyone:
        yield MAP_KNOWS_EVERYONE.found(**where)
    elif named.missing:
        yield MAP_LACKS_NAMES.found(count=len(named.missing), example=named.missing[0], **where)
    if named.closed:
        yield MAP_CLOSED.found(**where)
