"""
The event pipeline: everything that happened goes through here, once.

The journal stamps an event with time and id and binds the identity of the session; then it
hands the entry to the durable log and to the sinks (metrics, screens, the bus).  Nobody else
makes entries, so nothing that an attacker fills in can take the place of who and when.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Final

from honeypost.engine.ids import Ids
from honeypost.events import Event
from honeypost.model import Identity
from honeypost.ports import Chance, Clock, Entry, EventLog, Sink

LOG_EVERY: Final = 100
"""A part that fails is logged the 1st and then every so many-th time."""

_log = logging.getLogger(__name__)


class Journal:
    """
    Notes events; never raises and never waits, whatever its parts do.

    One per process, used from the event loop only.
    """

    def __init__(
        self,
        log: EventLog,
        clock: Clock,
        chance: Chance,
        sinks: Sequence[Sink] = (),
        last_id: str = "",
    ) -> None:
        """:param last_id: newest id in the log; keeps ids in order over a clock set back."""
        self._log = log
        self._clock = clock
        self._ids = Ids(chance, last_id)
        self._sinks = list(sinks)
        self.failures = 0
        """How often a sink or the log raised since the start."""

    def add(self, sink: Sink) -> None:
        """Have a further sink told of all later entries."""
        self._sinks.append(sink)

    def note(self, event: Event, who: Identity | None) -> Entry:
        """
        Note that this happened just now.

        On disk within a second, or when :meth:`flush` returns.

        :param who: ``None`` for what the site itself did.
        """
        now = self._clock()
        entry = Entry(self._ids.at(now), now, event, who)
        try:
            self._log.append(entry)
        except Exception:  # noqa: BLE001 - a broken log must not end a session
            self._failed("log")
        for sink in self._sinks:
            self._tell(sink, entry)
        return entry

    async def flush(self) -> None:
        """
        Return when everything noted so far is durable.

        :raises StoreError: when it cannot be made so.
        """
        await self._log.flush()

    def _tell(self, sink: Sink, entry: Entry) -> None:
        try:
            sink.write((entry,))
        except Exception:  # noqa: BLE001 - sinks are isolated from each other and from us
            self._failed(type(sink).__name__)

    def _failed(self, part: str) -> None:
        self.failures += 1
        if self.failures % LOG_EVERY == 1:
            _log.exception("journal: %s failed, %d failures so far", part, self.failures)
