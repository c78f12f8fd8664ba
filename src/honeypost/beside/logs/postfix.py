"""
What Postfix's smtpd and postscreen write, as events.

The client stands in ``name[address]`` or ``name[address]:port`` at a fixed place before
anything that the client may fill; Postfix admits only letters of host names to ``name``.
So the first match from the start is the true one, and a login, HELO name or recipient with
``unknown[192.0.2.1]`` in it changes nothing.  Lines measured on Postfix 3.7.11, older forms
(a challenge in place of the reason, no ``sasl_username``) from other people's collections.
"""

from __future__ import annotations

import re
from functools import lru_cache
from socket import AF_INET, AF_INET6, inet_ntop, inet_pton

from honeypost.engine.logevents import Kind, LogEvent, Outcome
from honeypost.model import canonical_address, printable

PROGRAMS_REMEMBERED = 1024
"""Names of programs whose service is remembered; a host has some dozens."""

PROGRAM = re.compile(rb"[\w.-]+(?:/[\w.-]+)*/(smtpd|postscreen)")

SERVICES = {b"submission": "submission", b"smtps": "submissions", b"submissions": "submissions"}
"""Names of the services in Debian's master.cf; every other smtpd is counted as ``smtp``."""

CLIENT = rb"[^][ ]*\[(?P<client>[0-9A-Fa-f.:]+)\](?::\d+)?"

QUEUED = re.compile(rb"(?:NOQUEUE|[0-9A-Za-z]+): ")
"""In front of many lines; from Postfix 3.10 on of those about lost connections too."""

SASL = re.compile(rb"warning: " + CLIENT + rb": SASL (\S+) authentication failed:(.*)", re.DOTALL)
ACCEPTED = re.compile(rb"client=" + CLIENT + rb", sasl_method=(\S+), sasl_username=(.*)", re.DOTALL)
REJECT = re.compile(
    rb"(?:milter-)?reject: (\w+) from " + CLIENT + rb": (\d{3}) ((?:\d\.\d{1,3}\.\d{1,3} )?)(.*)",
    re.DOTALL,
)
REASONS = (
    rb"(?P<reason>(?:Recipient address|Sender address|Helo command|Client host|Data command|"
    rb"End-of-data|Command|Etrn command|Verify) rejected: .*|Relay access denied.*)"
)
PLAIN = re.compile(rb"(?:<(?P<name>[^<>\" ]*)>)?: " + REASONS, re.DOTALL)
"""What the reply quotes and why: a name of the usual form, before a colon."""
ODD = re.compile(rb"<(?P<name>.*)>: " + REASONS, re.DOTALL)
"""A name that holds what else stands around names: the last reason is Postfix's."""

AFTER = rb"(?P<after>[A-Za-z-]+)"
OPENED = re.compile(rb"(?i:connect) from " + CLIENT + rb"(?: to .*)?\Z")
CLOSED = re.compile(rb"(?i:disconnect) (?:from )?" + CLIENT)
LOST = re.compile(rb"(?:lost connection|timeout) after " + AFTER + rb" .*?from " + CLIENT)
TOO_FAST = re.compile(rb"warning: [A-Za-z ]+ limit exceeded: \d+ from " + CLIENT + rb" for service")
NO_NAME = re.compile(
    rb"warning: hostname [^ ]+ does not resolve to address (?P<client>[0-9A-Fa-f.:]+)(?=:|\Z)"
)
NOT_SMTP = re.compile(rb"warning: non-SMTP command from " + CLIENT)
Pattern = tuple[Outcome, re.Pattern[bytes]]
SESSION: dict[bytes, tuple[Pattern, ...]] = {
    b"connect": ((Outcome.OPENED, OPENED),),
    b"CONNECT": ((Outcome.OPENED, OPENED),),
    b"disconnect": ((Outcome.CLOSED, CLOSED),),
    b"DISCONNECT": ((Outcome.CLOSED, CLOSED),),
    b"lost": ((Outcome.LOST, LOST),),
    b"timeout": ((Outcome.LOST, LOST),),
    b"HANGUP": ((Outcome.LOST, re.compile(rb"HANGUP after \S+ from " + CLIENT)),),
    b"too": (
        (
            Outcome.TOO_MANY_ERRORS,
            re.compile(rb"too many errors after " + AFTER + rb" .*?from " + CLIENT),
        ),
    ),
    b"warning:": (
        (Outcome.NOT_SMTP, NOT_SMTP),
        (Outcome.TOO_FAST, TOO_FAST),
        (Outcome.NO_NAME, NO_NAME),
    ),
    b"NON-SMTP": ((Outcome.NOT_SMTP, re.compile(rb"NON-SMTP COMMAND from " + CLIENT)),),
    b"improper": (
        (
            Outcome.IMPATIENT,
            re.compile(rb"improper command pipelining after " + AFTER + rb" from " + CLIENT),
        ),
    ),
    b"PREGREET": ((Outcome.IMPATIENT, re.compile(rb"PREGREET \d+ after \S+ from " + CLIENT)),),
    b"COMMAND": (
        (
            Outcome.IMPATIENT,
            re.compile(rb"COMMAND PIPELINING from " + CLIENT + rb" after " + AFTER),
        ),
        (Outcome.TOO_FAST, re.compile(rb"COMMAND (?:TIME|COUNT|LENGTH) LIMIT from " + CLIENT)),
    ),
}
"""By the first word of the line, behind a queue id."""

GRANTED = re.compile(rb" auth=(\d+)(?:/(\d+))?(?: |\Z)")
UNKNOWN = (b"Recipient address rejected: User unknown", b"Recipient address rejected: undeliver")
RELAY = b"Relay access denied"
USERNAME = b", sasl_username="

NOBODY_ASKED = (
    b"Connection lost to authentication server",
    b"Invalid authentication mechanism",
    b"Temporary authentication failure",
)
"""Reasons that tell of the server, not of the credential."""

UNAVAILABLE = b"(unavailable)"
"""The login when Dovecot died before it named one."""


def from_postfix(program: bytes, text: bytes) -> LogEvent | None:
    """Give the event of a line, or ``None`` when it tells of no client."""
    service = service_of(program)
    if not service:
        return None
    word = text.partition(b" ")[0]
    patterns = SESSION.get(word)
    if patterns is None and (queued := QUEUED.match(text)):
        text = text[queued.end() :]
        patterns = SESSION.get(text.partition(b" ")[0])
        if patterns is None:
            return _login_accepted(text, service) or _rejected(text, service)
    elif word == b"warning:" and (failed := _login_failed(text, service)):
        return failed
    return _session(text, service, patterns or ())


@lru_cache(PROGRAMS_REMEMBERED)
def service_of(program: bytes) -> str:
    """
    Give the service of a program's name, ``""`` when it is not one that faces clients.

    >>> service_of(b"postfix/smtps/smtpd"), service_of(b"postfix/qmgr")
    ('submissions', '')
    """
    if PROGRAM.fullmatch(program) is None:
        return ""
    return SERVICES.get(program.split(b"/")[-2], "smtp")


def address(raw: bytes) -> str:
    """
    Give an address in canonical form, ``""`` when it is none.

    >>> address(b"::ffff:192.0.2.1"), address(b"2001:DB8:0:0::1"), address(b"192.0.2.999")
    ('192.0.2.1', '2001:db8::1', '')
    """
    text = raw.decode("ascii", "replace")
    try:
        if ":" not in text:
            inet_pton(AF_INET, text)  # takes the canonical form only
            return text
        # A mapped address is unwrapped below; the rest the C library writes as RFC 5952 does.
        short = inet_ntop(AF_INET6, inet_pton(AF_INET6, text))
        return str(canonical_address(text)) if short.startswith("::") else short
    except (OSError, ValueError):
        return ""


def _login_failed(text: bytes, service: str) -> LogEvent | None:
    match = SASL.match(text)
    if match is None:
        return None
    reason, _, name = match.group(3).partition(USERNAME)
    asked = name != UNAVAILABLE and not any(sign in reason for sign in NOBODY_ASKED)
    return LogEvent(
        Kind.LOGIN,
        Outcome.REFUSED if asked else Outcome.NO_ANSWER,
        address(match.group(1)),
        service,
        name=b"" if name == UNAVAILABLE else name,
        note="" if asked else f"no answer: {printable(reason.strip())}",
    )


def _login_accepted(text: bytes, service: str) -> LogEvent | None:
    match = ACCEPTED.match(text)
    if match is None:
        return None
    name = match.group(3).partition(b", sasl_sender=")[0]
    return LogEvent(Kind.LOGIN, Outcome.ACCEPTED, address(match.group(1)), service, name)


def _rejected(text: bytes, service: str) -> LogEvent | None:
    match = REJECT.match(text)
    if match is None:
        return None
    verb, client, code, status, reply = match.groups()
    said = reply.partition(b"; from=")[0].partition(b"; proto=")[0]
    quoted = PLAIN.match(said) or ODD.match(said)
    if quoted is not None:
        name, reason = quoted["name"] or b"", quoted["reason"]
        if reason.startswith(UNKNOWN) and verb in {b"RCPT", b"VRFY"}:
            outcome = Outcome.UNKNOWN
            return LogEvent(Kind.RECIPIENT, outcome, address(client), service, name)
        if reason.startswith(RELAY):
            outcome = Outcome.RELAY_DENIED
            return LogEvent(Kind.RECIPIENT, outcome, address(client), service, name)
    note = printable(verb + b": " + code + b" " + status + said)
    return LogEvent(Kind.SESSION, Outcome.REJECTED, address(client), service, note=note)


def _session(text: bytes, service: str, patterns: tuple[Pattern, ...]) -> LogEvent | None:
    for outcome, pattern in patterns:
        match = pattern.match(text)
        if match is not None:
            note = _attempts(text) if outcome is Outcome.CLOSED else ""
            if "after" in pattern.groupindex:
                note = f"after {match['after'].decode()}"
            return LogEvent(Kind.SESSION, outcome, address(match["client"]), service, note=note)
    return None


def _attempts(text: bytes) -> str:
    """Say how many logins a disconnecting client was granted; ``auth=0/1`` is none of one."""
    match = GRANTED.search(text) if b" auth=" in text else None
    if match is None:
        return ""
    return f"{int(match.group(1))} of {int(match.group(2) or match.group(1))} logins accepted"
