"""
The janitor when nobody is at home: ``gc`` and ``forget`` on the stores of one process.

Only one process may write a store.  So a command first tries to become that process; when the
daemon has the lock, the command leaves a request that the daemon's own janitor does within
seconds, and waits for its figures.  Either way root does it as the user whose folder it is, so
that no process finds a file of its own that it may not write.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import ExitStack, asynccontextmanager
from typing import Final, Protocol

from honeypost.app.owner import acting_as_owner
from honeypost.config.schema import Config, Paths
from honeypost.engine.ids import Ids
from honeypost.engine.janitor import DAY_SECONDS, Janitor, Part, Request, Verb
from honeypost.engine.journal import Journal
from honeypost.engine.traces import Trace
from honeypost.errors import NotReady, StoreBusy
from honeypost.stores.catalogue import Catalogue
from honeypost.stores.files import DISK
from honeypost.stores.findings import IntelView
from honeypost.stores.intel import IntelStore
from honeypost.stores.journal import JournalStore
from honeypost.stores.judgements import JudgementStore
from honeypost.stores.observations import Observations, open_observations
from honeypost.stores.reader import SegmentReader, join_key
from honeypost.stores.requests import request_folder
from honeypost.stores.segments import SegmentStore
from honeypost.stores.spool import Spool
from honeypost.stores.view import JournalView
from honeypost.stores.watched import Watched

WAIT_SECONDS: Final = 30.0
"""How long a command waits for a running process to do what was asked."""
LOOK_SECONDS: Final = 0.1


class Opened(Protocol):
    """Opens the stores of one process for writing and gives their janitor."""

    def __call__(self, config: Config, paths: Paths, key: bytes, stack: ExitStack) -> Janitor: ...


def edge_janitor(config: Config, paths: Paths, key: bytes, stack: ExitStack) -> Janitor:
    """
    Open journal and captures.

    :raises StoreBusy: the edge is running.
    """
    log = JournalStore(paths.journal, most_bytes=config.budgets.journal_bytes)
    log.open()
    stack.callback(log.close)
    spool = Spool(paths.spool, config.budgets)
    captures = SegmentStore(paths.segments, spool, config.budgets, os.urandom)
    captures.open()
    stack.callback(captures.close)
    journal = Journal(log, time.time, os.urandom, last_id=log.last_id)
    parts = {
        "captures": Part(captures, config.retention.capture_days),
        "events": Part(log, config.retention.event_days),
    }
    return Janitor(parts, time.time, key, journal=journal)


def worker_janitor(config: Config, paths: Paths, key: bytes, stack: ExitStack) -> Janitor:
    """
    Open what the worker has found.

    :raises StoreBusy: the worker is running.
    """
    intel = stack.enter_context(IntelStore(paths.intel))
    observe = config.observe
    watched = Watched(intel, observe.known_days - observe.keep_days)
    parts = {
        "findings": Part(intel, config.retention.event_days),
        "observations": Part(watched, observe.keep_days),
    }
    if paths.judgements.exists():
        judgements = stack.enter_context(JudgementStore(paths.judgements))
        parts["judgements"] = Part(judgements, config.retention.capture_days)
    return Janitor(parts, time.time, key)


PROCESSES: Final[Mapping[str, Opened]] = {"edge": edge_janitor, "worker": worker_janitor}


async def have_done(
    verb: Verb, config: Config, paths: Paths, key: bytes, address: str = ""
) -> dict[str, int]:
    """
    Have every process's stores swept or an address forgotten, whether they run or not.

    :return: figures as :meth:`Janitor.sweep` and :meth:`Janitor.forget` give them, joined.
    :raises NotReady: a running process did not do it in time; it will when it can.
    :raises StoreError: a store is broken.
    """
    figures: dict[str, int] = {}
    for process in PROCESSES:
        if not _home(paths, process):
            continue
        with acting_as_owner(paths.data / process):
            try:
                async with _standing_in(process, config, paths, key) as janitor:
                    done = await _do(janitor, verb, address)
            except StoreBusy:
                done = await _asked(process, paths, verb, address)
        for name, count in done.items():
            figures[name] = figures.get(name, 0) + count
    return figures


def would_sweep(config: Config, paths: Paths, clock: Callable[[], float]) -> dict[str, int]:
    """
    What a sweep would delete by age now; reads only.

    :raises StoreError: a store cannot be read.
    """
    now, retention = clock(), config.retention
    captures_before = now - retention.capture_days * DAY_SECONDS
    events_before = now - retention.event_days * DAY_SECONDS
    catalogue = Catalogue(paths.segments, DISK)
    catalogue.rebuild(repair=False)
    older = catalogue.older(captures_before)
    figures = {
        "bytes": sum(line.bytes for line in older),
        "captures": sum(line.records for line in older),
    }
    if paths.journal.exists():
        with JournalView(paths.journal) as journal:
            figures["events"] = journal.count_before(events_before)
    if paths.intel.exists():
        with IntelView(paths.intel) as intel:
            figures["findings"] = intel.count_before(events_before)
    figures |= _observations(paths, lambda view: view.count_expired(now, config.observe))
    return figures


def would_forget(trace: Trace, paths: Paths) -> dict[str, int]:
    """
    What forgetting an address would erase now; reads only.

    :raises StoreError: a store cannot be read.
    """
    reader = SegmentReader(paths.segments)
    keys = {
        join_key(capture)
        for capture in reader.captures()
        if trace.in_capture(capture) or trace.in_text(reader.read(capture.id))
    }
    figures = {"captures": sum(join_key(capture) in keys for capture in reader.captures())}
    if paths.journal.exists():
        with JournalView(paths.journal) as journal:
            figures["events"] = sum(map(trace.in_entry, journal.all_entries()))
    if paths.intel.exists():
        with IntelView(paths.intel) as intel:
            figures["findings"] = intel.count_naming(trace)
    return figures | _observations(paths, lambda view: view.count_tracing(trace))


def _observations(paths: Paths, count: Callable[[Observations], int]) -> dict[str, int]:
    view = open_observations(paths.intel)
    if view is None:
        return {}
    with view:
        return {"observations": count(view)}


def _home(paths: Paths, process: str) -> bool:
    return (paths.data / process).is_dir()


@asynccontextmanager
async def _standing_in(
    process: str, config: Config, paths: Paths, key: bytes
) -> AsyncIterator[Janitor]:
    with ExitStack() as stack:
        yield PROCESSES[process](config, paths, key, stack)


async def _do(janitor: Janitor, verb: Verb, address: str) -> dict[str, int]:
    return await (janitor.forget(address) if verb is Verb.FORGET else janitor.sweep())


async def _asked(process: str, paths: Paths, verb: Verb, address: str) -> dict[str, int]:
    """Leave a request and wait for the figures."""
    folder = request_folder(paths, process)
    request = Request(Ids(os.urandom).at(time.time()), verb, address)
    folder.put(request)
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        figures = folder.answer(request)
        if figures is not None:
            return figures
        await asyncio.sleep(LOOK_SECONDS)
    raise NotReady(f"the running {process} has not answered; it will do it when it can")
