"""
What Dovecot's login processes and its auth process write, as events (2.3 and 2.4).

Two kinds of line tell of a login.  The login process, when the client has gone:
``imap-login: Disconnected: ... (auth failed, 3 attempts in 6 secs): user=<N>, ..., rip=A``.
The auth process, per try and only with ``auth_verbose``: ``passwd-file(N,A,<session>):
Password mismatch`` (2.3), ``auth(N,A,sasl:plain)<session>: Info: passwd-file: Password
mismatch`` (2.4).

The name N is the attacker's and may hold anything that looks like the rest.  In the first
kind nothing after ``rip=`` is the client's, so the last one counts.  In the second kind N
stands before the address and, where passwords are logged in clear, one more text of the
client's behind it.  Where both ends leave two readings with different addresses, no address
is named: better to know less than to accuse a bystander.
"""

from __future__ import annotations

import re

from honeypost.beside.logs.postfix import address
from honeypost.engine.logevents import Kind, LogEvent, Outcome
from honeypost.model import printable

SERVICES = {
    b"imap": "imap",
    b"pop3": "pop3",
    b"managesieve": "sieve",
    b"submission": "submission",
}
PROGRAMS = {b"", b"dovecot", b"dovecot-auth", b"auth", b"auth-worker"} | {
    service + b"-login" for service in SERVICES
}
SPEAKERS = (b"dovecot", b"auth", *(service + b"-login" for service in SERVICES))
"""Most of Dovecot's lines are of those who serve mailboxes, and tell of no client."""
PREFIXES = re.compile(rb"(?:dovecot(?:\[\d+\])?: )+")
LOGIN = re.compile(rb"(imap|pop3|managesieve|submission)-login(?:\[\d+\])?: (?:Info: )?")
AUTH = re.compile(rb"auth(?:-worker)?(?:\([\w-]+\)|\[\d+\])?: (?:Info: |Debug: )?")
LET_IN = frozenset({b"Login", b"Logged in"})
"""Of 2.3 and of 2.4."""
HEAD_END = re.compile(rb": (?:user=<|method=|rip=)")
FAILED = re.compile(rb"\((?:proxy dest )?auth failed(?:, (\d{1,6}) attempts(?: in \d+ secs)?)?\)")
PLAINTEXT = re.compile(rb"\(tried to use dis(?:allowed|abled) [^()]*auth\)")
ADDRESS = rb"([0-9A-Fa-f]*[.:][0-9A-Fa-f.:]*)"
RIP_SIGN = b" rip="
RIP = re.compile(rb"[,:] rip=" + ADDRESS + rb"(?=,|\Z)")
WORKER = re.compile(rb"conn unix:[\w-]+ \([^()]*\): auth-worker<\d+>: ")
DRIVER = re.compile(
    rb"(?:pam|passwd-file|passwd|shadow|sql|ldap|lua|dict|static|oauth2|bsdauth|checkpassword|"
    rb"imap|vpopmail)\("
)
VERDICT = (
    rb"((?i:unknown user|password mismatch|invalid credentials|user not found|"
    rb"pam_authenticate\(\) failed: (?:Authentication failure|Permission denied|"
    rb"User not known)))"
)
DRIVER_END = re.compile(rb"," + ADDRESS + rb"(?:,(?:<[^<> ]*>)?)?\): " + VERDICT)
NEWER = re.compile(rb"auth\(")
NEWER_END = re.compile(
    rb"," + ADDRESS + rb"(?:,sasl:[\w-]+)?\)(?:<[^<> ]*>)?: (?:Info: )?[\w-]+: " + VERDICT
)
PAM_UNIX = re.compile(rb"pam_unix\(dovecot:auth\): authentication failure; .*? ruser=")
RHOST = re.compile(rb" rhost=" + ADDRESS + rb"(?=  user=|\s*\Z)")
GIVEN_PASSWORD = b"(given password: "


def from_dovecot(program: bytes, text: bytes) -> LogEvent | None:
    """Give the event of a line, or ``None`` when it tells of no client."""
    if program not in PROGRAMS:
        return None
    if program not in {b"", b"dovecot"}:
        text = program + b": " + text
    if not text.startswith(SPEAKERS):
        return None
    if prefixes := PREFIXES.match(text):
        text = text[prefixes.end() :]
    if match := LOGIN.match(text):
        return _from_login(SERVICES[match.group(1)], text[match.end() :])
    # The newer form first: a name may look like the older one, never the other way round.
    newer = NEWER.match(text)
    if newer and (event := _from_auth(text, newer.end(), NEWER_END)):
        return event
    if match := AUTH.match(text.removeprefix(b"dovecot-")):
        text = text.removeprefix(b"dovecot-")
        return _from_driver(text[match.end() :])
    return None


def _from_login(service: str, text: bytes) -> LogEvent | None:
    end = HEAD_END.search(text)
    if end is None:
        return None
    head, rest = text[: end.start()], text[end.start() :]
    last = _last_rip(rest)
    client = address(last.group(1)) if last else ""
    name = _user(rest[: last.start()] if last else rest)
    if head in LET_IN:
        return LogEvent(Kind.LOGIN, Outcome.ACCEPTED, client, service, name)
    if failed := FAILED.search(head):
        tries = max(1, int(failed.group(1) or 1))
        return LogEvent(Kind.LOGIN, Outcome.REFUSED, client, service, name, tries)
    if PLAINTEXT.search(head):
        note = "password offered without TLS"
        return LogEvent(Kind.LOGIN, Outcome.REFUSED, client, service, name, note=note)
    if head.startswith((b"Disconnected", b"Login aborted", b"Aborted login")):
        return LogEvent(Kind.SESSION, Outcome.CLOSED, client, service, note=printable(head))
    return None


def _last_rip(rest: bytes) -> re.Match[bytes] | None:
    at = rest.rfind(RIP_SIGN)
    while at > 0:
        if match := RIP.match(rest, at - 1):
            return match
        at = rest.rfind(RIP_SIGN, 0, at)
    return None


def _user(before: bytes) -> bytes:
    """Take N out of ``: user=<N>, method=...``; a name may itself hold ``>, rip=``."""
    if not before.startswith(b": user=<"):
        return b""
    return before.removeprefix(b": user=<").rpartition(b">")[0]


def _from_driver(text: bytes) -> LogEvent | None:
    if match := WORKER.match(text):
        text = text[match.end() :]
    if match := PAM_UNIX.match(text):
        return _from_pam_unix(text[match.end() :])
    if match := DRIVER.match(text):
        return _from_auth(text, match.end(), DRIVER_END)
    return None


def _from_auth(text: bytes, start: int, ending: re.Pattern[bytes]) -> LogEvent | None:
    ends = list(ending.finditer(text, start))
    if not ends:
        return None
    last = ends[-1]
    client = address(last.group(1))
    several = len(ends) > 1 and any(address(end.group(1)) != client for end in ends)
    doubtful = several and GIVEN_PASSWORD in text
    return LogEvent(
        Kind.LOGIN,
        Outcome.REFUSED,
        "" if doubtful else client,
        "",
        name=b"" if doubtful else text[start : last.start()],
        behind=True,
        note="the line can be read in two ways" if doubtful else last.group(2).decode().lower(),
    )


def _from_pam_unix(rest: bytes) -> LogEvent | None:
    ends = list(RHOST.finditer(rest))
    if not ends:
        return None
    last = ends[-1]
    name = rest[: last.start()]
    return LogEvent(
        Kind.LOGIN,
        Outcome.REFUSED,
        address(last.group(1)),
        "",
        name=name,
        behind=True,
        note="pam_unix",
    )
