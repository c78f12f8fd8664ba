"""
Are real users refused or delayed when we are in trouble?  Beside a host without us, in one run.

Two mail hosts run side by side, one attached and one without us, under the same guesses.  Each
action of a real user (login over IMAP, POP3, submission; mail from outside, to a colleague, to the
outside; IPv4 and IPv6) is done on both in turn, so a noisy neighbour hits both alike.  An action is
late when it takes 100 ms longer than the median of that action on the host without us.

    python bench/unharmed.py [--actions 3000] [--kinds passwd-file pam sql] [--troubles NAME ...]
        [--ahead]

Prints a line for each trouble: how many were refused and late, the same for the host without us,
and the upper bound of the rate at 95 % when there was none in N (rule of three: 3/N).  On a machine
that has other work as well some are late on both hosts; then it counts whether more were late
beside us than chance has it (sign test).  Ends with 1 when anybody was refused or that many were
late.  With ``--ahead`` all of this runs before the machine's other work (SCHED_RR).  Needs root.
"""

from __future__ import annotations

import argparse
import math
import os
import signal
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from support.attack import Attack
from support.day import LONG_IDS, Day, Wait
from support.dovecot_host import FAST
from support.mailhost import MailHost
from support.troubles import TROUBLES
from support.users import KINDS

LATE_SECONDS = 0.1
CHANCE = 0.001
"""So seldom a host like the one without us has so many more that are late."""
AT_ONCE = 2
SORTS = ("logins", "deliveries")
SHOWN = 5
"""Refusals that are shown in words."""


@dataclass
class Count:
    """What one kind of action came to, in one trouble."""

    ours: list[Wait] = field(default_factory=list)
    control: list[Wait] = field(default_factory=list)

    def refused(self) -> list[Wait]:
        return [wait for wait in self.ours if wait.refused]

    def late(self) -> tuple[int, int]:
        """How many were late beside us, and without us."""
        usual = {
            action: statistics.median(
                wait.seconds for wait in self.control if wait.action == action
            )
            for action in {wait.action for wait in self.control}
        }

        def count(waits: Iterable[Wait]) -> int:
            return sum(wait.seconds - usual[wait.action] > LATE_SECONDS for wait in waits)

        return count(self.ours), count(self.control)


def is_chance(late: int, usual: int) -> bool:
    """Is it mere chance which of two hosts that are alike has how many of the late ones?"""
    total = late + usual
    as_many = sum(math.comb(total, some) for some in range(late, total + 1))
    return as_many / 2**total > CHANCE


Counts = dict[str, tuple[Count, Count]]
"""Logins and deliveries of each trouble."""


def in_turn(
    ours: Callable[[int], Wait], control: Callable[[int], Wait], number: int
) -> tuple[Wait, Wait]:
    """Do one action on both hosts, each first every other time."""
    if number % 2:
        first = ours(number)
        return first, control(number)
    second = control(number)
    return ours(number), second


def days(ours: MailHost, control: MailHost, actions: range) -> tuple[Count, Count]:
    """Have so many logins and so many deliveries on each host."""
    one, other = Day(ours), Day(control)
    logins, deliveries = Count(), Count()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for count, mine, theirs in (
            (logins, one.log_in, other.log_in),
            (deliveries, one.hand_in, other.hand_in),
        ):
            for wait, beside in pool.map(lambda n, m=mine, t=theirs: in_turn(m, t, n), actions):
                count.ours.append(wait)
                count.control.append(beside)
    deliveries.ours += one.arrived()
    deliveries.control += other.arrived()
    return logins, deliveries


def host(kind: str, *, attached: bool) -> MailHost:
    """Make a mail host; whoever guesses wrong is answered at once on both."""
    return MailHost(kind=kind, attached=attached, dovecot_extra=FAST, postfix_settings=LONG_IDS)


def run(options: argparse.Namespace) -> Counts:
    """Go through all troubles on all kinds of user databases."""
    counts: Counts = defaultdict(lambda: (Count(), Count()))
    share = -(-options.actions // len(options.kinds))
    for kind in options.kinds:
        with (
            host(kind, attached=True) as ours,
            host(kind, attached=False) as control,
        ):
            for name in options.troubles:
                begun = time.monotonic()
                with TROUBLES[name](ours), Attack(control, inside=False):
                    for total, new in zip(
                        counts[name], days(ours, control, range(share)), strict=True
                    ):
                        total.ours += new.ours
                        total.control += new.control
                print(f"{kind}: {time.monotonic() - begun:.0f} s, so far:", file=sys.stderr)
                for what, count in zip(SORTS, counts[name], strict=True):
                    print(row(name, what, count), file=sys.stderr, flush=True)
    return counts


def row(name: str, what: str, count: Count) -> str:
    late, usual = count.late()
    number = len(count.ours) if what == "logins" else len(count.ours) // 2
    bad = len(count.refused())
    middle, most = _quantiles(count.ours)
    c_middle, c_most = _quantiles(count.control)
    # Of each of the two the bound holds where there was none.
    bounds = (f"{300 / number:.2f} %" if not seen else "-" for seen in (bad, late))
    bound = " ".join(f"{each:>7}" for each in bounds)
    return (
        f"{name:<28}{what:<11}{number:>6}{bad:>8}{late:>6}{usual:>9}"
        f"{middle:>9.1f}{c_middle:>9.1f}{most:>9.1f}{c_most:>9.1f}  {bound}"
    )


def _quantiles(waits: Sequence[Wait]) -> tuple[float, float]:
    sizes = sorted(wait.seconds * 1000 for wait in waits)
    return statistics.median(sizes), sizes[len(sizes) * 99 // 100]


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--actions", type=int, default=3000, help="of each sort in each trouble")
    parser.add_argument("--kinds", nargs="+", choices=sorted(KINDS), default=sorted(KINDS))
    parser.add_argument("--troubles", nargs="+", default=list(TROUBLES), choices=list(TROUBLES))
    parser.add_argument("--ahead", action="store_true", help="of other work of this machine")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the hosts are ended
    if options.ahead:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    counts = run(options)
    print(f"{'':<28}{'':<11}{'N':>6}{'refused':>8}{'late':>6}{'without':>9}", end="")
    print(f"{'p50 ms':>9}{'without':>9}{'p99 ms':>9}{'without':>9}  3/N refused, late")
    kept, refused, late, usual = True, 0, 0, 0
    for name, pair in counts.items():
        for what, count in zip(SORTS, pair, strict=True):
            print(row(name, what, count))
            for wait in count.refused()[:SHOWN]:
                print(f"    {wait.action}: {wait.refused}")
            some, others = count.late()
            kept &= not count.refused() and is_chance(some, others)
            refused, late, usual = refused + len(count.refused()), late + some, usual + others
    number = len(counts) * len(SORTS) * len(next(iter(counts.values()))[0].ours)
    print(
        f"measured: {number:,} actions in {len(counts)} troubles: {refused} refused,"
        f" {late} late ({usual} without us)"
    )
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
