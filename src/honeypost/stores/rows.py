"""
Journal entries as rows of a table, and back.

The columns are what people search by; the event itself is one JSON value (bytes as base64).
What is not a column cannot be asked for by SQL, and need not be: everything about an address
or account is found by one of them.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from honeypost.events import all_events
from honeypost.model import Client, Identity, Protocol
from honeypost.ports import Entry

COLUMNS: Final = (
    "id", "time", "kind", "session", "client", "port", "network", "listener", "protocol",
    "account", "capture", "payload",
)  # fmt: skip

INSERT: Final = (
    f"INSERT OR IGNORE INTO events ({', '.join(COLUMNS)})"  # noqa: S608 - our own names
    f" VALUES ({', '.join('?' * len(COLUMNS))})"
)
SELECT: Final = f"SELECT {', '.join(COLUMNS)} FROM events"  # noqa: S608 - our own names

SELECT_NUMBERED: Final = f"SELECT number, {', '.join(COLUMNS)} FROM events"  # noqa: S608 - our own

_EVENTS: Final = all_events()


def to_row(entry: Entry) -> tuple[Any, ...]:
    """
    Make the row of an entry.

    :raises ValueError: when it holds text that is none (lone surrogates).
    """
    who = entry.who or Identity("", Client(""), "", Protocol.SMTP)
    return (
        entry.id,
        entry.time,
        entry.event.kind(),
        who.session,
        who.client.address,
        who.client.port,
        who.client.network if entry.who else "",
        who.listener,
        str(who.protocol) if entry.who else "",
        getattr(entry.event, "account", ""),
        getattr(entry.event, "capture", ""),
        msgspec.json.encode(entry.event).decode(),
    )


def from_row(row: tuple[Any, ...]) -> Entry | None:
    """Make the entry of a row, ``None`` when a later version of us has written it."""
    id_, time, kind, session, address, port, _, listener, protocol, _, _, payload = row
    try:
        event = msgspec.json.decode(payload, type=_EVENTS[kind])
        who = (
            Identity(session, Client(address, port), listener, Protocol(protocol))
            if protocol
            else None
        )
    except (KeyError, ValueError):
        return None
    return Entry(id_, time, event, who)
