"""
Stops decoy logins while it is not sure that decoy mail stays in, and says so once.
"""

from __future__ import annotations

from typing import Protocol

from honeypost.events import Event, GrantsResumed, GrantsStopped
from honeypost.model import Identity
from honeypost.ports import Containment


class Notebook(Protocol):
    """Where the engine notes what happened; :class:`~honeypost.engine.journal.Journal`."""

    def note(self, event: Event, who: Identity | None) -> object: ...

    async def flush(self) -> None: ...


class Grants:
    """Asked before every grant; never remembers a yes."""

    def __init__(self, containment: Containment, journal: Notebook) -> None:
        self._containment = containment
        self._journal = journal
        self._stopped = False

    def look(self) -> str:
        """Say the same as :meth:`doubt` and note nothing: a reload is no news to anybody."""
        return self._containment.doubt()

    def doubt(self) -> str:
        """
        Say why nothing may be granted now, ``""`` when it may.

        The turn to doubt and the turn back are noted once each, however often it is asked.
        """
        doubt = self._containment.doubt()
        if doubt and not self._stopped:
            self._journal.note(GrantsStopped(doubt), None)
        elif self._stopped and not doubt:
            self._journal.note(GrantsResumed(), None)
        self._stopped = bool(doubt)
        return doubt
