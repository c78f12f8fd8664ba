"""
How many messages a second are safe on disk when the sender hears 250.

Postfix's own ``smtp-source`` drives each server in turn, round after round in one run, so
that a noisy neighbour hits all of them alike; the median round counts.  Beside it stands
how many fdatasync calls a second the same folder allows: one call per message could never
be faster, a group of messages per call can.

    python bench/capture_throughput.py [--rounds 5] [--messages 600] [--sessions 20]
        [--bytes 4096] [--directory /var/tmp] [--at-least 3.0]

Real Postfix needs root.  With ``--at-least`` the exit code is 1 when Honeypost is not so many
times as fast as Postfix, message per connection, as bots come.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from peers import HOST, KEEPS, PEERS, Endpoint, sbin

from honeypost.net.loop import loop_name

SYNC_SECONDS = 2.0
SOURCE_SECONDS = 120
SHAPES = {"a connection each": [], "one connection": ["-d"]}
"""smtp-source: every message over its own connection, or all of a session over one."""


def drive(endpoint: Endpoint, options: argparse.Namespace, shape: list[str]) -> float:
    """Send the messages; gives messages a second."""
    command = [sbin("smtp-source"), *shape, *(["-L"] if endpoint.lmtp else [])]
    command += ["-s", str(options.sessions), "-m", str(options.messages)]
    command += ["-l", str(options.bytes), "-f", "a@sender.example", "-t", "b@bench.example"]
    begun = time.monotonic()
    subprocess.run(
        [*command, f"inet:{HOST}:{endpoint.port}"],
        check=True,
        timeout=SOURCE_SECONDS,
        stdout=subprocess.DEVNULL,
    )
    return float(options.messages / (time.monotonic() - begun))


def syncs_per_second(folder: Path, size: int) -> float:
    """Append and fdatasync for a while: what one call per message could reach."""
    block = os.urandom(size)
    count = 0
    descriptor = os.open(folder / "syncs", os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    begun = time.monotonic()
    while time.monotonic() - begun < SYNC_SECONDS:
        os.write(descriptor, block)
        os.fdatasync(descriptor)
        count += 1
    spent = time.monotonic() - begun
    os.close(descriptor)
    return count / spent


def measure(folder: Path, options: argparse.Namespace) -> dict[tuple[str, str], list[float]]:
    """Run all peers at once and drive them one after the other, round after round."""
    rates: dict[tuple[str, str], list[float]] = {}
    with ExitStack() as stack:
        endpoints = {
            name: stack.enter_context(start(folder / name)) for name, start in PEERS.items()
        }
        for name, endpoint in endpoints.items():
            drive(endpoint, argparse.Namespace(**{**vars(options), "messages": 50}), [])
            print(f"bench: {name} answers", file=sys.stderr)
        for number in range(options.rounds):
            for shape, flags in SHAPES.items():
                for name, endpoint in endpoints.items():
                    rates.setdefault((name, shape), []).append(drive(endpoint, options, flags))
            print(f"bench: round {number + 1} of {options.rounds}", file=sys.stderr)
    return rates


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--messages", type=int, default=600)
    parser.add_argument("--sessions", type=int, default=20)
    parser.add_argument("--bytes", type=int, default=4096)
    parser.add_argument("--directory", type=Path, default=Path("/var/tmp"))
    parser.add_argument("--at-least", type=float, default=0.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="honeypost-bench-", dir=options.directory) as folder:
        Path(folder).chmod(0o755)
        syncs = syncs_per_second(Path(folder), options.bytes)
        rates = measure(Path(folder), options)
        syncs_after = syncs_per_second(Path(folder), options.bytes)

    print(
        f"messages of {options.bytes} bytes, {options.sessions} sessions, {options.rounds} rounds"
    )
    print(f"event loop {loop_name()}, load average {os.getloadavg()[0]:.1f} at the end")
    print(f"fdatasync of {options.bytes} bytes: {syncs:,.0f}/s before, {syncs_after:,.0f}/s after")
    ratios = {}
    for shape in SHAPES:
        base = statistics.median(rates["postfix", shape])
        print(f"\n{shape:<20}{'keeps':<10}{'msg/s':>8}{'lowest':>8}{'highest':>9}{'x Postfix':>11}")
        for name in PEERS:
            seen = rates[name, shape]
            middle = statistics.median(seen)
            print(
                f"  {name:<18}{KEEPS[name]:<10}{middle:>8,.0f}{min(seen):>8,.0f}{max(seen):>9,.0f}"
                f"{middle / base:>11.2f}"
            )
        ratios[shape] = statistics.median(rates["honeypost", shape]) / base
    shown = ", ".join(
        f"{statistics.median(rates['honeypost', shape]):,.0f} durable messages/s"
        f" ({ratio:.2f} x Postfix) with {shape}"
        for shape, ratio in ratios.items()
    )
    print(f"\nmeasured: {shown}")
    return 0 if ratios["a connection each"] >= options.at_least else 1


if __name__ == "__main__":
    sys.exit(main())
