"""
The journal as ``journalctl -o export`` and ``journalctl -o json`` give it.

An entry is one message whatever it holds: a line end inside it, which a client may have typed,
begins no new entry (systemd's *Journal Export Formats* writes such a field with its length in
front).  Of an entry only four fields are kept, and of a long one only the start.
"""

from __future__ import annotations

import struct

import msgspec

from honeypost.beside.logs.splitting import LINE_BYTES

MICROSECONDS = 1e6
SIZE = struct.Struct("<Q")

CURSOR = b"__CURSOR"
TIME = b"__REALTIME_TIMESTAMP"
PROGRAM = b"SYSLOG_IDENTIFIER"
MESSAGE = b"MESSAGE"
KEPT = frozenset({CURSOR, TIME, PROGRAM, MESSAGE})

EXPORT_START = CURSOR + b"="
"""How an export begins."""


class Entry(msgspec.Struct, frozen=True, gc=False):
    """What is read of one entry of the journal."""

    time: float | None
    program: bytes
    """The name that the program gave itself, as ``postfix/smtpd``."""
    text: bytes
    cursor: str = ""
    """Where it stands, for ``journalctl --after-cursor``; only an export says."""


class _JsonEntry(msgspec.Struct):
    message: str | list[int] | None = msgspec.field(default=None, name="MESSAGE")
    """A list of bytes where it is not UTF-8; null where it was too long for the journal."""
    program: str = msgspec.field(default="", name="SYSLOG_IDENTIFIER")
    time: str = msgspec.field(default="", name="__REALTIME_TIMESTAMP")


_json = msgspec.json.Decoder(_JsonEntry)


def from_json(raw: bytes) -> Entry | None:
    """Give the entry in a line of ``-o json``; ``None`` when it is none or says nothing."""
    try:
        entry = _json.decode(raw)
        time = int(entry.time) / MICROSECONDS if entry.time else None
        message = entry.message
        text = message.encode() if isinstance(message, str) else bytes(message or ())
    except (msgspec.DecodeError, ValueError):
        return None
    return Entry(time, entry.program.encode(), text) if text else None


class ExportReader:
    """Takes an export in pieces of any size, gives the entries that end in each."""

    def __init__(self) -> None:
        self._rest = b""
        self._fields: dict[bytes, bytes] = {}
        self._skip = 0
        """Bytes still to come of a field that is not wanted, or not to its end."""
        self._drop_line = False
        """Is what comes next, up to a line's end, of a field that was too long?"""

    def feed(self, block: bytes) -> list[Entry]:
        """Take a piece; an entry without a message gives nothing."""
        data = self._rest + block
        entries: list[Entry] = []
        at = 0
        while (end := self._step(data, at, entries)) is not None:
            at = end
        self._rest = data[at:]
        return entries

    def flush(self) -> list[Entry]:
        """Give the last entry although no empty line ended it."""
        entries = self.feed(b"\n\n")
        self._rest, self._fields, self._skip, self._drop_line = b"", {}, 0, False
        return entries

    def _step(self, data: bytes, at: int, entries: list[Entry]) -> int | None:
        """Read one field or an entry's end; give where it ends, ``None`` to wait for more."""
        if self._skip:
            taken = min(self._skip, len(data) - at)
            self._skip -= taken
            return at + taken if taken else None
        end = data.find(b"\n", at)
        if end < 0:
            return self._overlong(data, at)
        if self._drop_line:
            self._drop_line = False
            return end + 1
        if end == at:
            entries.extend(_entry(self._fields))
            self._fields = {}
            return end + 1
        name, equals, value = data[at:end].partition(b"=")
        if not equals:
            return self._counted(name, data, end + 1)
        self._keep(name, value)
        return end + 1

    def _counted(self, name: bytes, data: bytes, at: int) -> int | None:
        start = at + SIZE.size
        if len(data) < start:
            return None
        (size,) = SIZE.unpack_from(data, at)
        wanted = min(size, LINE_BYTES) if name in KEPT else 0
        if len(data) < start + wanted:
            return None
        self._keep(name, data[start : start + wanted])
        self._skip = size - wanted + 1
        return start + wanted

    def _overlong(self, data: bytes, at: int) -> int | None:
        """Take the start of a field that is too long to wait for, and drop the rest of its line."""
        if self._drop_line:
            return len(data) if len(data) > at else None
        if len(data) - at <= 2 * LINE_BYTES:
            return None
        name, _, value = data[at:].partition(b"=")
        self._keep(name, value)
        self._drop_line = True
        return len(data)

    def _keep(self, name: bytes, value: bytes) -> None:
        if name in KEPT:
            self._fields.setdefault(name, value[:LINE_BYTES])


def _entry(fields: dict[bytes, bytes]) -> list[Entry]:
    text = fields.get(MESSAGE, b"")
    if not text:
        return []
    stamp = fields.get(TIME, b"")
    time = int(stamp) / MICROSECONDS if stamp.isdigit() else None
    cursor = fields.get(CURSOR, b"").decode("ascii", "replace")
    return [Entry(time, fields.get(PROGRAM, b""), text, cursor)]
