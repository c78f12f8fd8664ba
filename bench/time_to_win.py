"""
How long attackers guess until the first decoy opens, and what never opens one.

The pairs that a honeypot captured in 2019 (shared/data/credentials) are shuffled and played
at the pace of real attacks, each from an address of its own, against the real director with
stores in memory and a clock that is passed in.  Every site has its own key and order, since
which names exist and how many failures they need hangs on the key.

    python bench/time_to_win.py [FILE]
"""

from __future__ import annotations

import asyncio
import os
import random
import statistics
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv6Address
from itertools import count
from pathlib import Path

from honeypost.config.schema import Config, Decoys, SiteSecrets
from honeypost.decide.secrets import SHORTEST, Vocabulary
from honeypost.engine.captures import Captures
from honeypost.engine.director import Director
from honeypost.engine.spending import Spending
from honeypost.engine.vocabulary import load_vocabulary
from honeypost.model import Client, Identity, Protocol, Secret
from honeypost.questions import LoginVerdict, MayLogin
from honeypost.testing.memory import (
    Fence,
    ManualClock,
    MemoryCaptures,
    MemoryDecoys,
    MemoryJournal,
    RealNamesTable,
)

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("HONEYPOST_TEST_DATA", ROOT.parent / "shared" / "data"))
PAIRS = "credentials/python-heralding-sep2019.txt"
DAY = 86_400
HOUR = 3_600
PACES = (26, 500)
"""Guesses a day: the slowest and the fastest of the measured botnets."""
BARS = {26: 24.0, 500: 2.0}
"""Hours within which the median site has its first decoy."""
SITES = 201
GUESSES_AT_A_NAME = 50
OPEN_SHARE = 0.08
"""Check T47 of the stealth battery asks for a few percent."""
LONGEST_DAYS = 14

Pair = tuple[bytes, bytes]


def read_pairs(path: Path) -> list[Pair]:
    """Read ``login,password`` lines; the login ends at the first comma."""
    lines = path.read_bytes().splitlines()
    return [(login, secret) for login, _, secret in (line.partition(b",") for line in lines)]


def random_pairs(amount: int, seed: int = 7) -> Iterator[Pair]:
    """Make pairs of a random name and 14 random characters, as scanners for honeypots do."""
    chance = random.Random(seed)
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    for _ in range(amount):
        login = "".join(chance.choices(letters, k=8))
        yield login.encode(), "".join(chance.choices(letters, k=14)).encode()


class Attack:
    """One site under attack: its director, its clock and a new address for each guess."""

    def __init__(self, number: int, settings: Decoys, vocabulary: Vocabulary) -> None:
        self.clock = ManualClock()
        self.journal = MemoryJournal(self.clock)
        self.decoys = MemoryDecoys()
        config = Config(decoys=settings)
        spending = Spending(config.budgets, self.journal, self.clock)
        captures = Captures(
            MemoryCaptures(),
            self.journal,
            config.budgets,
            spending,
            clock=self.clock,
            header=b"X-M",
        )
        self.director = Director(
            config,
            SiteSecrets(f"s{number}", number.to_bytes(32, "big"), "m.invalid", "X-M"),
            decoys=self.decoys,
            captures=captures,
            spending=spending,
            journal=self.journal,
            names=RealNamesTable(),
            containment=Fence(),
            clock=self.clock,
            queue_id=lambda _: "",
            vocabulary=vocabulary,
        )
        self._numbers = count(1)

    async def guess(self, login: bytes, secret: bytes) -> bool:
        """Guess once; did it win?"""
        verdict = await self.director.answer(
            MayLogin(login, Secret(secret), "PLAIN", Protocol.SUBMISSION, secured=True),
            self._somebody(),
        )
        assert isinstance(verdict, LoginVerdict)
        return verdict.granted

    def _somebody(self) -> Identity:
        number = next(self._numbers)
        v4, v6 = IPv4Address((11 << 24) + number), IPv6Address((0x2A00 << 112) + (number << 64))
        client = Client(str(v6 if number % 2 else v4))
        return Identity(f"x{number}", client, "submission", Protocol.SUBMISSION)


async def seconds_to_win(attack: Attack, pairs: Iterable[Pair], per_day: int) -> float:
    """Give the seconds until the first decoy; infinite when none opens within the limit."""
    start = attack.clock()
    for login, secret in pairs:
        attack.clock.advance(DAY / per_day)
        elapsed = attack.clock() - start
        if elapsed > LONGEST_DAYS * DAY:
            break
        if await attack.guess(login, secret):
            return elapsed
    return float("inf")


async def wins(attack: Attack, pairs: Iterable[Pair], seconds_between: float = 1.0) -> int:
    """Give how many of the guesses were granted."""
    granted = 0
    for login, secret in pairs:
        attack.clock.advance(seconds_between)
        granted += await attack.guess(login, secret)
    return granted


@dataclass(frozen=True, slots=True)
class Pace:
    """The figures at one pace, in hours."""

    per_day: int
    median: float
    worst_of_ten: float
    """Nine of ten sites have their first decoy by then."""
    never: int
    """Sites without one within the limit."""
    sites: int


async def measure_pace(
    pairs: Sequence[Pair], per_day: int, settings: Decoys, vocabulary: Vocabulary, sites: int
) -> Pace:
    """Play the pairs against so many sites, each with its own key and order."""
    hours = []
    for number in range(sites):
        order = random.Random(number).sample(pairs, min(len(pairs), per_day * LONGEST_DAYS))
        attack = Attack(number + 1, settings, vocabulary)
        hours.append(await seconds_to_win(attack, order, per_day) / HOUR)
    hours.sort()
    never = sum(hour == float("inf") for hour in hours)
    nine = hours[int(0.9 * (len(hours) - 1))]
    return Pace(per_day, statistics.median(hours), nine, never, sites)


async def share_of_names(
    names: int, guesses: int, settings: Decoys, vocabulary: Vocabulary
) -> float:
    """Give the share of random names that open to so many listed guesses (check T47)."""
    attack = Attack(1, replace(settings, new_per_day=names), vocabulary)
    long_enough = [word for word in sorted(vocabulary) if len(word) >= SHORTEST]
    words = [word.encode() for word in random.Random(5).sample(long_enough, guesses)]
    for login, _ in random_pairs(names, seed=3):
        await wins(attack, ((login, word) for word in words))
    return len(attack.decoys.kept) / names


@dataclass(frozen=True, slots=True)
class Row:
    """One figure and the bar it is held to."""

    what: str
    measured: str
    bar: str
    held: bool


async def measure(
    pairs: Sequence[Pair], sites: int = SITES, names: int = 1_000, randoms: int = 20_000
) -> list[Row]:
    """Measure everything with the default settings."""
    settings, vocabulary = Decoys(), load_vocabulary()
    rows = []
    for per_day in PACES:
        pace = await measure_pace(pairs, per_day, settings, vocabulary, sites)
        told = f"{pace.median:.1f} h (9 of 10: {pace.worst_of_ten:.1f} h, never: {pace.never})"
        held = pace.median <= BARS[per_day]
        what = f"first decoy at {per_day}/day, median of {sites}"
        rows.append(Row(what, told, f"<= {BARS[per_day]:.0f} h", held))
    won = await wins(Attack(1, settings, vocabulary), random_pairs(randoms))
    rows.append(Row(f"{randoms:,} random pairs that won", str(won), "0", won == 0))
    share = await share_of_names(names, GUESSES_AT_A_NAME, settings, vocabulary)
    what = f"random names open after {GUESSES_AT_A_NAME} listed guesses"
    rows.append(Row(what, f"{share:.1%}", f"<= {OPEN_SHARE:.0%}", share <= OPEN_SHARE))
    return rows


def main() -> int:
    """Print the figures; exit code 1 when a bar is missed or the pairs are not there."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else DATA / PAIRS
    if not path.is_file():
        print(f"time_to_win: {path} is not there", file=sys.stderr)
        return 1
    rows = asyncio.run(measure(read_pairs(path)))
    for row in rows:
        print(f"{row.what:44} {row.measured:40} {row.bar}")
    print("measured: " + "; ".join(f"{row.what}: {row.measured}" for row in rows))
    return 0 if all(row.held for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
