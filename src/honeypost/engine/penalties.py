"""
Keeps failing networks away for a while, and real users' networks never.

Theory of operation
===================

What fails and what gets in is told by whoever learns it first: beside real servers Dovecot's
reports (every attempt, real accounts included), standalone our own answers.  A failed login of
a network that is not spared goes through :func:`honeypost.decide.penalty.fail`; what that
imposes is noted in the journal and, with ``mode = "on"``, given to the actuator.

Spared are, in this order: the host and its link; networks that the operator, the settings or
fail2ban allow; networks of users who logged in lately (a bot behind the same address is spared
with them: a real user comes first); networks that hold a won decoy, since who has won is to
come back, and every visit tells more than a closed port (deception goes before blocking).
Whoever becomes one of these has a standing penalty lifted at once.

Memory is bounded by ``penalties.networks`` whatever attackers do.  Forgetting errs to the mild
side.  After a restart it is built again from the journal: penalties, never the secrets' tags.
"""

from __future__ import annotations

import math
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from honeypost.config.schema import Penalties as Settings
from honeypost.decide.keyed import digest
from honeypost.decide.penalty import (
    COUNTED_FROM,
    WIDEN_AT,
    Ladder,
    Outcome,
    Record,
    decay,
    fail,
    may_be_punished,
    site_of,
)
from honeypost.decide.places import place
from honeypost.engine.allowed import Allowed
from honeypost.engine.grants import Notebook
from honeypost.engine.known_good import Outage, Recent
from honeypost.events import (
    DecoyAdopted,
    DecoyEntered,
    LoginReported,
    PenaltyImposed,
    PenaltyLifted,
)
from honeypost.model import Client, Identity
from honeypost.ports import Actuator, Chance, Clock, Entry

DAY_SECONDS: Final = 86_400
TAG_BYTES: Final = 4
"""Of the keyed tag of login and secret; 8 of them tell a device's few secrets apart."""
CHANCE_BYTES: Final = 4


class Spared(StrEnum):
    """Why a network has no penalty."""

    HOST = "host"
    ALLOWED = "allowed"
    LOGIN = "login"
    DECOY = "decoy"
    OUTAGE = "outage"


@dataclass(frozen=True, slots=True)
class Standing:
    """A penalty that has not ended."""

    network: str
    seconds: int
    """Left, rounded up."""


class Penalties:
    """The use case; one per edge, on its loop."""

    def __init__(
        self,
        settings: Settings,
        key: bytes,
        *,
        journal: Notebook,
        allowed: Allowed,
        clock: Clock,
        chance: Chance,
        actuator: Actuator | None = None,
    ) -> None:
        """
        :param key: the site's; tags of secrets in memory hang on it.
        :param actuator: carries penalties out; only asked with ``mode = "on"``.
        """
        self.enforced = settings.mode == "on" and actuator is not None
        self._off = settings.mode == "off"
        self._actuator = actuator
        self._ladder = Ladder(
            settings.ladder_seconds, settings.jitter_share, settings.decay_seconds
        )
        self._limit = settings.networks
        self._key = key
        self._journal = journal
        self._allowed = allowed
        self._clock = clock
        self._chance = chance
        self._records: OrderedDict[str, Record] = OrderedDict()
        self._sites: OrderedDict[str, dict[str, float]] = OrderedDict()
        lasts = settings.known_good_days * DAY_SECONDS
        self._users, self._winners = Recent(lasts), Recent(lasts)
        self._outage = Outage()
        self.counts: Counter[str] = Counter()
        """Since the start: ``imposed``, ``lifted``, ``held-off``, ``spared-`` and why."""

    def __len__(self) -> int:
        return len(self._records)

    # What happened

    def failed(self, who: Identity, login: bytes, tag: str) -> None:
        """
        Take in a failed login.

        :param who: with the client as Dovecot names it.
        :param tag: of the secret; ``""`` where nobody saw one (SCRAM, CRAM): then a login that
            is tried again counts as the same secret.
        """
        now, network = self._clock(), who.client.network
        spared = "" if self._off else self._spared_here(who.client, now)
        if self._off or spared:
            self.counts[f"spared-{spared}"] += bool(spared)
            return
        if self._site_stands(network, now):
            self.counts["held-off"] += 1
            return
        record = self._record(network)
        outcome = fail(record, self._tag(login, tag), now, self._ladder, self._fraction())
        self.counts["held-off"] += outcome is Outcome.STANDING
        if outcome is Outcome.IMPOSED:
            self._impose(network, record, who)
            self._widen(network, record, who, now)

    def tag(self, secret: bytes) -> str:
        """Give what tells a secret that we saw from others: no more than Dovecot says of one."""
        return digest(self._key, "penalty secret", secret)[:2].hex()[:3]

    def entered(self, client: Client) -> None:
        """Take in a real user's login: its network is known from now on."""
        self._outage.over()
        if may_be_punished(client.address):
            self.learn([(place(client.address), self._clock())])

    def won(self, client: Client) -> None:
        """Take in a login to a decoy: its network is to come back."""
        if may_be_punished(client.address):
            self._note_winner(client.network, self._clock())
            self._lift_where(lambda network: network == client.network, Spared.DECOY)
            self._lift_where(lambda network: network == site_of(client.network), Spared.DECOY)

    def learn(self, homes: Iterable[tuple[str, float]]) -> None:
        """Take in that real users were in these places (IPv4 /24, IPv6 /48), and when."""
        now = self._clock()
        if sum(self._users.note(home, when) for home, when in homes):
            self._lift_where(lambda network: self._users.has(_home(network), now), Spared.LOGIN)

    def allowance_changed(self) -> None:
        """Lift what the operator has allowed meanwhile."""
        self._lift_where(lambda network: bool(self._allowed.source_of(network)), Spared.ALLOWED)

    def restore(self, entry: Entry) -> None:
        """Take in one journal entry; called with all of them at start, oldest first."""
        match entry.event:
            case PenaltyImposed() as imposed if imposed.carried_out == self.enforced:
                self._keep(imposed.network, Record(imposed.rung, imposed.failures, imposed.until))
            case PenaltyLifted() as lifted:
                self._records.pop(lifted.network, None)
            case LoginReported(success=True, decoy=False) if entry.who is not None:
                if may_be_punished(entry.who.client.address):
                    self._users.note(place(entry.who.client.address), entry.time)
            case DecoyAdopted() | DecoyEntered() if entry.who is not None:
                if may_be_punished(entry.who.client.address):
                    self._note_winner(entry.who.client.network, entry.time)
            case _:
                pass

    # What is asked

    def known_good(self, client: Client) -> bool:
        """May the client's connections not be counted either?"""
        spared = self.spared(client.address, client.network)
        return spared in (Spared.HOST, Spared.ALLOWED, Spared.LOGIN)

    def spared(self, address: str, network: str) -> str:
        """Say why a network, and an address of it, has no penalty; ``""`` when it may."""
        if not may_be_punished(address):
            return Spared.HOST
        if self._allowed.source_of(network):
            return Spared.ALLOWED
        now = self._clock()
        if self._users.has(place(address), now):
            return Spared.LOGIN
        return Spared.DECOY if self._winners.has(network, now) else ""

    def standing(self) -> Iterator[Standing]:
        """Give the penalties that are to be carried out now."""
        now = self._clock()
        for network, record in self._records.items():
            if self.enforced and record.standing(now):
                yield Standing(network, math.ceil(record.until - now))

    def report(self) -> dict[str, int]:
        """Give figures for the operator."""
        now = self._clock()
        standing = sum(record.standing(now) for record in self._records.values())
        figures = {"remembered": len(self._records), "standing": standing}
        return {**figures, "known_good": len(self._users), **self.counts}

    # How it is done

    def _spared_here(self, client: Client, now: float) -> str:
        spared = self.spared(client.address, client.network)
        if spared == Spared.LOGIN:
            self._outage.failed(place(client.address), now)
        return spared or (Spared.OUTAGE if self._outage.suspected(now) else "")

    def _record(self, network: str) -> Record:
        record = self._records.get(network) or Record()
        self._keep(network, record)
        return record

    def _keep(self, network: str, record: Record) -> None:
        self._records[network] = record
        self._records.move_to_end(network)
        if len(self._records) > self._limit:
            self._records.popitem(last=False)

    def _site_stands(self, network: str, now: float) -> bool:
        site = self._records.get(site_of(network))
        return site is not None and site.standing(now)

    def _widen(self, network: str, record: Record, who: Identity, now: float) -> None:
        """Make several /64 under penalty one /48, unless somebody in it is spared."""
        site = site_of(network)
        if not site or not self._joined(site, network, record.until, now):
            return
        if self.spared(who.client.address, site):
            return
        wide = self._record(site)
        decay(wide, now, self._ladder)
        if not wide.failures:  # what its networks did is not the site's first failure
            wide.failures, wide.seen_at = COUNTED_FROM - 1, now
        if fail(wide, "", now, self._ladder, self._fraction()) is Outcome.IMPOSED:
            self._impose(site, wide, who)

    def _joined(self, site: str, network: str, until: float, now: float) -> bool:
        """Note a penalised /64 of a site; are there enough of them at once?"""
        hosts = {host: end for host, end in self._sites.pop(site, {}).items() if end > now}
        hosts[network] = until
        self._sites[site] = dict(list(hosts.items())[-WIDEN_AT:])
        if len(self._sites) > self._limit:
            self._sites.popitem(last=False)
        return len(hosts) >= WIDEN_AT

    def _impose(self, network: str, record: Record, who: Identity) -> None:
        seconds = record.until - self._clock()
        self.counts["imposed"] += 1
        if self.enforced and self._actuator is not None:
            self._actuator.impose(network, math.ceil(seconds))
        self._journal.note(
            PenaltyImposed(
                network=network,
                failures=record.failures,
                rung=record.rung,
                seconds=round(seconds, 3),
                until=record.until,
                carried_out=self.enforced,
            ),
            who,
        )

    def _lift_where(self, meant: Callable[[str], bool], reason: Spared) -> None:
        now = self._clock()
        for network in [network for network in self._records if meant(network)]:
            record = self._records.pop(network)
            if not record.standing(now):
                continue
            self.counts["lifted"] += 1
            if self.enforced and self._actuator is not None:
                self._actuator.lift(network)
            self._journal.note(PenaltyLifted(network, str(reason)), None)

    def _note_winner(self, network: str, when: float) -> None:
        self._winners.note(network, when)
        if site := site_of(network):
            self._winners.note(site, when)  # it is not to be shut out by its neighbours either

    def _tag(self, login: bytes, tag: str) -> str:
        return digest(self._key, "penalty", login.lower(), tag.encode())[:TAG_BYTES].hex()

    def _fraction(self) -> float:
        return int.from_bytes(self._chance(CHANCE_BYTES), "big") / (1 << 8 * CHANCE_BYTES)


def _home(network: str) -> str:
    return place(network.partition("/")[0])
