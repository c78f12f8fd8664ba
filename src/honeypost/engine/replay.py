"""
Yesterday's mail log, and what would have been done.

A log holds neither passwords nor what the server did not write down.  So this says who was
refused what, which accounts are under fire, and where the rules of a decoy would have
allowed one; whether a guess was on the common list nobody can tell from a log.  Until the
attempt verdict exists every line's flag is ``unsure``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from honeypost.decide.names import canonical, split_account
from honeypost.engine.logevents import Kind, LogEvent, Outcome, Place
from honeypost.engine.roster import Roster
from honeypost.engine.tally import MOST_ACCOUNTS, MOST_NETWORKS, Account, Network, Recent, counted
from honeypost.model import neighbourhood, printable

NAMES_REMEMBERED = 4096
"""Typed names whose account is remembered: the same ones come again and again."""

REFUSALS = frozenset({Outcome.REFUSED, Outcome.UNKNOWN, Outcome.RELAY_DENIED})


class ReplayedLine(msgspec.Struct, frozen=True, gc=False):
    """One line of ``honeypost replay --json``."""

    file: str
    """As named on the command line; ``-`` is standard input."""
    line: int
    time: str
    """RFC 3339 in UTC, ``""`` when unknown."""
    kind: str
    """``login``, ``recipient`` or ``session``."""
    client: str
    """Address, ``""`` when the line names none that can be trusted."""
    account: str
    service: str
    """``smtp``, ``submission``, ``submissions``, ``imap``, ``pop3``, ``sieve``, or ``""``."""
    outcome: str
    """What the server did, as the log says."""
    flag: str
    """``unsure``: the attempt verdict is not there yet."""
    answer: str
    """What would have been said: ``real`` (left as it is), ``refused``, ``""`` (no question)."""
    campaign: str
    """``""``: campaigns are not there yet."""
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """What the site says about itself, for the judgement of a line."""

    domains: tuple[str, ...] = ()
    """Domains in which decoys may come into being."""
    users: frozenset[str] | None = None
    """Canonical real names; ``None`` when nobody listed them."""
    needed_failures: int = 5
    """Refused guesses after which any account may open (``decoys.failures_max``)."""


class Replay:
    """Takes the events of a log in order, judges each and keeps the sums."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self._roster = Roster(rules.users or ())
        self._accounts_of: dict[bytes, str] = {}
        self.networks: Recent[Network] = Recent(MOST_NETWORKS, Network)
        self.accounts: Recent[Account] = Recent(MOST_ACCOUNTS, Account)
        self.outcomes: Counter[tuple[Kind, Outcome]] = Counter()
        """Lines by what they say; one refused try may stand in two lines."""

    def take(self, event: LogEvent, place: Place) -> ReplayedLine:
        """Count an event and say what would have been done."""
        account = self.count(event, place)
        return ReplayedLine(
            file=place.file,
            line=place.line,
            time=timestamp(place.time),
            kind=event.kind,
            client=event.client,
            account=account,
            service=event.service,
            outcome=event.outcome,
            flag="unsure",
            answer=answer(event),
            campaign="",
            evidence=tuple(self._evidence(event, account)),
        )

    def count(self, event: LogEvent, place: Place) -> str:
        """Count an event; give the account that it is about, ``""`` for none."""
        account = self.account(event.name) if event.name else ""
        self.outcomes[event.kind, event.outcome] += 1
        # A client's address is in canonical form, so one of IPv4 is its own neighbourhood.
        network = neighbourhood(event.client) if ":" in event.client else event.client
        if network:
            self.networks.touch(network).add(event, place.time)
        if account and event.kind is Kind.LOGIN:
            self.accounts.touch(account).add(event, network)
        return account

    def account(self, name: bytes) -> str:
        """Give the canonical name, or what was typed where no decoy can have that name."""
        known = self._accounts_of.get(name)
        if known is None:
            if len(self._accounts_of) >= NAMES_REMEMBERED:
                self._accounts_of.clear()
            known = canonical(name, self.rules.domains) or printable(name.lower())
            self._accounts_of[name] = known
        return known

    def reason_real(self, account: str) -> str:
        """Say why the name is real or too near to a real one; ``""`` when it is neither."""
        known = self.accounts.get(account)
        if known is not None and known.logins.accepted:
            return "the name has logged in within this log"
        if account in self._roster:
            return "the name is a real user's"
        if self._roster.resembles(account):
            return "the name is one slip away from a real user's"
        return ""

    def could_open(self) -> list[tuple[str, Account]]:
        """
        List the accounts where a decoy could have come into being, most refused first.

        In a listed domain, nobody's name, and refused more often than any account needs.
        Whether one of the guesses was on the common list the log does not say.
        """
        return sorted(
            (
                (name, account)
                for name, account in self.accounts.items()
                if account.logins.refused > self.rules.needed_failures
                and canonical(name.encode(), self.rules.domains) == name
                and not self.reason_real(name)
            ),
            key=lambda item: (-item[1].logins.refused, item[0]),
        )

    def most_refused(self) -> list[tuple[str, Network]]:
        """List the networks that were refused and never let in, most refused first."""
        refused = [
            (name, network)
            for name, network in self.networks.items()
            if network.refusals and not network.logins.accepted
        ]
        return sorted(refused, key=lambda item: (-item[1].refusals, item[0]))

    def most_wanted(self) -> list[tuple[str, Account]]:
        """List the accounts at which logins were refused, most networks first."""
        wanted = [item for item in self.accounts.items() if item[1].logins.refused]
        return sorted(
            wanted, key=lambda item: (-len(item[1].networks), -item[1].logins.refused, item[0])
        )

    def _evidence(self, event: LogEvent, account: str) -> Iterator[str]:
        if event.note:
            yield event.note
        if event.kind is not Kind.LOGIN or event.outcome is not Outcome.REFUSED:
            return
        if event.tries > 1:
            yield f"{event.tries} tries in this session"
        known = self.accounts.get(account)
        if known is None:
            return
        if reason := self.reason_real(account):
            yield reason
        elif self.rules.users is not None:
            yield "nobody here has that name"
        if len(known.networks) > 1:
            yield f"{counted(known.networks)} networks failed at this account so far"


def answer(event: LogEvent) -> str:
    """Say what the client would have been told; a log never justifies more than a refusal."""
    if event.outcome is Outcome.ACCEPTED:
        return "real"
    return "refused" if event.outcome in REFUSALS else ""


def timestamp(time: float | None) -> str:
    """
    Give RFC 3339 in UTC.

    >>> timestamp(0.5)
    '1970-01-01T00:00:00.500Z'
    """
    if time is None:
        return ""
    moment = datetime.fromtimestamp(time, UTC)
    precision = "milliseconds" if moment.microsecond else "seconds"
    return moment.isoformat(timespec=precision).replace("+00:00", "Z")


def canonical_users(names: Iterable[str], domains: Sequence[str]) -> frozenset[str]:
    """
    Give the canonical forms of listed real names; a bare name counts in every domain.

    >>> sorted(canonical_users(["Bob", "eve@example.net"], ["example.org"]))
    ['bob', 'bob@example.org', 'eve@example.net']
    """
    users = set()
    for name in names:
        local, domain = split_account(name.strip().lower())
        if not local:
            continue
        users.add(f"{local}@{domain}" if domain else local)
        if not domain:
            users.update(f"{local}@{listed.lower()}" for listed in domains)
    return frozenset(users)
