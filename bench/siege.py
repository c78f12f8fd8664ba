"""
A siege: what do users, processor and line notice of it, with us and without?

Hosts of every kind named below meet the same guesses at the same pace, one after the other and
round after round: first peace, in which only users work, then the siege, in which they work on.
Users log in over IMAP and submission and get mail; each act's time counts from connecting on.

    python bench/siege.py [--seconds 300] [--peace 30] [--rate 200] [--addresses 10000]
                          [--rounds 1] [--kinds stock,observe,deceive,penalties,fail2ban]
                          [--names 400] [--strict]

Kinds: ``stock``; ``observe`` (we only read the log); ``deceive`` (attached, penalties only noted,
as by default); ``penalties`` (attached, and the firewall helper carries them out); ``fail2ban``
(Debian's own settings of the jails postfix-sasl and dovecot).  Then enumeration: all of a list of
``--names`` is asked for by RCPT, at a stock host and at one with the late bounce; 0 leaves it out.

The host has one core, the clients have the other; every figure is to be read beside the stock
host's of the same run.  ``--strict`` ends with code 1 when users of an attached host wait more
than 1.05 times as long as at the stock one.  Needs root, fail2ban, two cores.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from quiet import Quiet
from siege_enumeration import compare_enumeration
from siege_sites import CLIENT_CORE, KINDS, Site, pin, site

SIDES = ("stock", "observe", "deceive", "penalties", "fail2ban")
ACTS = ("imap login", "submission login", "delivery")
WORK_RATE = 6.0
"""Acts of users a second."""
MOST_RATIO = 1.05
RESERVED_RATIO = 1.5
"""The aim: users of known networks in the siege, beside the same host's peace."""
LAST_SHARE = 1 / 3
"""What "late" means: the last part of the siege, when counter-measures have had their time."""
TOLERANCE_MS = 1.0
"""Below so much a ratio says nothing: it is a turn of the scheduler."""

Acts = dict[str, list[tuple[float, float, bool]]]


@dataclass
class Phase:
    """What was measured while one crowd or both were there; several rounds add up."""

    seconds: float = 0.0
    acts: Acts = field(default_factory=lambda: defaultdict(list))
    mail_cpu: float = 0.0
    guard_cpu: float = 0.0
    bytes: int = 0
    guesses: Counter[str] = field(default_factory=Counter)
    kept_away: int = 0

    def times(self, act: str = "", *, since: float = 0.0) -> list[float]:
        """Give the milliseconds of an act (or of all), of those begun from some second on."""
        chosen = [act] if act else list(ACTS)
        return [ms for name in chosen for second, ms, _ in self.acts[name] if second >= since]

    def failed(self) -> int:
        """Count the users' acts that failed."""
        return sum(not done for acts in self.acts.values() for _, _, done in acts)

    def count(self) -> int:
        return sum(map(len, self.acts.values()))


def percentile(values: Sequence[float], share: float) -> float:
    """Give the value that a share of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def clients(made: Site, crowd: str, **options: float) -> subprocess.Popen[str]:
    """Start a crowd on the clients' side, on the other core."""
    program = str(Path(__file__).with_name("siege_clients.py"))
    given = [f"--{name}={value}" for name, value in options.items()]
    command = pin(CLIENT_CORE, [sys.executable, program, crowd, *given])
    return subprocess.Popen(
        made.network.clients.command(command), stdout=subprocess.PIPE, text=True
    )


def said(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Wait for a crowd's end; gives what it found."""
    text, _ = process.communicate()
    if process.returncode:
        raise SystemExit(f"bench: the clients ended with {process.returncode}")
    found: dict[str, Any] = json.loads(text)
    return found


def measure(made: Site, phase: Phase, seconds: float, attack: dict[str, float] | None) -> None:
    """Let users work, and guessers guess beside them; adds to what was measured."""
    mail, guard = made.mail.cpu_seconds(), made.guard.cpu_seconds()
    traffic = made.network.traffic()
    crowd = clients(made, "attack", seconds=seconds, **attack) if attack else None
    found = said(clients(made, "work", rate=WORK_RATE, seconds=seconds))
    if crowd:
        phase.guesses.update(said(crowd))
    phase.seconds += seconds
    for name, acts in found.items():
        phase.acts[name] += acts
    phase.mail_cpu += made.mail.cpu_seconds() - mail
    phase.guard_cpu += made.guard.cpu_seconds() - guard
    phase.bytes += made.network.traffic() - traffic
    phase.kept_away = max(phase.kept_away, made.bans())


def besieged(kind: str, options: argparse.Namespace, peace: Phase, siege: Phase) -> None:
    """Run one host of a kind through peace and siege."""
    with site(kind) as made:
        # Once before it counts: processes start, caches fill, users' networks become known.
        measure(made, Phase(), min(5.0, options.peace), None)
        time.sleep(1)
        measure(made, peace, options.peace, None)
        attack = {"rate": options.rate, "addresses": options.addresses}
        measure(made, siege, options.seconds, attack)


def table(phases: dict[str, tuple[Phase, Phase]], late: float) -> Iterator[str]:
    """Give the lines about users, and those about the cost."""
    head = "".join(f"{act + ' p50':>18}{'p99':>9}" for act in ACTS)
    yield f"{'milliseconds':<22}{head}{'failed':>16}"
    for kind, (peace, siege) in phases.items():
        for name, phase, since in (
            ("peace", peace, 0.0), ("siege", siege, 0.0), ("late", siege, late),
        ):  # fmt: skip
            cells = ""
            for act in ACTS:
                times = phase.times(act, since=since)
                cells += f"{percentile(times, 0.5):>18.1f}{percentile(times, 0.99):>9.1f}"
            failed = "" if name == "late" else f"{phase.failed()} of {phase.count()}"
            yield f"{kind:<12}{name:<10}{cells}{failed:>16}"
    yield ""
    yield (
        f"{'in the siege':<14}{'mail CPU s':>12}{'guard CPU s':>13}{'all, of stock':>15}"
        f"{'MB':>8}{'kept away':>11}  guesses"
    )
    stock = phases["stock"][1]
    for kind, (_, siege) in phases.items():
        whole = siege.mail_cpu + siege.guard_cpu
        ratio = whole / ((stock.mail_cpu + stock.guard_cpu) or 1)
        ends = ", ".join(f"{name} {count}" for name, count in sorted(siege.guesses.items()))
        yield (
            f"{kind:<14}{siege.mail_cpu:>12.1f}{siege.guard_cpu:>13.1f}{ratio:>15.2f}"
            f"{siege.bytes / 1e6:>8.1f}{siege.kept_away:>11}  {ends}"
        )


def ratio(ours: float, theirs: float) -> float:
    """Give how many times as long; what is within the tolerance is as long."""
    return 1.0 if abs(ours - theirs) <= TOLERANCE_MS else ours / max(theirs, 0.001)


def verdict(phases: dict[str, tuple[Phase, Phase]], late: float) -> tuple[bool, str]:
    """Say whether users wait as long as at the stock host, and how long in words."""
    stock_peace, stock = phases["stock"]
    kept, parts = True, []
    for kind, (peace, siege) in phases.items():
        if kind == "stock":
            continue
        calm = ratio(percentile(peace.times(), 0.5), percentile(stock_peace.times(), 0.5))
        p50 = ratio(percentile(siege.times(), 0.5), percentile(stock.times(), 0.5))
        p99 = ratio(percentile(siege.times(), 0.99), percentile(stock.times(), 0.99))
        own = ratio(percentile(siege.times(since=late), 0.5), percentile(peace.times(), 0.5))
        parts.append(f"{kind} {calm:.2f}/{p50:.2f}/{p99:.2f}/{own:.1f}")
        if kind != "fail2ban":
            kept = kept and max(calm, p50, p99) <= MOST_RATIO
            kept = kept and siege.failed() <= stock.failed()
    return kept, (
        "users' wait of stock's: peace p50 / siege p50 / siege p99, and late siege of own peace"
        f" (aim {RESERVED_RATIO}): {'; '.join(parts)}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--peace", type=float, default=30)
    parser.add_argument("--rate", type=float, default=200)
    parser.add_argument("--addresses", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--kinds", default=",".join(SIDES))
    parser.add_argument("--names", type=int, default=400)
    parser.add_argument("--strict", action="store_true")
    options = parser.parse_args()
    kinds = ["stock", *(k for k in options.kinds.split(",") if k and k != "stock")]
    if unknown := set(kinds) - set(KINDS):
        parser.error(f"no such kind: {', '.join(sorted(unknown))}")
    quiet = Quiet()
    phases = {kind: (Phase(), Phase()) for kind in kinds}
    for number in range(options.rounds):
        for kind in kinds if number % 2 == 0 else reversed(kinds):
            print(f"siege: round {number + 1}, {kind} ...", file=sys.stderr, flush=True)
            besieged(kind, options, *phases[kind])
    late = options.seconds * (1 - LAST_SHARE)
    print(
        f"{options.rate:.0f} guesses a second from {options.addresses:,} addresses for"
        f" {options.seconds:.0f} s, {options.rounds} rounds; late: the last third"
    )
    print("\n".join(table(phases, late)))
    enumeration = compare_enumeration(options.names) if options.names else ""
    quiet.report()
    kept, shown = verdict(phases, late)
    print(f"measured: {shown}{enumeration}")
    return 0 if kept or not options.strict else 1


if __name__ == "__main__":
    sys.exit(main())
