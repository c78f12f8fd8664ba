"""
How much longer do a user's login and a delivery take beside us?

Two hosts stand side by side, one stock and one attached (decoy chain, containment, reports,
penalties noted), each as in ``siege`` but with nobody else about.  A client does the same act at
both, one after the other, first at the one and then at the other in turn, so that whatever the
machine does meets both.  Printed for each act: p50 and p99 at both, and what is added to each.

    python bench/added_latency.py [--acts 1000] [--kind deceive] [--strict]

``--strict`` ends with code 1 when an act takes more than 1 ms longer in the median or more than
5 ms at p99.  Needs root and two cores.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

from quiet import Quiet
from siege import percentile
from siege_clients import ACTS, HOMES, USERS, Login
from siege_sites import CLIENT_CORE, KINDS, Site, pin, site

MOST_P50_MS, MOST_P99_MS = 1.0, 5.0
WARM_UP = 20
"""Acts of each kind before it counts: processes start and caches fill."""
STOCK = "stock"

Times = dict[str, list[float]]
"""Milliseconds of each act, by its name."""


class Asker:
    """A client in the network of one host's clients; does an act when told."""

    def __init__(self, made: Site) -> None:
        command = pin(CLIENT_CORE, [sys.executable, str(Path(__file__)), "--asker"])
        self._process = subprocess.Popen(
            made.network.clients.command(command),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        )  # fmt: skip

    def act(self, name: str, number: int) -> float:
        """Do it once; gives the milliseconds it took."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([name, number]) + "\n")
        milliseconds, done = json.loads(self._process.stdout.readline())
        if not done:
            raise SystemExit(f"bench: {name} failed")
        return float(milliseconds)

    def close(self) -> None:
        self._process.communicate()


def ask() -> None:
    """Be an asker: one act for each line of standard input."""
    users = list(USERS.items())
    with asyncio.Runner() as runner:
        for line in sys.stdin:
            name, number = json.loads(line)
            login = Login(*users[number % len(users)], HOMES[number % len(HOMES)])
            before = time.perf_counter()
            done = runner.run(ACTS[name](login))
            print(json.dumps([(time.perf_counter() - before) * 1000, done]), flush=True)


def interleaved(kind: str, acts: int) -> dict[str, Times]:
    """Do each act so often at both hosts; gives the times by host."""
    found: dict[str, Times] = {STOCK: defaultdict(list), kind: defaultdict(list)}
    with site(STOCK) as stock, site(kind) as ours:
        askers = {STOCK: Asker(stock), kind: Asker(ours)}
        for number in range(-WARM_UP, acts):
            for name in ACTS:
                for side in sorted(askers, reverse=bool(number % 2)):
                    took = askers[side].act(name, abs(number))
                    if number >= 0:
                        found[side][name].append(took)
        for asker in askers.values():
            asker.close()
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--acts", type=int, default=1000)
    parser.add_argument("--kind", choices=[k for k in KINDS if k != STOCK], default="deceive")
    parser.add_argument("--strict", action="store_true")
    parser.add_argument("--asker", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.asker:
        ask()
        return 0
    quiet = Quiet()
    found = interleaved(options.kind, options.acts)
    kept, parts = True, []
    print(f"{'milliseconds':<20}{'stock p50':>12}{'p99':>8}{options.kind + ' p50':>16}{'p99':>8}"
          f"{'added p50':>12}{'p99':>8}")  # fmt: skip
    for name in ACTS:
        (a50, a99), (b50, b99) = (
            (percentile(found[side][name], 0.5), percentile(found[side][name], 0.99))
            for side in (STOCK, options.kind)
        )
        print(f"{name:<20}{a50:>12.2f}{a99:>8.2f}{b50:>16.2f}{b99:>8.2f}"
              f"{b50 - a50:>12.2f}{b99 - a99:>8.2f}")  # fmt: skip
        kept = kept and b50 - a50 <= MOST_P50_MS and b99 - a99 <= MOST_P99_MS
        parts.append(f"{name} {b50 - a50:+.2f}/{b99 - a99:+.2f} ms")
    quiet.report()
    print(f"measured: added p50/p99 over {options.acts} each: {', '.join(parts)}")
    return 0 if kept or not options.strict else 1


if __name__ == "__main__":
    sys.exit(main())
