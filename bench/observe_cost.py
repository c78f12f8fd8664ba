"""
What looking at a real server's log costs: reading an old log at the first start, and following.

The worst case is measured: every line is a refused login at one of 10,000 names, from an
address of its own.  The old log is read as the worker does it; then 1,000 lines a second are
written and followed with a look each second.

    python bench/observe_cost.py [LINES [SECONDS]]
"""

from __future__ import annotations

import asyncio
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path

from honeypost.app.observing import Observer
from honeypost.beside.logs.where import follow
from honeypost.stores.intel import IntelStore
from honeypost.stores.watched import Watched

LINES = 300_000
SECONDS = 20
NAMES = 10_000
PER_SECOND = 1_000
BUSY_SHARE = 0.10
"""Following 1,000 refused logins a second may take so much of one processor."""
MEMORY_MIB = 64
"""What a log of attacks may add to the process."""


def refused(number: int, when: float) -> str:
    """One refused login, as Postfix 3.7 writes it to rsyslog's file."""
    stamp = datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")
    address = IPv4Address((11 << 24) + number * 257 % (1 << 27))
    return (
        f"{stamp} mail postfix/smtps/smtpd[77]: warning: unknown[{address}]: SASL LOGIN"
        " authentication failed: (reason unavailable),"
        f" sasl_username=n{number % NAMES}@example.org\n"
    )


def written(log: Path, numbers: range, per_second: float, until: float) -> None:
    """Append so many lines, the last one written at that time."""
    with log.open("a") as file:
        for number in numbers:
            file.write(refused(number, until - (numbers.stop - number) / per_second))


def memory() -> float:
    """MiB at the peak so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def at_once() -> None:
    """Give way to nobody: the work itself is measured."""


async def followed(observer: Observer, log: Path, first: int, seconds: int) -> float:
    """Write and follow for so many seconds; gives the share of a processor that it took."""
    busy = 0.0
    for second in range(seconds):
        start = first + second * PER_SECOND
        written(log, range(start, start + PER_SECOND), PER_SECOND, time.time())
        begun = time.process_time()
        await observer.look()
        busy += time.process_time() - begun
    return busy / seconds


def measured(lines: int, seconds: int) -> Iterator[tuple[str, str, bool]]:
    """Give each figure, what it is held to, and whether that holds."""
    with tempfile.TemporaryDirectory(prefix="hp-") as folder:
        log = Path(folder) / "mail.log"
        written(log, range(lines), lines / 86_400, time.time())
        with IntelStore(Path(folder) / "intel.db") as intel:
            sources = follow([str(log)], {}, UTC, time.time, 0.0)
            observer = Observer(
                sources, Watched(intel), "x.invalid", clock=time.time, give_way=at_once
            )
            before, begun = memory(), time.process_time()
            asyncio.run(observer.look())
            spent = time.process_time() - begun
            yield f"{lines:,} old lines", f"{lines / spent:,.0f} lines a second of CPU", True
            share = asyncio.run(followed(observer, log, lines, seconds))
            yield "1,000 lines a second", f"{share:.1%} of a processor", share <= BUSY_SHARE
            added = memory() - before
            yield "memory added", f"{added:.0f} MiB", added <= MEMORY_MIB
            yield "stored", f"{intel.bytes / 2**20:.1f} MiB", True
            observer.close()


def main() -> int:
    """Print the figures; exit code 1 when one is over its bar."""
    lines = int(sys.argv[1]) if len(sys.argv) > 1 else LINES
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else SECONDS
    rows = []
    for what, figure, holds in measured(lines, seconds):
        print(f"{what:24} {figure}{'' if holds else '   OVER'}")
        rows.append((what, figure, holds))
    print("measured: " + "; ".join(f"{what}: {figure}" for what, figure, _ in rows))
    return 0 if all(holds for *_, holds in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
