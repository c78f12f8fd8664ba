"""
What is stored, for commands that look: read-only, with the daemon running or not.

Everything here is opened when it is first asked for, and a store that does not exist yet is
an empty one: a command right after the first start has something to say.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Self

from honeypost.cli import screen
from honeypost.config.schema import Paths
from honeypost.engine.bounces import withheld
from honeypost.events import DecoyAdopted, DecoyEntered, LoginRefused, MessageCaptured
from honeypost.extract.report import Report
from honeypost.intel.lineage import Lineages
from honeypost.ports import Decoy, Entry
from honeypost.stores.findings import IntelView
from honeypost.stores.observations import Observations, open_observations
from honeypost.stores.reader import Joined, SegmentReader
from honeypost.stores.view import LIMIT, JournalView

LINEAGE_KINDS = tuple(
    kind.kind() for kind in (LoginRefused, DecoyAdopted, DecoyEntered, MessageCaptured)
)


@dataclass(slots=True)
class Archive:
    """All that one site has stored; use it in a ``with`` block."""

    paths: Paths
    _journal: JournalView | None = None
    _intel: IntelView | None = None
    _observations: Observations | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for view in (self._journal, self._intel, self._observations):
            if view is not None:
                view.close()

    @property
    def journal(self) -> JournalView | None:
        """The events and decoys, ``None`` when there are none yet."""
        if self._journal is None and self.paths.journal.exists():
            self._journal = JournalView(self.paths.journal)
        return self._journal

    @property
    def segments(self) -> SegmentReader:
        """The captures, also when there are none yet."""
        return SegmentReader(self.paths.segments)

    def entries(self, **conditions: Any) -> Iterator[Entry]:
        """
        Give all entries that meet the conditions of :meth:`JournalView.entries`, oldest first.

        They come a page at a time, so no read transaction lasts.
        """
        if self.journal is None:
            return
        after = conditions.pop("after_id", "")
        while page := self.journal.entries(after, **conditions):
            yield from page
            after = page[-1].id
            if len(page) < LIMIT:
                return

    def noted(self, kinds: Collection[str], since: float) -> Iterator[Entry]:
        """Give the events of these kinds that the worker noted since then, oldest first."""
        after = ""
        while self.intel and (page := self.intel.entries(after, kinds=kinds)):
            yield from (entry for entry in page if entry.time >= since)
            after = page[-1].id

    def decoys(self) -> list[Decoy]:
        """All decoys, oldest first."""
        return self.journal.decoys() if self.journal else []

    def counts(self, since: float = 0.0) -> dict[str, int]:
        """How many events of each kind there are."""
        return self.journal.counts(since) if self.journal else {}

    def messages(self) -> list[Joined]:
        """All messages that decoys sent, oldest first, each with all its recipients."""
        return [message for message in self._joined() if not withheld(message.capture)]

    def withheld(self) -> list[Joined]:
        """All messages to unknown addresses, oldest first; see :mod:`honeypost.engine.bounces`."""
        return [message for message in self._joined() if withheld(message.capture)]

    def _joined(self) -> Iterator[Joined]:
        return self.segments.joined() if self.paths.segments.is_dir() else iter(())

    @property
    def intel(self) -> IntelView | None:
        """What the worker found, ``None`` when there is nothing yet."""
        if self._intel is None and self.paths.intel.exists():
            self._intel = IntelView(self.paths.intel)
        return self._intel

    @property
    def observations(self) -> Observations | None:
        """What the real server's log says, ``None`` when none was read."""
        if self._observations is None:
            self._observations = open_observations(self.paths.intel)
        return self._observations

    def report(self, capture_id: str) -> Report | None:
        """What the worker found in a capture, ``None`` when it has not looked yet."""
        finding = self.intel.finding(capture_id) if self.intel else None
        return finding.report if finding else None

    def lineages(self) -> Lineages:
        """Give the lineage of every account: as far as the worker has come, and the rest."""
        folded = self.intel.lineages() if self.intel else Lineages()
        rest = self.entries(after_id=folded.cursor, kinds=LINEAGE_KINDS)
        folded.fold(screen.progress(rest, "events"))
        return folded
