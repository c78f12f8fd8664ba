"""
Asking the site's own sources about the names that are guessed at most.

A log alone does not say who is real: a user who has not logged in yet looks like a name that
nobody has.  The sources that protect real names once decoys are on (user database, maps, the
file of real names) are asked the same question while we only look, so that what the status says
about users is what they would meet.  Few names are asked for, seldom, one after the other.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Final

from honeypost.decide.decoys import Rules
from honeypost.engine.outlook import PACE_DAYS
from honeypost.engine.readiness import DAY
from honeypost.engine.watching import number
from honeypost.ports import Clock, RealNames
from honeypost.stores.observations import open_observations
from honeypost.stores.watched import Watched

ASK_SECONDS: Final = 600.0
"""Between two rounds of questions."""
IDLE_SECONDS: Final = 30.0
"""After a round in which nobody was due."""
MOST_ASKED: Final = 50
"""Names asked for in one round."""
FRESH_SECONDS: Final = DAY
"""An answer is asked for again after so long."""


class Standings:
    """
    Asks, and keeps the answers.

    :param path: of the worker's store, where the guesses are read.
    """

    def __init__(
        self, path: Path, watched: Watched, rules: Rules, names: RealNames, clock: Clock
    ) -> None:
        self._path = path
        self._watched = watched
        self._rules = rules
        self._names = names
        self._clock = clock
        self._next = 0.0

    async def look(self) -> int:
        """
        Ask for the names that are due, when it is time again; how many were asked.

        :raises StoreError: the store cannot be read or written.
        """
        now = self._clock()
        if now < self._next:
            return 0
        due = self._due(now)
        self._next = now + (ASK_SECONDS if due else IDLE_SECONDS)
        for account in due:
            self._watched.stand(account, await self._names.reality(account), now)
        return len(due)

    def _due(self, now: float) -> list[str]:
        """Accounts that could be a decoy's by now, the most wanted first."""
        view = open_observations(self._path)
        if view is None:
            return []
        tries: Counter[str] = Counter()
        with view:
            fresh = view.asked_since(now - FRESH_SECONDS)
            for guess in view.guesses(number(now) - PACE_DAYS):
                if account := self._rules.account(guess.name.encode("utf-8", "replace")):
                    tries[account] += guess.tries
        ripe = (
            account
            for account, count in tries.most_common()
            if count > self._rules.needed(account) and account not in fresh
        )
        return [account for account, _ in zip(ripe, range(MOST_ASKED), strict=False)]
