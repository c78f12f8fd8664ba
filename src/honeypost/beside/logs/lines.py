"""
The start of a log line: when, which program, and what it said.

Everything is anchored at the start of the line, which the system writes; the rest is what
attackers fill.  So a login called ``postfix/smtpd[1]: warning: ...`` stays a login.

Known forms, after the time: ``host program[pid]: text`` (syslog, Postfix's own
``maillog_file``), ``program: Info: text`` (Dovecot's own log file) and bare text (Exim's main
log).  One object of ``journalctl -o json`` is a line too.
"""

from __future__ import annotations

import re

import msgspec

from honeypost.beside.logs.journal import Entry, from_json
from honeypost.beside.logs.times import Calendar

HOSTED = re.compile(rb"[A-Za-z0-9._-]++ ([A-Za-z][A-Za-z0-9_./-]*+)(:|\[\d++\]:) ")
"""Matched on every line: it never tries again with less, and has no optional group."""
BARE = re.compile(rb"[a-z0-9-]+[(:]")
"""Dovecot's own log file: the text begins with the program's name itself."""

UNTIMED = re.compile(rb"[A-Za-z0-9._-]+ (exim4?)\[\d+\]: (?=\d{4}-\d\d-\d\d \d\d:\d\d:\d\d )")
"""A journal's text where Exim wrote its own time, and nobody else did."""

EXIM = b"exim"
DOVECOT = b"dovecot"

DATE_END = 10
"""What stands behind the date tells a program's own file (a space) from syslog's (``T``)."""


class Line(msgspec.Struct, frozen=True, gc=False):
    """One readable line."""

    time: float | None
    program: bytes
    """``postfix/submission/smtpd``, ``dovecot``, or ``b""`` where Dovecot writes itself."""
    text: bytes


def read_line(raw: bytes, calendar: Calendar) -> Line | None:
    """Take the start of a line apart; ``None`` when it is no log line that we know."""
    time, used = calendar.read(raw)
    if not used:
        return _without_time(raw, calendar)
    if match := HOSTED.match(raw, used):
        program, end = match.groups()
        # In its own file Exim's text may look like a host and a program, but has no process id.
        if end != b":" or program == DOVECOT or not _is_own_file(raw):
            text = raw[match.end() :]
            if program.startswith(EXIM):
                text = _undated(text, calendar)
            return Line(time, program, text)
    if BARE.match(raw, used):
        return Line(time, b"", raw[used:])
    return Line(time, EXIM, raw[used:]) if _is_own_file(raw) else None


def from_entry(entry: Entry, calendar: Calendar) -> Line:
    """Give an entry of the journal as a line."""
    text = _undated(entry.text, calendar) if entry.program.startswith(EXIM) else entry.text
    return Line(entry.time, entry.program, text)


def _is_own_file(raw: bytes) -> bool:
    return raw[:1].isdigit() and raw[DATE_END : DATE_END + 1] == b" "


def _without_time(raw: bytes, calendar: Calendar) -> Line | None:
    if raw.startswith(b"{"):
        entry = from_json(raw)
        return from_entry(entry, calendar) if entry else None
    if match := UNTIMED.match(raw):
        time, used = calendar.read(raw[match.end() :])
        return Line(time, match.group(1), raw[match.end() + used :])
    return None


def _undated(text: bytes, calendar: Calendar) -> bytes:
    """Take away the time that Exim may write into syslog a second time."""
    return text[calendar.read(text)[1] :] if text[:1].isdigit() else text
