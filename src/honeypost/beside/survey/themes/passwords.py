"""The chain of password databases, behind which ours is put."""

from __future__ import annotations

from collections.abc import Iterator

from honeypost.beside.survey.kinds import Finding, Kind, Severity, kinds_of
from honeypost.beside.survey.site import MailSite, Passdb, belongs_to_us
from honeypost.beside.survey.sql import QUERIES, setting, without_conditions

NO_PASSDB = Kind(
    "no-passdb",
    Severity.REFUSE,
    "Dovecot has no password database, so nobody logs in here.",
    "Attach where the mailboxes are.",
    "reasoned",
)
PASSDB_NOT_PROVEN = Kind(
    "passdb-not-proven",
    Severity.REFUSE,
    "Password database {passdb}: with this driver we cannot tell an unknown name from a wrong"
    " password, so real users could become decoys.",
    "Use passwd-file, PAM over the system's users, or SQL.",
    "proven: passwd-file, PAM, SQL; without it a real user with a listed password was diverted",
)
EVERYONE_LOGS_IN = Kind(
    "everyone-logs-in",
    Severity.REFUSE,
    "Password database {passdb} lets every name in, so no name is unknown.",
    "Use a database that lists its users.",
    "Dovecot manual: static passdb",
)
PASSDB_RESULTS = Kind(
    "passdb-results",
    Severity.REFUSE,
    "Password database {passdb} has {setting} = {value}; our links behind it would be passed over"
    " or asked about people who are already in.",
    "Set {setting} = {wanted} there.",
    "Dovecot manual: passdb result values; the chain was measured with the defaults",
)
PASSDB_CONDITIONS = Kind(
    "passdb-conditions",
    Severity.REFUSE,
    "Password database {passdb} is asked only sometimes ({setting} = {value}), so a real user may"
    " look unknown.",
    "Remove {setting} there.",
    "what cannot be told for sure is refused",
)
SEVERAL_PASSDBS = Kind(
    "several-passdbs",
    Severity.MEND,
    "There are {count} password databases; behind two of them the guard cannot tell a wrong"
    " password from an unknown name.",
    "A deny = yes copy of each is put before the guard.",
    "measured on 2.3.19: behind two passwd-files a user of the second one got through the guard",
)
LDAP_NOT_PROVEN = Kind(
    "ldap-not-proven",
    Severity.WARN,
    "Password database {passdb}: LDAP gets the same recipe as SQL, which was not proven here.",
    "Try it on a host of yours first, with honeypost doctor and a disabled account.",
    "reasoned: empty search = unknown, server down = temporary failure",
)
QUERY_CONDITION = Kind(
    "query-condition",
    Severity.MEND,
    "The query of {passdb} has a condition besides the name; a disabled account would become a"
    " decoy.",
    "A deny = yes copy without the condition is put before the guard.",
    "measured on 2.3.19 with SQLite: `AND active=1` made a disabled account a decoy",
)
QUERY_UNCLEAR = Kind(
    "query-unclear",
    Severity.REFUSE,
    "The query of {passdb} cannot be taken apart, so a disabled account might become a decoy.",
    "Write it as SELECT ... FROM ... WHERE with the name's conditions joined by AND.",
    "measured on 2.3.19: a condition makes a disabled account a decoy",
)
QUERY_UNREADABLE = Kind(
    "query-unreadable",
    Severity.REFUSE,
    "The file of {passdb} cannot be read, so nobody can say whether its query has a condition.",
    "Run this as root, and name the file by its full path.",
    "what cannot be told for sure is refused",
)
QUERY_IN_2_4 = Kind(
    "query-condition-2.4",
    Severity.REFUSE,
    "The query of {passdb} has a condition besides the name; the copy without it is only written"
    " for Dovecot 2.3.",
    "Remove the condition and give disabled accounts a password that fits nobody.",
    "2.4 has the query in the passdb block itself; not tried",
)
AUTH_POLICY_THERE = Kind(
    "auth-policy-there",
    Severity.MEND,
    "Dovecot already asks an auth policy server ({url}), and it can ask one only.",
    "It is left alone; Honeypost learns of failed logins from the log instead.",
    "Dovecot manual: auth_policy_server_url is one address",
)
AUTH_POLICY_CHECKS = Kind(
    "auth-policy-checks",
    Severity.WARN,
    "{setting} = yes: while the policy server hangs and two people log in at a time, nobody gets"
    " in.",
    "Set {setting} = no; reports go on.",
    "measured on 2.3.19 and 2.4.1: logins never completed, timeouts or not",
)
AUTH_CACHE = Kind(
    "auth-cache",
    Severity.WARN,
    "auth_cache_size is {size}; a name that was just made may look unknown for a while.",
    "Nothing to do: we ask for each name anew, and ours are never answered from the cache.",
    "measured on 2.3.19 with cache_key=%u%w%r",
)
NO_PASSWORD_MECHANISMS = Kind(
    "mechanisms-without-password",
    Severity.WARN,
    "Mechanisms {mechanisms} never show the password, so a guess made with them wins nothing.",
    "Nothing to do; guessers use PLAIN and LOGIN.",
    "measured on 2.3.19: a Lua database is only asked for a lookup then",
)
USERNAME_TRANSLATED = Kind(
    "username-translated",
    Severity.REFUSE,
    "auth_username_translation = {value} changes names before we see them.",
    "Empty auth_username_translation.",
    "what cannot be told for sure is refused",
)
KINDS = kinds_of(globals())

PROVEN = frozenset({"passwd-file", "pam", "sql"})
COPYABLE = PROVEN | {"ldap", "passwd", "shadow"}
"""Drivers of which a deny copy can be made."""

_WITHOUT_PASSWORD = frozenset(
    {"cram-md5", "digest-md5", "scram-sha-1", "scram-sha-256", "apop", "ntlm", "gssapi", "external"}
)
_RESULTS = {
    "result_success": ("return-ok", {"return-ok", "return", ""}),
    "result_failure": ("continue", {"continue", ""}),
    "result_internalfail": ("continue", {"continue", ""}),
}
_CONDITIONS = {"skip": {"never", ""}, "username_filter": {""}, "mechanisms": {""}}


def find(site: MailSite) -> Iterator[Finding]:
    """Look at every database that can let somebody in, and at auth's own settings."""
    real = site.dovecot.real_passdbs
    if not real:
        yield NO_PASSDB.found()
    if len(real) > 1:
        yield SEVERAL_PASSDBS.found(count=len(real))
    for passdb in real:
        yield from _driver(passdb)
        yield from _chain(passdb)
        if passdb.driver in QUERIES:
            yield from _query(site, passdb)
    yield from _settings(site)


def label(passdb: Passdb) -> str:
    """Name a database for the operator: driver, and name or arguments."""
    return f"{passdb.driver} {passdb.name or passdb.args}".strip()


def _driver(passdb: Passdb) -> Iterator[Finding]:
    if passdb.driver == "static":
        yield EVERYONE_LOGS_IN.found(passdb=label(passdb))
    elif passdb.driver == "ldap":
        yield LDAP_NOT_PROVEN.found(passdb=label(passdb))
    elif passdb.driver not in PROVEN:
        yield PASSDB_NOT_PROVEN.found(passdb=label(passdb))


def _chain(passdb: Passdb) -> Iterator[Finding]:
    for name, (wanted, allowed) in _RESULTS.items():
        value = passdb.settings.get(name, "")
        if value not in allowed:
            yield PASSDB_RESULTS.found(
                passdb=label(passdb), setting=name, value=value, wanted=wanted
            )
    for name, allowed in _CONDITIONS.items():
        value = passdb.settings.get(name, "")
        if value not in allowed:
            yield PASSDB_CONDITIONS.found(passdb=label(passdb), setting=name, value=value)


def query_of(passdb: Passdb) -> str | None:
    """Give the query or filter that finds a person; ``None`` when it cannot be read."""
    name = QUERIES[passdb.driver]
    if passdb.query_file is not None:
        return setting(passdb.query_file, name)
    inline = passdb.settings.get("query" if passdb.driver == "sql" else "filter", "")
    return inline or None


def _query(site: MailSite, passdb: Passdb) -> Iterator[Finding]:
    query = query_of(passdb)
    if query is None:
        yield QUERY_UNREADABLE.found(passdb=label(passdb))
        return
    plain = without_conditions(passdb.driver, query)
    if plain is None:
        yield QUERY_UNCLEAR.found(passdb=label(passdb))
    elif plain != query:
        kind = QUERY_CONDITION if site.dovecot.dialect == "2.3" else QUERY_IN_2_4
        yield kind.found(passdb=label(passdb))


def _settings(site: MailSite) -> Iterator[Finding]:
    settings = site.dovecot.settings
    url = settings.get("auth_policy_server_url", "")
    attached = any(belongs_to_us(passdb.settings) for passdb in site.dovecot.passdbs)
    if url and not attached:
        yield AUTH_POLICY_THERE.found(url=url)
    for name in ("auth_policy_check_before_auth", "auth_policy_check_after_auth"):
        if url and settings.get(name) == "yes":
            yield AUTH_POLICY_CHECKS.found(setting=name)
    size = settings.get("auth_cache_size", "0")
    if size.strip("0 BkKMG"):
        yield AUTH_CACHE.found(size=size)
    offered = set(settings.get("auth_mechanisms", "").lower().split()) & _WITHOUT_PASSWORD
    if offered:
        yield NO_PASSWORD_MECHANISMS.found(mechanisms=", ".join(sorted(offered)))
    if settings.get("auth_username_translation"):
        yield USERNAME_TRANSLATED.found(value=settings["auth_username_translation"])
