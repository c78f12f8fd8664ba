"""
The worker's rounds for late bounces: files what was withheld and judges its senders.

A message is judged once for each recipient, and what is put down stays.  Where DNS does not
answer the recipient comes up again, each time later; after ``give_up_hours`` nobody is told.
Messages are judged in threads, since the libraries block, and a few at a time: a flood of
strange domains must not take the host's resolver from others.

The libraries are heavy (20 MB), so they are imported only where there is a late bounce.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Final

from honeypost.app.aside import aside
from honeypost.beside.names import SiteNames
from honeypost.config.schema import Config, LateBounce, Paths
from honeypost.decide.disclosure import (
    HEAD_BYTES,
    Evidence,
    Judgement,
    Why,
    never_told,
    sender_domain,
    weigh,
)
from honeypost.engine.bounces import withheld
from honeypost.engine.janitor import Part
from honeypost.errors import StoreCorrupt
from honeypost.events import Event, SenderJudged
from honeypost.model import Envelope
from honeypost.ports import Capture, Clock, Reality, RealNames
from honeypost.stores.judgements import JudgementStore, Open
from honeypost.stores.reader import START, Cursor, SegmentReader

AT_ONCE: Final = 2
"""Judged at the same time: a message is held in memory, and taken to pieces, for each."""

BATCH: Final = 32
"""Worked off between two looks for new ones."""

FILED: Final = 500
"""Captures read in one go."""

RETRY_SECONDS: Final = (30.0, 120.0, 600.0, 1800.0)
"""After the first unanswered question and each further one; then always the last."""

FindEvidence = Callable[[Envelope, bytes, bytes], Evidence]
"""Envelope, recipient, message -> what shows who sent it; blocks, never raises."""

NAMES_SECONDS: Final = 8.0
"""Longest wait for "is that close to a real name?"; only a judgement waits for it."""

Note = Callable[[Event], object]

_log = logging.getLogger(__name__)


class Judging:
    """
    Reads the edge's captures and writes the judgements.

    :param names: who is asked whether a recipient is close to a real name; ``None`` where
        nobody can be.
    """

    def __init__(
        self,
        segments: Path,
        store: JudgementStore,
        settings: LateBounce,
        find_evidence: FindEvidence,
        *,
        names: RealNames | None,
        note: Note,
        clock: Clock = time.time,
    ) -> None:
        self._segments = segments
        self._store = store
        self._give_up = settings.give_up_hours * 3600
        self._find = find_evidence
        self._names = names
        self._note = note
        self._clock = clock

    async def look(self) -> int:
        """
        File what is new and judge what is due; how many recipients were judged.

        :raises StoreError: a store cannot be read or written; nothing is lost by that.
        """
        if not self._segments.is_dir():
            return 0
        reader = SegmentReader(self._segments)
        self._file(reader)
        return await self._judge_all(reader, self._store.due(self._clock(), BATCH))

    def _file(self, reader: SegmentReader) -> None:
        text = self._store.cursor
        kept = reader.after(Cursor.parse(text) if text else START, verify=False)
        while page := list(islice(kept, FILED)):
            captures = [each.capture for each in page if withheld(each.capture)]
            self._store.file(captures, str(page[-1].cursor))

    async def _judge_all(self, reader: SegmentReader, due: Sequence[Open]) -> int:
        for first in range(0, len(due), AT_ONCE):
            some = due[first : first + AT_ONCE]
            await asyncio.gather(*(self._settle(reader, each) for each in some))
        return len(due)

    async def _settle(self, reader: SegmentReader, found: Open) -> None:
        judgement = await self._judge(reader, found)
        now = self._clock()
        if judgement is None and now < found.time + self._give_up:
            pause = RETRY_SECONDS[min(found.tries, len(RETRY_SECONDS) - 1)]
            self._store.postpone(found, now + pause)
            return
        judgement = judgement or Judgement(told=False, why=Why.GIVEN_UP)
        self._store.judge(found, judgement)
        self._note(
            SenderJudged(
                found.capture, found.recipient, judgement.told, judgement.near, judgement.why
            )
        )

    async def _judge(self, reader: SegmentReader, found: Open) -> Judgement | None:
        try:
            capture, message = reader.capture(found.capture), reader.read(found.capture)
        except (KeyError, StoreCorrupt) as error:
            # Erased or damaged: nothing can be shown, so nobody is told.
            _log.warning("capture %s: %s", found.capture, error)
            return Judgement(told=False, why=Why.NOT_PROVEN)
        never = never_told(capture.envelope.reverse_path, message[:HEAD_BYTES])
        if never is not None:
            return Judgement(told=False, why=never)
        return await self._weighed(capture, found.recipient, message)

    async def _weighed(
        self, capture: Capture, recipient: bytes, message: bytes
    ) -> Judgement | None:
        envelope = capture.envelope
        evidence = await aside(lambda: self._find(envelope, recipient, message), "judge")
        weighed = weigh(sender_domain(envelope.reverse_path), evidence)
        if weighed is None:
            return None
        told, why = weighed
        return Judgement(told, why, near=told and await self._is_near(recipient))

    async def _is_near(self, recipient: bytes) -> bool:
        if self._names is None:
            return False
        name = recipient.decode("utf-8", "replace").lower()
        return await self._names.reality(name) is Reality.REAL


def open_judging(
    config: Config,
    paths: Paths,
    stack: ExitStack,
    *,
    note: Note,
    ever_logged_in: Callable[[], frozenset[str]] = frozenset,
) -> tuple[Judging, Part]:
    """
    Make the worker's part, and what its janitor sweeps.

    :param stack: closes what is opened.
    :raises StoreError: the store cannot be used.
    """
    from honeypost.outbound.resolver import DnsResolver  # noqa: PLC0415 - heavy
    from honeypost.outbound.senders import find_evidence  # noqa: PLC0415 - heavy

    store = stack.enter_context(JudgementStore(paths.judgements))
    resolver = DnsResolver(config.late_bounce.nameservers)
    judging = Judging(
        paths.segments,
        store,
        config.late_bounce,
        lambda envelope, recipient, message: find_evidence(envelope, recipient, message, resolver),
        names=_names(config, ever_logged_in),
        note=note,
    )
    return judging, Part(store, config.retention.capture_days)


def _names(config: Config, ever_logged_in: Callable[[], frozenset[str]]) -> SiteNames | None:
    site, beside = config.site, config.beside
    if not (beside.userdb_socket or beside.maps or site.real_names):
        return None
    return SiteNames(
        userdb_socket=beside.userdb_socket,
        postfix_directory=beside.postfix_directory,
        maps=beside.maps,
        domains=site.domains,
        real_names=site.real_names,
        seconds=NAMES_SECONDS,
        ever_logged_in=ever_logged_in,
    )
