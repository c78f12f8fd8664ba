"""Services where clients log in: what they would tell a decoy, and what we could not see."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from honeypost.beside.survey.kinds import Finding, Kind, Severity, kinds_of
from honeypost.beside.survey.lists import restrictions
from honeypost.beside.survey.site import AuthListener, MailSite, PostfixService
from honeypost.beside.survey.tables import text_of

NO_SASL = Kind(
    "no-sasl",
    Severity.WARN,
    "No service of Postfix lets clients log in, so decoys are won over IMAP and POP3 only.",
    "Nothing to do, unless clients should send through this host.",
    "reasoned",
)
SASL_NOT_DOVECOT = Kind(
    "sasl-not-dovecot",
    Severity.REFUSE,
    "{service} checks passwords through {type}, not Dovecot, so our chain does not see its logins.",
    "Set smtpd_sasl_type = dovecot, or attach without it: not offered yet.",
    "reasoned: only Dovecot's chain is ours",
)
SASL_ELSEWHERE = Kind(
    "sasl-elsewhere",
    Severity.REFUSE,
    "{service} asks for passwords at {path}, which is no socket of this host's Dovecot.",
    "Point smtpd_sasl_path at a listener of `service auth`.",
    "reasoned: another Dovecot would grant nothing, or what we do not know",
)
AUTH_SOCKET_OPEN = Kind(
    "auth-socket-open",
    Severity.REFUSE,
    "Dovecot answers others at {path}; whoever asks there could send a decoy's mail without us.",
    "Remove this listener of `service auth` if nothing uses it.",
    "reasoned: containment stands in one Postfix only",
)
OTHER_INSTANCE = Kind(
    "other-instance",
    Severity.REFUSE,
    "A second Postfix ({directory}) uses the same Dovecot; decoys would send through it unseen.",
    "Turn SASL off in {directory}, or let it ask another Dovecot.",
    "containment stands in one instance; a second one is not covered by its check",
)
LOGIN_MISMATCH_FIRST = Kind(
    "login-mismatch-order",
    Severity.MEND,
    "{service} has {restriction}, whose refusal shows the marker name to a decoy.",
    "Our permit for decoys is put first in smtpd_sender_restrictions.",
    "measured on 3.7.11: `553 5.7.1 ... not owned by user ...` named the marker",
)
LOGIN_MISMATCH_ELSEWHERE = Kind(
    "login-mismatch-elsewhere",
    Severity.REFUSE,
    "{service} has {restriction} in {parameter}, where ours does not stand before it: its refusal"
    " shows the marker name to a decoy.",
    "Move {restriction} to smtpd_sender_restrictions.",
    "measured on 3.7.11: `553 5.7.1 ... not owned by user ...` named the marker",
)
VERIFIES_ADDRESSES = Kind(
    "verifies-addresses",
    Severity.REFUSE,
    "{service} has {restriction} in {parameter}: it asks the other side's server about what a"
    " decoy typed, so something leaves.",
    "Take {restriction} out of {parameter} of {service}.",
    "Postfix ADDRESS_VERIFICATION_README; reasoned, not run",
)
RELAY_NOT_BY_LOGIN = Kind(
    "relay-not-by-login",
    Severity.WARN,
    "{service} has no permit_sasl_authenticated, so a decoy is told that it may not relay.",
    "Nothing to do; decoys there are less believable.",
    "Postfix SMTPD_ACCESS_README; reasoned",
)
POP_BEFORE_SMTP = Kind(
    "pop-before-smtp",
    Severity.REFUSE,
    "{service} asks {table}, which looks like pop-before-smtp: a decoy that read its mailbox could"
    " then send without a login.",
    "Remove pop-before-smtp; clients can log in on submission.",
    "reasoned: containment hangs on the login",
)
KINDS = kinds_of(globals())

_MISMATCH = re.compile(r"reject_(?:\w+_)?sender_login_mismatch")
_PERMITS = re.compile(r"\.invalid\$/ permit\}\}$")
"""Ours, for whoever logs in at the marker domain."""

_VERIFIES = frozenset({"reject_unverified_recipient", "reject_unverified_sender"})
_COVERED = "smtpd_sender_restrictions"
_LISTS = (
    "smtpd_client_restrictions",
    "smtpd_helo_restrictions",
    _COVERED,
    "smtpd_relay_restrictions",
    "smtpd_recipient_restrictions",
    "smtpd_data_restrictions",
    "smtpd_end_of_data_restrictions",
)
_RELAY_LISTS = ("smtpd_relay_restrictions", "smtpd_recipient_restrictions")
_BY_POP = re.compile(r"pop-?before-?smtp|poprelay|relay-ctrl|\bdrac\b")
_OWN_LISTENERS = re.compile(
    r"auth-(?:client|login|master|userdb|token|legacy|worker)|login/login|token-login/tokenlogin"
    r"|(?:.*/)?[\w.-]+-userdb|(?:.*/)?auth-master"
)


def find(site: MailSite) -> Iterator[Finding]:
    """Look at each service with SASL, at who else may ask Dovecot, and at other instances."""
    services = site.postfix.sasl_services
    if not services:
        yield NO_SASL.found()
    for service in services:
        yield from _backend(site, service)
        yield from _lists(service)
    yield from _listeners(site)
    for other in site.postfix.other_instances:
        if other.sasl_path:
            yield OTHER_INSTANCE.found(directory=other.directory)


def _backend(site: MailSite, service: PostfixService) -> Iterator[Finding]:
    kind = service.effective.get("smtpd_sasl_type", "")
    if kind != "dovecot":
        yield SASL_NOT_DOVECOT.found(service=service.label, type=kind or "nothing")
    elif not any(_is_at(site, service, listener) for listener in site.dovecot.listeners):
        yield SASL_ELSEWHERE.found(
            service=service.label, path=service.effective.get("smtpd_sasl_path", "")
        )


def _is_at(site: MailSite, service: PostfixService, listener: AuthListener) -> bool:
    """Does this service ask at that listener?"""
    path = service.effective.get("smtpd_sasl_path", "")
    kind, _, place = path.partition(":")
    if kind == "inet":
        return listener.path.rpartition(":")[::2] == ("inet:*", place.rpartition(":")[2]) or (
            listener.path == path
        )
    asked = site.postfix.queue_directory / path.removeprefix("unix:")
    base = Path(site.dovecot.settings.get("base_dir") or "/run/dovecot")
    return _real(base / listener.path) == _real(asked)


def _real(path: Path) -> Path:
    return path.resolve(strict=False)


def _lists(service: PostfixService) -> Iterator[Finding]:
    permitted = False
    for parameter in _LISTS:
        covered = False
        for found in restrictions(service.effective, parameter, text_of):
            facts = {
                "service": service.label,
                "restriction": found.name,
                "parameter": parameter,
                "table": found.argument,
            }
            covered |= bool(found.name == "check_sasl_access" and _PERMITS.search(found.argument))
            if _MISMATCH.fullmatch(found.name) and not covered:
                kind = LOGIN_MISMATCH_FIRST if parameter == _COVERED else LOGIN_MISMATCH_ELSEWHERE
                yield kind.found(**facts)
            if found.name in _VERIFIES and parameter != _COVERED:
                yield VERIFIES_ADDRESSES.found(**facts)
            if found.name == "check_client_access" and _BY_POP.search(found.argument):
                yield POP_BEFORE_SMTP.found(**facts)
            permitted |= found.name == "permit_sasl_authenticated" and parameter in _RELAY_LISTS
    if not permitted:
        yield RELAY_NOT_BY_LOGIN.found(service=service.label)


def _listeners(site: MailSite) -> Iterator[Finding]:
    """Find sockets that others than Dovecot itself and this Postfix may ask at."""
    for listener in site.dovecot.listeners:
        switched_off = bool(listener.mode) and int(listener.mode, 8) == 0
        used = any(_is_at(site, service, listener) for service in site.postfix.smtpd)
        if not (switched_off or used or _OWN_LISTENERS.fullmatch(listener.path)):
            yield AUTH_SOCKET_OPEN.found(path=listener.path)
