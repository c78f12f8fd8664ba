"""
What the worker does whenever there may be something new: reads on from where it stopped.

Captures are taken apart one by one and each report is kept together with the cursor behind
its capture, so whatever ends the worker, no capture is missed and none is counted twice.
Lineages are folded from the journal page by page and kept together with theirs.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from honeypost.config.schema import Paths
from honeypost.engine.bounces import withheld
from honeypost.engine.extraction import Dissector, Mark, examine, extracted
from honeypost.errors import StoreCorrupt
from honeypost.events import DecoyAdopted, DecoyEntered, Event, LoginRefused, MessageCaptured
from honeypost.extract.report import Report
from honeypost.intel.lineage import Lineages
from honeypost.ports import Capture, Entry
from honeypost.stores.intel import IntelStore
from honeypost.stores.reader import START, Cursor, SegmentReader
from honeypost.stores.view import JournalView

CAPTURES_CURSOR: Final = "captures"
TRACED: Final = (LoginRefused, DecoyAdopted, DecoyEntered, MessageCaptured)
TRACED_KINDS: Final = tuple(event.kind() for event in TRACED)

Note = Callable[[Event], object]
"""Told of everything that the worker found, within the batch that keeps the finding."""

GiveWay = Callable[[], Awaitable[None]]
"""Returns when it is our turn: :meth:`honeypost.app.courtesy.Courtesy.give_way`."""

_log = logging.getLogger(__name__)


async def at_once() -> None:
    """Give way to nobody."""


class Rounds:
    """Reads the edge's stores and writes the worker's."""

    def __init__(
        self,
        paths: Paths,
        intel: IntelStore,
        dissector: Dissector,
        note: Note,
        give_way: GiveWay = at_once,
    ) -> None:
        self._give_way = give_way
        self._paths = paths
        self._intel = intel
        self._dissector = dissector
        self._note = note
        self._lineages: Lineages | None = None

    async def look(self) -> int:
        """
        Work off all that is new; gives how many captures and journal entries that were.

        :raises StoreError: a store cannot be read or written; nothing is lost by that.
        :raises NotReady: the extraction child does not come up.
        """
        await self._give_way()
        return self.trace() + await self.examine()

    async def examine(self) -> int:
        """Take new captures apart; how many there were."""
        if not self._paths.segments.is_dir():
            return 0
        reader = SegmentReader(self._paths.segments)
        text = self._intel.cursor(CAPTURES_CURSOR)
        count = 0
        for kept in reader.after(Cursor.parse(text) if text else START, verify=False):
            await self._give_way()
            report = await self._report(reader, kept.capture)
            with self._intel.batch():
                if report is not None and self._intel.keep(kept.capture, report):
                    self._note(extracted(kept.capture, report))
                self._intel.set_cursor(CAPTURES_CURSOR, str(kept.cursor))
            count += 1
        return count

    def trace(self) -> int:
        """Fold new journal entries into the lineages; how many there were."""
        if not self._paths.journal.exists():
            return 0
        count = 0
        with JournalView(self._paths.journal) as journal:
            lineages = self._known()
            while page := journal.entries(lineages.cursor, kinds=TRACED_KINDS):
                found = lineages.fold(page)
                with self._intel.batch():
                    self._intel.save_lineages(lineages, _accounts(page))
                    for event in found:
                        self._note(event)
                count += len(page)
        return count

    def reread(self) -> None:
        """Have the lineages read from the store again: somebody else has changed them."""
        self._lineages = None

    def _known(self) -> Lineages:
        if self._lineages is None:
            self._lineages = self._intel.lineages()
        return self._lineages

    async def _report(self, reader: SegmentReader, capture: Capture) -> Report | None:
        """
        Give the report, an empty marked one at worst.

        ``None`` when the capture is gone, or is mail of others to an address that does not
        exist: only what decoys send is taken apart.
        """
        if withheld(capture):
            return None
        try:
            body = reader.read(capture.id)
        except KeyError:
            return None
        except StoreCorrupt as error:
            _log.warning("%s", error)
            return Report(file=capture.id, errors=(str(Mark.UNREADABLE),))
        envelope = [recipient.address for recipient in capture.envelope.recipients]
        return await examine(self._dissector, body, file=capture.id, envelope=envelope)


def _accounts(entries: Iterable[Entry]) -> set[str]:
    return {entry.event.account for entry in entries if isinstance(entry.event, TRACED)}
