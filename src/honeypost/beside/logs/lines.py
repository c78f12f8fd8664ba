"""
The start of a log line: when, which program, and what it said.

Everything is anchored at the start of the line, which the system writes; the rest is what
attackers fill.  So a login called ``postfix/smtpd[1]: warning: ...`` stays a login.

Known forms, after the time: ``host program[pid]: text`` (syslog, Postfix's own
``maillog_file``) and ``program: Info: text`` (Dovecot's own log file).  journald's export
(``journalctl -o json``) is one JSON object a line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import msgspec

from honeypost.beside.logs.times import Calendar

HOSTED = re.compile(rb"[A-Za-z0-9._-]+ ([A-Za-z][A-Za-z0-9_./-]*)(?:\[\d+\])?: ")
BARE = re.compile(rb"[a-z0-9-]+[(:]")
"""Dovecot's own log file: the text begins with the program's name itself."""


@dataclass(frozen=True, slots=True)
class Line:
    """One readable line."""

    time: float | None
    program: bytes
    """``postfix/submission/smtpd``, ``dovecot``, or ``b""`` where Dovecot writes itself."""
    text: bytes


class _JournalEntry(msgspec.Struct):
    """What we read of an entry of ``journalctl -o json``."""

    message: str | list[int] | None = msgspec.field(default=None, name="MESSAGE")
    """A list of bytes where it is not UTF-8; null where it was too long for the journal."""
    program: str = msgspec.field(default="", name="SYSLOG_IDENTIFIER")
    time: str = msgspec.field(default="", name="__REALTIME_TIMESTAMP")


_journal = msgspec.json.Decoder(_JournalEntry)


def read_line(raw: bytes, calendar: Calendar) -> Line | None:
    """Take the start of a line apart; ``None`` when it is no log line that we know."""
    if raw.startswith(b"{"):
        return _from_journal(raw)
    time, used = calendar.read(raw)
    if not used:
        return None
    if match := HOSTED.match(raw, used):
        return Line(time, match.group(1), raw[match.end() :])
    if BARE.match(raw, used):
        return Line(time, b"", raw[used:])
    return None


def _from_journal(raw: bytes) -> Line | None:
    try:
        entry = _journal.decode(raw)
        time = int(entry.time) / 1e6 if entry.time else None
        text = _bytes(entry.message)
    except (msgspec.DecodeError, ValueError):
        return None
    return Line(time, entry.program.encode(), text) if text else None


def _bytes(message: str | list[int] | None) -> bytes:
    return message.encode() if isinstance(message, str) else bytes(message or ())
