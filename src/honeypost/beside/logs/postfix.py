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

from honeypost.engine.logevents import Kind, LogEvent, Outcome
from honeypost.model import canonical_address, printable

PROGRAM = re.compile(rb"[\w.-]+(?:/[\w.-]+)*/(smtpd|postscreen)")

SERVICES = {b"submission": "submission", b"smtps": "submissions", b"submissions": "submissions"}
"""Names of the services in Debian's master.cf; every other smtpd is counted as ``smtp``."""

CLIENT = rb"[^][ ]*\[(?P<client>[0-9A-Fa-f.:]+)\](?::\d+)?"

SASL = re.compile(rb"warning: " + CLIENT + rb": SASL (\S+) authentication failed:(.*)", re.DOTALL)
ACCEPTED = re.compile(
    rb"[0-9A-Za-z]+: client=" + CLIENT + rb", sasl_method=(\S+), sasl_username=(.*)", re.DOTALL
)
REJECT = re.compile(
    rb"[0-9A-Za-z]+: (?:milter-)?reject: (\w+) from " + CLIENT + rb": (\d{3}) (.*)", re.DOTALL
)
SESSION = (
    (Outcome.OPENED, re.compile(rb"(?i:connect) from " + CLIENT + rb"(?: to .*)?\Z")),
    (Outcome.CLOSED, re.compile(rb"(?i:disconnect) (?:from )?" + CLIENT)),
    (
        Outcome.LOST,
        re.compile(rb"(?:NOQUEUE: )?lost connection after (?P<after>[A-Za-z-]+) .*?from " + CLIENT),
    ),
    (
        Outcome.LOST,
        re.compile(rb"(?:NOQUEUE: )?timeout after (?P<after>[A-Za-z-]+) .*?from " + CLIENT),
    ),
    (Outcome.LOST, re.compile(rb"HANGUP after \S+ from " + CLIENT)),
    (
        Outcome.TOO_MANY_ERRORS,
        re.compile(rb"too many errors after (?P<after>[A-Za-z-]+) .*?from " + CLIENT),
    ),
    (Outcome.NOT_SMTP, re.compile(rb"warning: non-SMTP command from " + CLIENT)),
    (Outcome.NOT_SMTP, re.compile(rb"NON-SMTP COMMAND from " + CLIENT)),
    (
        Outcome.IMPATIENT,
        re.compile(
            rb"(?:NOQUEUE: )?improper command pipelining after (?P<after>[A-Za-z-]+) from " + CLIENT
        ),
    ),
    (Outcome.IMPATIENT, re.compile(rb"PREGREET \d+ after \S+ from " + CLIENT)),
    (
        Outcome.IMPATIENT,
        re.compile(rb"COMMAND PIPELINING from " + CLIENT + rb" after (?P<after>[A-Za-z-]+)"),
    ),
    (
        Outcome.TOO_FAST,
        re.compile(rb"warning: [A-Za-z ]+ limit exceeded: \d+ from " + CLIENT + rb" for service"),
    ),
    (Outcome.TOO_FAST, re.compile(rb"COMMAND (?:TIME|COUNT|LENGTH) LIMIT from " + CLIENT)),
)
UNKNOWN = (b"Recipient address rejected: User unknown", b"Recipient address rejected: undeliver")
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
    return (
        _login_failed(text, service)
        or _login_accepted(text, service)
        or _rejected(text, service)
        or _session(text, service)
    )


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
    """Give an address in canonical form, ``""`` when it is none."""
    try:
        return str(canonical_address(raw.decode("ascii")))
    except ValueError:
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
    verb, client, reply = match.group(1), address(match.group(2)), match.group(4)
    said = reply.partition(b"; from=")[0]
    if any(sign in said for sign in UNKNOWN) and verb in {b"RCPT", b"VRFY"}:
        return LogEvent(Kind.RECIPIENT, Outcome.UNKNOWN, client, service, _recipient(said))
    if b": Relay access denied" in said:
        return LogEvent(Kind.RECIPIENT, Outcome.RELAY_DENIED, client, service, _recipient(said))
    note = printable(verb + b": " + match.group(3) + b" " + said)
    return LogEvent(Kind.SESSION, Outcome.REJECTED, client, service, note=note)


def _recipient(said: bytes) -> bytes:
    """Take the recipient out of ``5.1.1 <nobody@example.org>: Recipient address rejected``."""
    quoted = said.partition(b"<")[2]
    return quoted.rpartition(b">: ")[0]


def _session(text: bytes, service: str) -> LogEvent | None:
    for outcome, pattern in SESSION:
        match = pattern.match(text)
        if match is not None:
            found = match.groupdict()
            note = f"after {found['after'].decode()}" if "after" in found else _attempts(text)
            return LogEvent(Kind.SESSION, outcome, address(found["client"]), service, note=note)
    return None


def _attempts(text: bytes) -> str:
    """Say how many logins a disconnecting client was granted; ``auth=0/1`` is none of one."""
    match = re.search(rb" auth=(\d+)(?:/(\d+))?(?: |\Z)", text)
    if match is None:
        return ""
    return f"{int(match.group(1))} of {int(match.group(2) or match.group(1))} logins accepted"
