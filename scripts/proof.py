"""
The long bars in one table: ``make proof``, or ``make proof ARGS="mutants throughput"``.

A row is a command and the bar it is held to; it passes when the command exits 0 and its judge,
if it has one, finds the bar kept.  What it measured is what the judge says, or its last line
that begins with ``measured:``.  Every issue adds its rows here.
Pytest rows run with ``HONEYPOST_PROOF=1``, which makes the tests marked ``proof`` long.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
ROW_SECONDS = 5400
SHOWN_LINES = 30
"""Of the output of a row that failed."""

EDGE_MIB, ALL_MIB = 40, 128
P99_MS, MOST_MS = 20, 200
DAY_LINES, ATTEMPT_LINES = 100_000, 15_000
PACE_HOURS = (24, 2)
"""At 26 and at 500 guesses a day."""


@dataclass(frozen=True, slots=True)
class Row:
    """One bar."""

    name: str
    bar: str
    command: tuple[str, ...]
    needs_root: bool = False
    judge: Callable[[str], tuple[bool, str]] | None = None
    """Takes the output; says whether the bar is kept, and what was measured."""


@dataclass(frozen=True, slots=True)
class Result:
    """How a row went."""

    verdict: str
    """``ok``, ``FAILED`` or ``skipped``."""
    figure: str
    seconds: float


def tests(*selection: str) -> tuple[str, ...]:
    """Run tests with their output shown, so that what they measured can be read."""
    return (PYTHON, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", *selection)


def bench(name: str, *options: str) -> tuple[str, ...]:
    return (PYTHON, f"bench/{name}.py", *options)


def judge_memory(output: str) -> tuple[bool, str]:
    """Read idle_memory's last line."""
    sizes = {name: part["pss_mib"] for name, part in last_json(output).items()}
    shown = ", ".join(f"{name} {size}" for name, size in sizes.items())
    return sizes["edge"] <= EDGE_MIB and sizes["all"] <= ALL_MIB, f"{shown} MiB"


def judge_latency(output: str) -> tuple[bool, str]:
    """Read lookup_latency's last line."""
    found = last_json(output)
    busy, load = found["busy"], found["load"]
    shown = (
        f"p99 {busy['p99_ms']} ms, max {busy['max_ms']} ms beside {load['handshakes']} handshakes"
    )
    return busy["p99_ms"] <= P99_MS and busy[
        "max_ms"
    ] <= MOST_MS, f"{shown}, {load['bodies']} bodies"


def judge_pace(output: str) -> tuple[bool, str]:
    """Read time_to_win's table: the hours at both paces, and the random pairs that won."""
    hours = [float(hour) for hour in re.findall(r"median of \d+ +([\d.]+) h", output)]
    (won,) = re.findall(r"pairs that won +(\d+)", output)
    kept = len(hours) == len(PACE_HOURS) and all(
        hour <= bar for hour, bar in zip(hours, PACE_HOURS, strict=True)
    )
    return kept and won == "0", f"{hours[0]} h, {hours[1]} h, {won} random pairs won"


def judge_log_speed(output: str) -> tuple[bool, str]:
    """Read log_speed's last line."""
    shown = figure(output)
    day, attempts = (
        int(found.replace(",", "")) for found in re.findall(r"([\d,]+)(?: lines/s)? of ", shown)
    )
    return day >= DAY_LINES and attempts >= ATTEMPT_LINES, shown


def last_json(output: str) -> dict[str, Any]:
    """Give the last line that is a JSON object."""
    lines = [line for line in output.splitlines() if line.startswith("{")]
    found: dict[str, Any] = json.loads(lines[-1])
    return found


ROWS = (
    Row(
        "proof tests",
        "every test marked `proof`, in its long form",
        tests("-m", "proof", "tests"),
        needs_root=True,
    ),
    Row("mutants", "each guard taken away turns its test red", (PYTHON, "scripts/mutants.py")),
    Row(
        "time to win",
        "26 a day: <= 24 h; 500 a day: <= 2 h; random: 0",
        bench("time_to_win"),
        judge=judge_pace,
    ),
    Row(
        "throughput",
        "durable messages/s >= 3 x Postfix",
        bench("capture_throughput", "--at-least", "3"),
        needs_root=True,
    ),
    Row(
        "idle memory",
        "PSS: edge <= 40 MiB, all <= 128 MiB",
        bench("idle_memory"),
        judge=judge_memory,
    ),
    Row(
        "script's answer",
        "p99 <= 20 ms, max <= 200 ms under load",
        bench("lookup_latency"),
        judge=judge_latency,
    ),
    Row(
        "real users",
        "ten troubles: 0 of 3,000 + 3,000 refused, no more late than without us",
        bench("unharmed"),
        needs_root=True,
    ),
    Row(
        "nothing leaves",
        "93 ways out of a decoy: 0 messages, 0 packets",
        tests("tests/integration/beside/test_ways_out.py"),
        needs_root=True,
    ),
    Row(
        "siege",
        "users' wait with us <= 1.05 x a stock host's",
        bench("siege", "--strict"),
        needs_root=True,
    ),
    Row(
        "added latency",
        "login and delivery: p50 <= 1 ms, p99 <= 5 ms",
        bench("added_latency", "--strict"),
        needs_root=True,
    ),
    Row(
        "small host",
        "10 min of attack in 512 MB: 0 killed, 0 users failed",
        bench("small_host", "--strict"),
        needs_root=True,
    ),
    Row(
        "log speed",
        "lines/s: a day >= 100,000, attempts >= 15,000",
        bench("log_speed"),
        judge=judge_log_speed,
    ),
)


def run(row: Row) -> Result:
    """Run one row; its output goes to the screen only when it fails."""
    if row.needs_root and os.geteuid() != 0:
        return Result("skipped", "needs root", 0.0)
    begun = time.monotonic()
    environment = {**os.environ, "HONEYPOST_PROOF": "1"}
    try:
        done = subprocess.run(
            row.command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="backslashreplace",
            timeout=ROW_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Result("FAILED", f"took longer than {ROW_SECONDS} s", time.monotonic() - begun)
    kept, shown = judged(row, done.returncode, done.stdout)
    if not kept:
        print("\n".join(done.stdout.splitlines()[-SHOWN_LINES:]), file=sys.stderr)
    return Result("ok" if kept else "FAILED", shown, time.monotonic() - begun)


def judged(row: Row, code: int, output: str) -> tuple[bool, str]:
    """Say whether the bar is kept, and what was measured."""
    if code != 0 or row.judge is None:
        return code == 0, figure(output)
    try:
        return row.judge(output)
    except (LookupError, ValueError) as problem:
        return False, f"its output cannot be read: {problem}"


def figure(output: str) -> str:
    """Give what was measured: the last such line, or the last line of all."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    said = [line.partition(":")[2].strip() for line in lines if line.startswith("measured:")]
    return said[-1] if said else (lines[-1].strip("= ") if lines else "")


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description="The long bars in one table.")
    parser.add_argument("rows", nargs="*", help="words of the rows' names; all when none")
    wanted = parser.parse_args(arguments).rows
    rows = [row for row in ROWS if not wanted or any(word in row.name for word in wanted)]
    if not rows:
        parser.error(f"no row is named so; there are: {', '.join(row.name for row in ROWS)}")
    results: list[tuple[Row, Result]] = []
    for row in rows:
        print(f"proof: {row.name} ...", file=sys.stderr, flush=True)
        results.append((row, run(row)))
    print(f"{'':<18}{'':<9}{'bar':<48}{'seconds':>8}  measured")
    for row, result in results:
        print(
            f"{row.name:<18}{result.verdict:<9}{row.bar:<48}{result.seconds:>8.0f}  {result.figure}"
        )
    return 1 if any(result.verdict == "FAILED" for _, result in results) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
