"""
What Exim writes into its main log, as events (forms of 4.96, and older ones from collections).

A client stands as ``host (helo) [address]:port I=[our address]:port``.  Exim refuses a HELO
name with a space or a bracket in it unless told otherwise (``helo_accept_junk_hosts``), so the
first place of that form, right behind Exim's own words, is the client's; a login or a sender
with the same form in it changes nothing.  Where a command of the client's is quoted in front
of it, the line's fixed end says which is the last one; where neither end is fixed and two
places name different addresses, none is named.
"""

from __future__ import annotations

import re

from honeypost.beside.logs.postfix import address
from honeypost.engine.logevents import Kind, LogEvent, Outcome
from honeypost.model import printable

SERVICES = {b"587": "submission", b"465": "submissions"}
"""By our own port, where it is logged (``+incoming_interface``); else counted as ``smtp``."""

PREFIX = re.compile(rb"(?:\[\d+\] )?(?:\w{6}-\w{6,11}-\w{2,4} )?")
"""Process and message, before Exim's words."""

HOST = (
    rb"(?:[^] ()[\"]+ )?(?:\((?:\[[^] ()[\"]*\]|[^] ()[\"]*)(?::\d+)?\) )?"
    rb"\[(?P<client>[0-9A-Fa-f.:]+)\](?::\d+)?(?: I=\[[^] ]+\]:(?P<port>\d+))?(?: Ci=\d+)?"
)
SENDER = rb"F=(?:<[^<>\" ]*>|[^<>\" ]+)"
FIELDS = rb"(?: (?:I|Ci|U|P|X|CV|SNI|PRX)=[^ ]+| DN=\"[^\"]*\")*(?: " + SENDER + rb")?"

FAILED = re.compile(rb"[\w.-]+ authenticator failed for " + HOST + rb": (\d{3}) (.*)", re.DOTALL)
SET_ID = re.compile(rb"Incorrect authentication data \(set_id=(.*)\)\Z", re.DOTALL)
RECEIVED = re.compile(
    rb"<= (?:<>|[^<>\" ]+) (?:R=[^ ]+ )?H="
    + HOST
    + rb"(?: U=[^ ]+)? P=[a-z]*a(?: (?:X|CV)=[^ ]+| DN=\"[^\"]*\")* A=\w+:([^ ]+) "
)
"""A message taken with a login; a protocol's name ends in ``a`` only then.  No SNI: a client's."""

REFUSAL = re.compile(rb"(?:" + SENDER + rb" )?H=" + HOST + rb"(?P<rest> .*)", re.DOTALL)
RECIPIENT = re.compile(
    FIELDS + rb" rejected RCPT (?:<([^<>\" ]*)>|([^<>\" ]*)): \"?(.*)", re.DOTALL
)
REJECTED = re.compile(
    FIELDS + rb" (?P<said>(?:temporarily )?rejected .*|dropped .*|sender verify (?:fail|defer) .*)",
    re.DOTALL,
)
UNKNOWN = (
    *(b"unrouteable address", b"unknown user", b"user unknown", b"no such user"),
    *(b"no such recipient", b"unknown recipient", b"recipient unknown"),
)
RELAY = (b"relay not permitted", b"relaying denied", b"relay denied", b"relay access denied")

AUTH_NOT_OFFERED = re.compile(
    rb"SMTP protocol error in \"(?i:AUTH).*\" H="
    + HOST
    + rb" (?:AUTH command used when not advertised|\S+ authentication mechanism not supported)\Z",
    re.DOTALL,
)
WRONG_COMMAND = re.compile(
    rb"SMTP (?:protocol|syntax) error in \".*\" H="
    + HOST
    + rb" (?:unrecognized command|\w+ command used when not advertised)\Z",
    re.DOTALL,
)
TOO_EARLY = re.compile(rb"SMTP protocol synchronization error \([^()]*\): rejected ")
PLACE = re.compile(rb" H=" + HOST + rb"(?= |\Z)")
SPAM = re.compile(rb"SA: Action: ")
SPAM_PLACE = re.compile(rb" \(host=[^ ()\[\]]+ \[(?P<client>[0-9A-Fa-f.:]+)\]\) for ")

SESSION = (
    (Outcome.OPENED, re.compile(rb"SMTP connection from " + HOST + rb" \(TCP/IP connection count")),
    (Outcome.REJECTED, re.compile(rb"SMTP connection from " + HOST + rb" closed by DROP in ACL")),
    (Outcome.CLOSED, re.compile(rb"SMTP connection from " + HOST + rb" closed by ")),
    (Outcome.LOST, re.compile(rb"SMTP connection from " + HOST + rb" lost")),
    (Outcome.CLOSED, re.compile(rb"no MAIL in SMTP connection from " + HOST + rb" D=")),
    (
        Outcome.TOO_MANY_ERRORS,
        re.compile(rb"SMTP call from " + HOST + rb" dropped: (?P<note>too many [a-z ]+) \("),
    ),
    (
        Outcome.TOO_FAST,
        re.compile(rb"Connection from " + HOST + rb" refused: (?P<note>too many connections)"),
    ),
    (
        Outcome.REJECTED,
        re.compile(rb"rejected (?P<note>[A-Z]+|EHLO or HELO) from " + HOST + rb": "),
    ),
    (
        Outcome.LOST,
        re.compile(
            rb"(?:unexpected disconnection while reading SMTP command from"
            rb"|SMTP (?:command|data) timeout (?:\(message abandoned\) )?on connection from"
            rb"|TLS error on connection from) " + HOST + rb"(?: |\Z)"
        ),
    ),
    (
        Outcome.NO_NAME,
        re.compile(rb"no host name found for IP address (?P<client>[0-9A-Fa-f.:]+)\Z"),
    ),
    (
        Outcome.NO_NAME,
        re.compile(
            rb"no IP address found for host [^ ()]+ \(during SMTP connection from " + HOST + rb"\)"
        ),
    ),
)


def from_exim(_program: bytes, text: bytes) -> LogEvent | None:
    """Give the event of a line, or ``None`` when it tells of no client."""
    head = PREFIX.match(text)
    text = text[head.end() :] if head else text
    return (
        _login_failed(text)
        or _login_accepted(text)
        or _refused(text)
        or _quoting(text)
        or _session(text)
    )


def _event(
    kind: Kind, outcome: Outcome, match: re.Match[bytes], name: bytes = b"", note: str = ""
) -> LogEvent:
    found = match.groupdict()
    service = SERVICES.get(found.get("port") or b"", "smtp")
    return LogEvent(kind, outcome, address(found["client"]), service, name, note=note)


def _login_failed(text: bytes) -> LogEvent | None:
    match = FAILED.match(text)
    if match is None:
        return None
    code, said = match.group(3), match.group(4)
    if code != b"535":
        note = f"no answer: {printable(said)}"
        return _event(Kind.LOGIN, Outcome.NO_ANSWER, match, note=note)
    named = SET_ID.match(said)
    return _event(Kind.LOGIN, Outcome.REFUSED, match, named.group(1) if named else b"")


def _login_accepted(text: bytes) -> LogEvent | None:
    match = RECEIVED.match(text)
    return _event(Kind.LOGIN, Outcome.ACCEPTED, match, match.group(3)) if match else None


def _refused(text: bytes) -> LogEvent | None:
    match = REFUSAL.match(text)
    if match is None:
        return None
    rest = match["rest"]
    if asked := RECIPIENT.match(rest):
        reason = asked.group(3).lower()
        name = asked.group(1) or asked.group(2) or b""
        if reason.startswith(UNKNOWN):
            return _event(Kind.RECIPIENT, Outcome.UNKNOWN, match, name)
        if reason.startswith(RELAY):
            return _event(Kind.RECIPIENT, Outcome.RELAY_DENIED, match, name)
    said = REJECTED.match(rest)
    if said is None:
        # A sender or a recipient of an odd form: that it was refused is all that is sure.
        return _event(Kind.SESSION, Outcome.REJECTED, match) if b" rejected " in rest else None
    return _event(Kind.SESSION, Outcome.REJECTED, match, note=printable(said["said"]))


def _quoting(text: bytes) -> LogEvent | None:
    """Read the lines that quote a command in front of the client."""
    if match := AUTH_NOT_OFFERED.match(text):
        return _event(Kind.LOGIN, Outcome.NO_ANSWER, match, note="AUTH was not offered")
    if match := WRONG_COMMAND.match(text):
        return _event(Kind.SESSION, Outcome.NOT_SMTP, match)
    if TOO_EARLY.match(text):
        return _the_only(PLACE, text.replace(b" from H=", b" H="), Outcome.IMPATIENT)
    return _the_only(SPAM_PLACE, text, Outcome.REJECTED) if SPAM.match(text) else None


def _the_only(place: re.Pattern[bytes], text: bytes, outcome: Outcome) -> LogEvent | None:
    """Give the event of the only client that the line can be read to name."""
    found = list(place.finditer(text))
    if not found:
        return None
    if len({match["client"] for match in found}) == 1:
        return _event(Kind.SESSION, outcome, found[0])
    return LogEvent(Kind.SESSION, outcome, "", "smtp", note="the line can be read in two ways")


def _session(text: bytes) -> LogEvent | None:
    for outcome, pattern in SESSION:
        if match := pattern.match(text):
            note = match.groupdict().get("note") or b""
            return _event(Kind.SESSION, outcome, match, note=printable(note))
    return None
