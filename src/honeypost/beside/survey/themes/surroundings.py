"""What stands around: milters, copies, lookups over sockets, webmail, fail2ban."""

from __future__ import annotations

from collections.abc import Iterator

from honeypost.beside.survey.kinds import Finding, Kind, Severity, kinds_of
from honeypost.beside.survey.lists import members
from honeypost.beside.survey.site import MailSite

MILTERS = Kind(
    "milters",
    Severity.WARN,
    "Milters ({milters}) on {service} see what decoys send before it is contained. They may refuse"
    " it or learn from it; it still goes nowhere, and a signature on top of it is taken off.",
    "For rspamd: honeypost recipe rspamd. Nothing to do for OpenDKIM.",
    "measured with OpenDKIM 2.11 and rspamd 3.4: both signed it, rspamd's Bayes learned from it",
)
COPIES = Kind(
    "copies",
    Severity.WARN,
    "{parameter} copies mail to an archive; copies of decoy mail go to our sink instead, and the"
    " archive address appears among its recipients.",
    "Nothing to do.",
    "measured on 3.7.11 with always_bcc",
)
SOCKET_LOOKUP = Kind(
    "socket-lookup",
    Severity.WARN,
    "{parameter} asks {table} over a socket; when it is down, Postfix answers everybody 451.",
    "Nothing to do for us: nothing of ours is ever such a table.",
    "measured on 3.7.11: `451 4.3.5 ... Server configuration error` for every client",
)
OUR_LOOKUP = Kind(
    "our-lookup",
    Severity.REFUSE,
    "{parameter} asks Honeypost ({table}), so all mail stops when Honeypost stops.",
    "Take {table} out of {parameter}.",
    "measured on 3.7.11: `451 4.3.5 ... Server configuration error` for every client",
)
TRUSTED_NETWORKS = Kind(
    "trusted-networks",
    Severity.MEND,
    "Hosts in {networks} may send without a login (mynetworks), which containment cannot see.",
    "They never get a decoy: the networks are put into [beside] no_decoys_from.",
    "reasoned: containment hangs on the login",
)
WEBMAIL = Kind(
    "webmail",
    Severity.WARN,
    "A webmail is installed here ({path}); it logs in from an address of its own and may send"
    " without a login.",
    "This host's own addresses never get a decoy; if it runs on another one, add that to [beside]"
    " no_decoys_from.",
    "reasoned; loopback is there by default",
)
FAIL2BAN = Kind(
    "fail2ban",
    Severity.WARN,
    "fail2ban blocks guessers by its own jails ({jails}); whom it blocks early wins no decoy.",
    "Keep it or raise maxretry there; its ignoreip is taken over either way.",
    "the two do not know of each other; both only ever add addresses to the firewall",
)
FAIL2BAN_COUNTS = Kind(
    "fail2ban-counts-decoys",
    Severity.WARN,
    "fail2ban's {jails} may count each login of a won decoy as a failed one, since the site's own"
    " database refuses it first and Dovecot's log says so (auth_verbose, PAM).",
    "Raise maxretry there if won decoys are to come back often.",
    "measured with fail2ban 1.0.2 on Dovecot 2.3.19; Postfix's jails do not count them",
)
KINDS = kinds_of(globals())

_COPYING = ("always_bcc", "sender_bcc_maps", "recipient_bcc_maps")
_SOCKETS = ("socketmap:", "tcp:")
_LOOPBACK = ("127.", "[::1]", "[::ffff:127.")


def find(site: MailSite) -> Iterator[Finding]:
    """Look at each in turn."""
    settings = site.postfix.settings
    for service in site.postfix.sasl_services:
        milters = service.effective.get("smtpd_milters", "")
        if milters:
            yield MILTERS.found(milters=milters, service=service.label)
    for parameter in _COPYING:
        if settings.get(parameter):
            yield COPIES.found(parameter=parameter)
    yield from _lookups(site)
    networks = outside_networks(site)
    if networks:
        yield TRUSTED_NETWORKS.found(networks=", ".join(networks))
    for path in site.system.webmail:
        yield WEBMAIL.found(path=path)
    fail2ban = site.system.fail2ban
    if fail2ban is not None and fail2ban.mail_jails:
        yield FAIL2BAN.found(jails=", ".join(fail2ban.mail_jails))
        counting = [jail for jail in fail2ban.mail_jails if "dovecot" in jail]
        if counting:
            yield FAIL2BAN_COUNTS.found(jails=", ".join(counting))


def outside_networks(site: MailSite) -> tuple[str, ...]:
    """Networks of ``mynetworks`` beyond loopback, as Postfix writes them."""
    networks = members(site.postfix.settings.get("mynetworks", ""))
    return tuple(n for n in networks if not n.startswith((*_LOOPBACK, "!")))


def _lookups(site: MailSite) -> Iterator[Finding]:
    everywhere = [site.postfix.settings, *(s.options for s in site.postfix.services)]
    seen = {
        (parameter, member.removeprefix("proxy:"))
        for settings in everywhere
        for parameter, value in settings.items()
        if any(kind in value for kind in _SOCKETS)
        for member in members(value)
        if member.removeprefix("proxy:").startswith(_SOCKETS)
    }
    for parameter, table in sorted(seen):
        kind = OUR_LOOKUP if "honeypost" in table else SOCKET_LOOKUP
        yield kind.found(parameter=parameter, table=table)
