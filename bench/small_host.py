"""
A whole mail host with us in 512 MB, under attack: does everybody live, do users notice?

Postfix, Dovecot, Honeypost and its firewall helper share one control group with a memory limit
and no swap to speak of; the guesses are those of ``siege``.  Users work before it and meanwhile.

    python bench/small_host.py [--minutes 10] [--memory-mb 512] [--rate 200] [--addresses 10000]
                               [--kind penalties] [--strict]

Printed: what the kernel killed for want of memory, the most that was in use (with file cache,
and what cannot be taken back), and how the users fared.  ``--strict`` ends with code 1 when
anything was killed, when an act of a user failed or took longer than the 30 s a client waits, or
when a process of ours was started anew.  Needs root; where control groups cannot be made it says
so and ends with code 2: limits of single processes (rlimits) would prove something else.
"""

from __future__ import annotations

import argparse
import sys
import threading
from pathlib import Path

from groups import Group
from quiet import Quiet
from siege import Phase, measure, percentile
from siege_sites import KINDS, Site, site

MIB = 2**20
LOOK_SECONDS = 1.0


class Watch:
    """Looks at the group's memory every second; its own peak counts the file cache too."""

    def __init__(self, group: Group) -> None:
        self._group, self._ended = group, threading.Event()
        self.most_mib = 0.0
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def _look(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            self.most_mib = max(self.most_mib, self._group.used_mib())

    def close(self) -> None:
        self._ended.set()
        self._thread.join()


def alive(made: Site) -> bool:
    """Are our own processes the same as at the start?"""
    pids = made.ours.pids.values() if made.ours else ()
    return all(Path(f"/proc/{pid}").exists() for pid in pids)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--memory-mb", type=int, default=512)
    parser.add_argument("--rate", type=float, default=200)
    parser.add_argument("--addresses", type=int, default=10_000)
    parser.add_argument("--kind", choices=sorted(KINDS), default="penalties")
    parser.add_argument("--strict", action="store_true")
    options = parser.parse_args()
    try:
        Group("trial", MIB).close()
    except OSError as problem:
        print(f"measured: nothing: no control group can be made here ({problem})")
        return 2
    quiet, seconds = Quiet(), options.minutes * 60
    peace, siege = Phase(), Phase()
    attack = {"rate": options.rate, "addresses": options.addresses}
    with site(options.kind, options.memory_mb * MIB) as made:
        watch = Watch(made.mail)
        try:
            measure(made, peace, min(30.0, seconds / 4), None)
            measure(made, siege, seconds, attack)
        finally:
            watch.close()
        kills, peak, lives = made.mail.oom_kills(), made.mail.peak_mib(), alive(made)
    for name, phase in (("before", peace), ("meanwhile", siege)):
        times = phase.times()
        print(
            f"users {name}: {phase.count()} acts, {phase.failed()} failed, p50"
            f" {percentile(times, 0.5):.0f} ms, p99 {percentile(times, 0.99):.0f} ms"
        )
    print("guesses: " + ", ".join(f"{n} {c}" for n, c in sorted(siege.guesses.items())))
    quiet.report()
    print(
        f"measured: {options.kind} in {options.memory_mb} MB for {options.minutes:g} min:"
        f" {kills} killed for memory, {peak:.0f} MiB at most with file cache,"
        f" {watch.most_mib:.0f} MiB without; {siege.failed()} of {siege.count()} acts of users"
        f" failed{'' if lives else '; a process of ours was started anew'}"
    )
    return 1 if options.strict and (kills or siege.failed() or not lives) else 0


if __name__ == "__main__":
    sys.exit(main())
