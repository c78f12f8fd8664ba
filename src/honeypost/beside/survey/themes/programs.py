"""Versions and installed parts."""

from __future__ import annotations

from collections.abc import Iterator

from honeypost.beside.survey.kinds import Finding, Kind, Severity, kinds_of
from honeypost.beside.survey.site import MailSite

OLDEST_POSTFIX = (3, 5)
INLINE_TABLES = (3, 7)
"""The first Postfix in which a regexp table may stand in the setting itself."""

NEWEST_POSTFIX = (3, 10)
OLDEST_DOVECOT = (2, 3)
NEWEST_DOVECOT = (2, 4)
SMALL_MEMORY = 480 * 1024 * 1024
"""Below what a host sold as 512 MB shows."""

POSTFIX_TOO_OLD = Kind(
    "postfix-too-old",
    Severity.REFUSE,
    "Postfix {version} is older than 3.5, and the containment was never tried on it.",
    "Upgrade Postfix to 3.5 or later.",
    "supported systems",
)
POSTFIX_WITHOUT_INLINE_TABLES = Kind(
    "postfix-without-inline-tables",
    Severity.MEND,
    "Postfix {version} does not know tables inside a setting (3.7 does).",
    "The patterns are written into files beside main.cf instead.",
    "Postfix 3.7 release notes; 3.5 and 3.6 were not run",
)
POSTFIX_NEWER = Kind(
    "postfix-newer",
    Severity.WARN,
    "Postfix {version} is newer than 3.10, the newest that was tried.",
    "Read the probes of the attaching and honeypost doctor with care.",
    "measured on 3.7.11 and 3.10.13",
)
DOVECOT_TOO_OLD = Kind(
    "dovecot-too-old",
    Severity.REFUSE,
    "Dovecot {version} is older than 2.3, and its Lua scripts cannot do what is needed.",
    "Upgrade Dovecot to 2.3 or 2.4.",
    "supported systems",
)
DOVECOT_UNKNOWN = Kind(
    "dovecot-unknown",
    Severity.REFUSE,
    "Dovecot {version} is newer than 2.4, and the language of its settings is not known.",
    "Stay on 2.4, or wait for a version of Honeypost that names yours.",
    "2.3 and 2.4 differ so much that one's settings stop the other",
)
DOVECOT_2_4 = Kind(
    "dovecot-2.4",
    Severity.WARN,
    "Dovecot {version} speaks the 2.4 dialect, which was run far less than 2.3.",
    "Read the probes of the attaching and honeypost doctor with care.",
    "the chain was measured on 2.4.1, the survey only against written examples",
)
LUA_MISSING = Kind(
    "lua-missing",
    Severity.REFUSE,
    "Dovecot's auth has no Lua, and a chain that names it stops every login.",
    "Install the package dovecot-auth-lua.",
    "measured on 2.3.19: `Support not compiled in for passdb driver 'lua'`",
)
LUA_HTTP_MISSING = Kind(
    "lua-http-missing",
    Severity.REFUSE,
    "Dovecot's Lua has no dovecot.http, over which the decoy script asks us.",
    "Install the Dovecot packages of your distribution; a build without it cannot be used.",
    "measured on 2.3.19.1 and 2.4.1, which have it built in",
)
MEMORY_SMALL = Kind(
    "memory-small",
    Severity.WARN,
    "This host has {megabytes} MB of memory; the budgets are made for 512 MB and more.",
    "Lower [budgets], connections first.",
    "budgets of the design",
)
KINDS = kinds_of(globals())


def find(site: MailSite) -> Iterator[Finding]:
    """Check both versions, Dovecot's Lua and the memory."""
    yield from _postfix(site)
    yield from _dovecot(site)
    memory = site.system.memory_bytes
    if memory is not None and memory < SMALL_MEMORY:
        yield MEMORY_SMALL.found(megabytes=memory // 2**20)


def _postfix(site: MailSite) -> Iterator[Finding]:
    version = site.postfix.version
    told = ".".join(map(str, version))
    if version < OLDEST_POSTFIX:
        yield POSTFIX_TOO_OLD.found(version=told)
    elif version < INLINE_TABLES:
        yield POSTFIX_WITHOUT_INLINE_TABLES.found(version=told)
    elif version[:2] > NEWEST_POSTFIX:
        yield POSTFIX_NEWER.found(version=told)


def _dovecot(site: MailSite) -> Iterator[Finding]:
    version = site.dovecot.version
    told = ".".join(map(str, version))
    if version < OLDEST_DOVECOT:
        yield DOVECOT_TOO_OLD.found(version=told)
    elif version[:2] > NEWEST_DOVECOT:
        yield DOVECOT_UNKNOWN.found(version=told)
    elif version >= NEWEST_DOVECOT:
        yield DOVECOT_2_4.found(version=told)
    if not site.dovecot.lua:
        yield LUA_MISSING.found()
    elif not site.dovecot.lua_http:
        yield LUA_HTTP_MISSING.found()
