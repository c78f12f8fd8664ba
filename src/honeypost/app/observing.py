"""
The worker's look at a real server's log: read on, fold, keep, and say how it goes.

What a poll gives is folded into one picture and kept together with the place where the next
poll goes on, in one transaction.  So neither a crash nor a lost power counts a line twice or
leaves one out; at worst the last second is read again.  The first polls read the older logs,
rotated and compressed ones too, so the first screen already shows last week.

Reading and folding are done in a thread, a poll at a time, since the names service beside it
has a third of a second to answer.  Keeping a poll of nothing but attacks (2 MiB) takes up to
that (measured), so while old logs are read a name may be one that nobody can tell, which is no
decoy.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from honeypost.beside.cannot_tell import CannotTell
from honeypost.beside.logs.reader import LogSource
from honeypost.beside.logs.where import follow, logs_meant
from honeypost.beside.logs.zone import own_zone
from honeypost.config.schema import Observe
from honeypost.engine.readiness import DAY
from honeypost.engine.watching import Picture
from honeypost.ports import Clock
from honeypost.stores.observations import LogState, states
from honeypost.stores.watched import Watched

ALIVE_SECONDS: Final = 60.0
"""So often a log that says nothing is noted as looked at."""

LOG_EVERY: Final = 100
"""A log that cannot be read is told of the 1st and then every so many-th time."""

_log = logging.getLogger(__name__)

GiveWay = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class _Followed:
    """One log."""

    source: LogSource
    kept: str
    """Cursor behind all that is in the store."""
    since: float
    """Older lines were seen in another log already."""
    newest: float
    """Time of the newest line so far."""
    waiting: Picture | None = None
    """Read and not yet in the store."""
    problem: str = ""
    failures: int = 0


class Observer:
    """
    Follows logs and keeps what they say.

    :param sources: by the names under which their cursors are kept.
    :param marker_domain: that of decoys' logins, which are nobody's.
    :param give_way: returns when a processor can be spared.
    """

    def __init__(
        self,
        sources: Mapping[str, LogSource],
        watched: Watched,
        marker_domain: str,
        *,
        clock: Clock,
        give_way: GiveWay,
    ) -> None:
        known = {state.log: state for state in states(watched.said)}
        # What the journal says a mail.log said before: another log is not counted anew.
        new = LogState("", 0.0, "", watched.last)
        self._logs = {
            name: _Followed(each, each.cursor, state.since, state.newest)
            for name, each in sources.items()
            for state in [known.get(name, new)]
        }
        self._watched = watched
        self._marker_domain = marker_domain
        self._clock = clock
        self._give_way = give_way
        self._users = watched.users()
        self._noted_at = float("-inf")

    def users(self) -> frozenset[str]:
        """
        Names that ever logged in, lower case.

        :raises CannotTell: there were more than are kept.
        """
        if self._users is None:
            raise CannotTell("more names logged in than are kept")
        return self._users

    def reread(self) -> None:
        """Have the names read from the store again: somebody else has changed them."""
        self._users = self._watched.users()

    async def look(self) -> int:
        """
        Read all that is new; gives how many lines about clients that were.

        :raises StoreError: it cannot be kept now; the next look begins with it.
        """
        return sum([await self._read_up(log) for log in self._logs.values()])

    def close(self) -> None:
        """Let go of the logs."""
        for log in self._logs.values():
            log.source.close()

    async def _read_up(self, log: _Followed) -> int:
        """Poll one log until it has nothing new."""
        count, more = 0, True
        while more:
            await self._give_way()
            lines = 0
            if log.waiting is None:
                lines, log.waiting = await asyncio.to_thread(self._poll, log)
            count += lines
            more = log.source.cursor != log.kept
            self._keep(log, new=more)
            log.waiting = None
        return count

    def _poll(self, log: _Followed) -> tuple[int, Picture]:
        picture = Picture(self._marker_domain, self._clock(), log.newest)
        try:
            lines = log.source.poll()
        except OSError as error:
            self._failed(log, str(error))
            return 0, picture
        log.problem, log.failures = "", 0
        for line in lines:
            if (line.place.time or 0.0) >= log.since:
                picture.take(line.event, line.place.time)
        picture.look(log.source.counts.newest or 0.0)
        log.newest = picture.reached
        return len(lines), picture

    def _keep(self, log: _Followed, *, new: bool) -> None:
        picture = log.waiting
        assert picture is not None
        now = self._clock()
        alive = now - self._noted_at >= ALIVE_SECONDS
        if not (new or alive):
            return
        if alive and log.source.cursor and not log.problem:
            picture.look(now)
        state = {name: each.kept for name, each in self._logs.items()}
        state |= {name: log.source.cursor for name, each in self._logs.items() if each is log}
        self._watched.add(picture, json.dumps(state), self._said())
        log.kept = log.source.cursor
        self._noted_at = now if alive else self._noted_at
        if self._users is not None and not picture.users.keys() <= self._users:
            self.reread()

    def _said(self) -> str:
        said = [
            LogState(name, log.newest, log.problem, log.since) for name, log in self._logs.items()
        ]
        return msgspec.json.encode(said).decode()

    def _failed(self, log: _Followed, problem: str) -> None:
        if problem != log.problem:
            self._noted_at = float("-inf")  # so that the status says so at once
        log.problem = problem
        log.failures += 1
        if log.failures % LOG_EVERY == 1:
            _log.warning("the log cannot be read (%d in a row): %s", log.failures, problem)


def observer(config: Observe, watched: Watched, marker_domain: str, give_way: GiveWay) -> Observer:
    """Begin to follow the logs that are meant, if any."""
    now = time.time()
    since = now - config.backfill_days * DAY
    logs = logs_meant(config.log, now)
    sources = follow(logs, cursors(watched.state), own_zone(), time.time, since)
    return Observer(sources, watched, marker_domain, clock=time.time, give_way=give_way)


def cursors(state: str) -> dict[str, str]:
    """
    Give the cursors of all logs from their kept state.

    >>> cursors(''), cursors('{"/var/log/mail.log": "abc"}')
    ({}, {'/var/log/mail.log': 'abc'})
    """
    return dict(json.loads(state)) if state else {}
