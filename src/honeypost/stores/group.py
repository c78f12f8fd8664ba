"""
One writer thread that works off everything pending as one group.

While one group is on its way to the disk the next one gathers, so the cost of an fdatasync is
shared by all who wait (group commit): the slower the disk, the larger the groups.  A single
thread also means that nothing a store writes needs a lock.

Jobs that nobody waits for may linger, so that a quiet stream of them costs one commit now and
then and not one each.  Jobs that somebody waits for are begun at once, but groups have a pace: the
next one begins ``pace_seconds`` after the one before it at the earliest.  On a fast disk groups
would else be of one job each, and a group costs the event loop the same whatever its size, since
the thread takes the interpreter away from it at every system call.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from honeypost.errors import StoreError, StoreFull

CLOSE_SECONDS: Final = 30.0
"""How long closing waits for the last group."""

Job = TypeVar("Job")
Result = TypeVar("Result")

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Waiting(Generic[Job, Result]):
    job: Job
    future: asyncio.Future[Result] | None


class GroupWriter(Generic[Job, Result]):
    """
    Hands groups of jobs to ``work`` on its own thread and gives each job its outcome.

    ``work`` gets the jobs in the order in which they came and returns one outcome for each, an
    exception where that job failed.  If it raises, all jobs of the group have failed.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[Sequence[Job]], Sequence[Result | Exception]],
        limit: int,
        linger_seconds: float = 0.0,
        pace_seconds: float = 0.0,
    ) -> None:
        """
        :param limit: most jobs pending; what comes then is refused.
        :param linger_seconds: how long a job waits for company that nobody waits for.
        :param pace_seconds: from the begin of a group to that of the next one, at least.
        """
        self._work = work
        self._limit = limit
        self._linger_seconds = linger_seconds
        self._pace_seconds = pace_seconds
        self._begun_at = float("-inf")
        self._pending: list[_Waiting[Job, Result]] = []
        self._urgent = False
        self._closing = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def running(self) -> bool:
        return self._thread.is_alive() and not self._closing

    @property
    def pending(self) -> int:
        """Jobs that wait for the next group."""
        return len(self._pending)

    def start(self) -> None:
        """Start the thread; once."""
        self._thread.start()

    def offer(self, job: Job) -> bool:
        """Queue a job that nobody waits for; ``False`` when there is no room. Never waits."""
        return self._add(_Waiting(job, None))

    async def run(self, job: Job, finally_: Callable[[], None] = lambda: None) -> Result:
        """
        Queue a job and return its outcome when its group is done.

        A caller that is cancelled does not take the job back.

        :param finally_: called on the loop when the writer has done with the job, or never
            had it; also when the caller was cancelled.

        :raises StoreFull: too many jobs wait. :raises StoreError: the writer is closed.
        """
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        if not (self.running and self._add(_Waiting(job, future))):
            finally_()
            if self.running:
                raise StoreFull("too many writes are waiting")
            raise StoreError("the store is closed")
        future.add_done_callback(lambda _: finally_())
        return await asyncio.shield(future)

    def close(self) -> None:
        """Work off what is pending and end the thread; safe to call twice."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(CLOSE_SECONDS)

    def _add(self, waiting: _Waiting[Job, Result]) -> bool:
        with self._changed:
            if self._closing or len(self._pending) >= self._limit:
                return False
            self._pending.append(waiting)
            crowded = len(self._pending) * 2 >= self._limit
            hurries = not self._urgent and (crowded or waiting.future is not None)
            self._urgent = self._urgent or hurries
            # The thread needs waking for the first job (the linger begins) and for the first
            # urgent one.
            if hurries or len(self._pending) == 1:
                self._changed.notify()
            return True

    def _run(self) -> None:
        while group := self._next_group():
            try:
                outcomes = self._work([waiting.job for waiting in group])
            except Exception as error:  # noqa: BLE001 - the thread outlives a failed group
                _log.debug("a group of %d failed", len(group), exc_info=True)
                outcomes = [error] * len(group)
            _settle_all(group, outcomes)

    def _next_group(self) -> list[_Waiting[Job, Result]]:
        """Wait for jobs and take them all; an empty list means the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._pending or self._closing)
            if self._linger_seconds:
                self._changed.wait_for(lambda: self._urgent or self._closing, self._linger_seconds)
            self._keep_pace()
            group, self._pending = self._pending, []
            self._urgent = False
            return group

    def _keep_pace(self) -> None:
        early = self._begun_at + self._pace_seconds - time.monotonic()
        if early > 0:
            self._changed.wait_for(lambda: self._closing, early)
        self._begun_at = time.monotonic()


def _settle_all(
    group: Sequence[_Waiting[Job, Result]], outcomes: Sequence[Result | Exception]
) -> None:
    """Complete the futures on their own loops, with one wake-up per loop."""
    by_loop: dict[
        asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Result], Result | Exception]]
    ] = {}
    for waiting, outcome in zip(group, outcomes, strict=True):
        if waiting.future is not None:
            by_loop.setdefault(waiting.future.get_loop(), []).append((waiting.future, outcome))
    for loop, settled in by_loop.items():
        try:
            loop.call_soon_threadsafe(_settle, settled)
        except RuntimeError:
            _log.debug("the loop that waited for a write is closed")


def _settle(settled: Sequence[tuple[asyncio.Future[Result], Result | Exception]]) -> None:
    for future, outcome in settled:
        if future.done():
            continue
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
