"""
What ``honeypost status`` says about the real server's own log.

Figures come from :mod:`honeypost.engine.outlook`, worked out anew each time; here they are
gathered.  How they look is the business of :mod:`honeypost.cli.observed_screen`.
"""

from __future__ import annotations

from collections import Counter

from honeypost.cli import screen, shapes
from honeypost.cli.archive import Archive
from honeypost.config.schema import Config
from honeypost.config.secrets import read
from honeypost.decide.decoys import Reason, Rules
from honeypost.decide.secrets import Vocabulary
from honeypost.engine.outlook import Forecast, NearMiss, Outlook, Seen
from honeypost.engine.readiness import DAY, WANTED_DAYS, Observed, may_deceive
from honeypost.engine.watching import number
from honeypost.events import LoginRefused
from honeypost.stores.observations import Observations

WEEK = 7
SHOWN = 5
"""Rows of each list."""
RECENT_SECONDS = 7 * DAY

WHY_REFUSED = {
    Reason.TOO_EARLY: "too few different guesses at one name so far",
    Reason.UNLISTED: "the guesses were not on the list of common passwords",
    Reason.ABSENT: "the guessed names are among those that do not exist here",
    Reason.REPEATED: "the same guesses are repeated",
    Reason.REAL: "the guesses were at real names",
    Reason.UNSURE: "it could not be told whether the guessed names are real",
    Reason.NOT_A_NAME: "the guessed names are in no domain of yours",
    Reason.CONTAINMENT: "the containment is in doubt; see honeypost status, decoy logins",
    Reason.DAILY_CAP: "no more decoys may come into being today",
}
"""Why no guess has won yet, by the reason that most guesses of the last week were refused for."""


def collect(archive: Archive, config: Config, mode: str, now: float) -> shapes.Observed:
    """Gather what is known from the log; ``now`` is Unix time."""
    view = archive.observations
    if view is None:
        return _gathered(archive, Seen(), Observed(), [], config=config, mode=mode, now=now)
    kept = number(now) - config.observe.keep_days
    seen = Seen(
        days=view.days(kept),
        guesses=view.guesses(kept),
        misses=view.misses(now - RECENT_SECONDS),
        users=view.users(),
        standings=view.standings(),
    )
    observed = view.observed(now)
    return _gathered(archive, seen, observed, _logs(view), config=config, mode=mode, now=now)


def _gathered(
    archive: Archive,
    seen: Seen,
    observed: Observed,
    logs: list[shapes.FollowedLog],
    *,
    config: Config,
    mode: str,
    now: float,
) -> shapes.Observed:
    outlook = Outlook(seen, _rules(archive, config, seen))
    today = number(now)
    near = outlook.near_misses()
    allowed, reason = may_deceive(observed, now)
    diverted = outlook.diverted()
    return shapes.Observed(
        logs=logs,
        days_looked=round(observed.days, 1),
        days_wanted=WANTED_DAYS,
        may_deceive=allowed,
        reason=reason,
        users=observed.users,
        networks=observed.networks,
        would_divert=shapes.WouldDivert(
            len(seen.days),
            diverted.sessions,
            list(diverted.names),
            diverted.user_sessions,
            list(diverted.user_names),
        ),
        near_misses=[_near(miss) for miss in near[:SHOWN]],
        near_miss_count=len(near),
        first_decoy=_first_decoy(archive, outlook.forecast(today), mode, reason, now=now),
        most_wanted=[
            shapes.WantedName(wanted.name, wanted.tries, wanted.standing)
            for wanted in outlook.most_wanted(today - WEEK + 1)[:SHOWN]
        ],
        week=[
            shapes.Day(
                screen.timestamp(day.day * DAY or 1)[:10],
                day.accepted,
                day.refused,
                day.probes,
                day.relays,
                day.sources,
            )
            for day in seen.days
            if day.day > today - WEEK
        ],
    )


def _rules(archive: Archive, config: Config, seen: Seen) -> Rules:
    # Without observations nothing hangs on the site's key, and it may not be there yet.
    key = read(archive.paths.secrets).key if seen.days else b""
    return Rules(config.decoys, config.site.domains, key, Vocabulary(()))


def _logs(view: Observations) -> list[shapes.FollowedLog]:
    return [
        shapes.FollowedLog(state.log, screen.timestamp(state.newest), state.problem)
        for state in view.logs()
    ]


def _near(miss: NearMiss) -> shapes.NearMiss:
    reason = "slip" if miss.slip else "network"
    return shapes.NearMiss(miss.name, miss.place, miss.tries, screen.timestamp(miss.last), reason)


def _first_decoy(
    archive: Archive, forecast: Forecast, mode: str, gate: str, *, now: float
) -> shapes.FirstDecoy:
    return shapes.FirstDecoy(
        round(forecast.per_day, 1),
        round(forecast.half_hours, 1),
        round(forecast.nine_tenths_hours, 1),
        "" if archive.decoys() else _why_none(archive, mode, gate, now),
    )


def _why_none(archive: Archive, mode: str, gate: str, now: float) -> str:
    if mode == "observe":
        return f"only looking, nothing is answered by Honeypost; {gate.partition(':')[0]}"
    if not mode:
        return "it is not running"
    refused = Counter(
        entry.event.reason
        for entry in archive.entries(kinds=(LoginRefused.kind(),), since=now - RECENT_SECONDS)
        if isinstance(entry.event, LoginRefused)
    )
    if not refused:
        return "nobody has guessed in the last week"
    reason, _ = refused.most_common(1)[0]
    return WHY_REFUSED.get(Reason(reason), "no guess was good enough")
