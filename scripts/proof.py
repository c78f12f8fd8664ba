"""
The long bars in one table: ``make proof``, or ``make proof ARGS="mutants throughput"``.

A row is a command and the bar it is held to; it passes when the command exits 0.  What it
measured is its last line that begins with ``measured:``.  Every issue adds its rows here.
Pytest rows run with ``HONEYPOST_PROOF=1``, which makes the tests marked ``proof`` long.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
ROW_SECONDS = 3600
SHOWN_LINES = 30
"""Of the output of a row that failed."""


@dataclass(frozen=True, slots=True)
class Row:
    """One bar."""

    name: str
    bar: str
    command: tuple[str, ...]
    needs_root: bool = False


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


ROWS = (
    Row(
        "proof tests",
        "every test marked `proof`, in its long form",
        tests("-m", "proof", "tests"),
        needs_root=True,
    ),
    Row("mutants", "each guard taken away turns its test red", (PYTHON, "scripts/mutants.py")),
    Row("time to win", "26 a day: <= 24 h; 500 a day: <= 2 h; random: 0", bench("time_to_win")),
    Row(
        "throughput",
        "durable messages/s >= 3 x Postfix",
        bench("capture_throughput", "--at-least", "3"),
        needs_root=True,
    ),
    Row("idle memory", "PSS of the edge <= 40 MiB", bench("idle_memory")),
    Row("script's answer", "p99 <= 20 ms, max <= 200 ms under load", bench("lookup_latency")),
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
    if done.returncode != 0:
        print("\n".join(done.stdout.splitlines()[-SHOWN_LINES:]), file=sys.stderr)
    verdict = "ok" if done.returncode == 0 else "FAILED"
    return Result(verdict, figure(done.stdout), time.monotonic() - begun)


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
