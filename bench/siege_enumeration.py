"""
Asking for names by RCPT, at a stock host and at one that answers with the late bounce.

The enumerator does as such tools do: it goes through its list, one RCPT a name, connects again
when it is thrown out, and believes 250.  What it cost the host is counted until the list is
through; then a message to each name that it believes in, as a spammer would send.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from siege_clients import CROWD, MX, USERS, Line, connected

PATIENCE_SECONDS = 60.0
MOST_RECIPIENTS = 100
"""Of one message."""


async def enumerate_names(names: Sequence[str], source: str) -> tuple[list[str], Counter[str]]:
    """Ask for each name; gives those that are believed, and how the asking went."""
    believed: list[str] = []
    counts: Counter[str] = Counter()
    waiting = list(names)
    while waiting:
        counts["connections"] += 1
        async with asyncio.timeout(PATIENCE_SECONDS), connected(source, MX) as line:
            await line.reply()
            await line.say("EHLO client.test")
            await line.say("MAIL FROM:<x@example.net>")
            await _ask(line, waiting, believed, counts)
    return believed, counts


async def _ask(line: Line, waiting: list[str], believed: list[str], counts: Counter[str]) -> None:
    try:
        while waiting:
            answer = await line.say(f"RCPT TO:<{waiting[-1]}>")
            counts[answer[:3].decode("ascii", "replace")] += 1
            if answer.startswith((b"421", b"452")):
                return  # thrown out, or too many for one message
            name = waiting.pop()
            if answer.startswith(b"250"):
                believed.append(name)
    except (OSError, asyncio.IncompleteReadError):
        counts["thrown out"] += 1


async def spam(names: Sequence[str], source: str) -> int:
    """Send a message to all of them; gives how many were taken."""
    taken = 0
    for start in range(0, len(names), MOST_RECIPIENTS):
        async with asyncio.timeout(PATIENCE_SECONDS), connected(source, MX) as line:
            await line.reply()
            await line.say("EHLO client.test")
            await line.say("MAIL FROM:<x@example.net>")
            for name in names[start : start + MOST_RECIPIENTS]:
                taken += (await line.say(f"RCPT TO:<{name}>")).startswith(b"250")
            await line.say("DATA")
            await line.say("Subject: offer\r\n\r\n" + "Buy now! http://spam.test/\r\n" * 40 + ".")
    return taken


def listed(count: int) -> list[str]:
    """Give the list: the real users among names that nobody has."""
    return [*USERS, *(f"n{number}@example.org" for number in range(count - len(USERS)))]


def compare_enumeration(count: int) -> str:
    """Print what a list of names costs at both hosts; gives the part of the last line."""
    from siege_sites import CLIENT_CORE, pin, site  # noqa: PLC0415 - the clients need none of it

    print()
    print(
        f"{count} names by RCPT".ljust(24)
        + f"{'s':>7}{'connections':>13}{'KB':>8}{'CPU s':>8}{'believed':>10}{'real':>6}"
        + f"{'   then to each believed: KB':>28}{'CPU s':>8}"
    )
    command = [sys.executable, str(Path(__file__)), str(count)]
    parts = []
    for kind in ("stock", "late bounce"):
        with site(kind) as made:

            def spent(made=made) -> tuple[float, int]:
                return made.mail.cpu_seconds() + made.guard.cpu_seconds(), made.network.traffic()

            client = subprocess.Popen(
                made.network.clients.command(pin(CLIENT_CORE, command)),
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            )  # fmt: skip
            assert client.stdin is not None
            assert client.stdout is not None
            before = spent()
            client.stdin.write("ask\n")
            client.stdin.flush()
            asked = json.loads(client.stdout.readline())
            middle = spent()
            client.stdin.write("send\n")
            client.stdin.flush()
            client.stdout.readline()
            time.sleep(2)  # for the deliveries that Postfix does behind its 250
            after = spent()
            client.communicate()
        cpu, size = middle[0] - before[0], middle[1] - before[1]
        print(
            f"{kind:<24}{asked['seconds']:>7.1f}{asked['connections']:>13}{size / 1e3:>8.0f}"
            f"{cpu:>8.2f}{asked['believed']:>10}{asked['real']:>6}"
            f"{(after[1] - middle[1]) / 1e3:>28.0f}{after[0] - middle[0]:>8.2f}"
        )
        parts.append(f"{kind} {asked['believed']} believed, {size / 1e3:.0f} KB, {cpu:.2f} CPU s")
    return f"; {count} names asked for: {'; '.join(parts)}"


def main() -> None:
    """Be the enumerator: does a step at each line of its input."""
    parser = argparse.ArgumentParser()
    parser.add_argument("names", type=int)
    names = listed(parser.parse_args().names)
    source = str(CROWD + 257)
    sys.stdin.readline()
    begun = time.monotonic()
    believed, counts = asyncio.run(enumerate_names(names, source))
    found = {
        "seconds": time.monotonic() - begun,
        "connections": counts["connections"],
        "believed": len(believed),
        "real": sum(name in USERS for name in believed),
    }
    print(json.dumps(found), flush=True)
    sys.stdin.readline()
    print(asyncio.run(spam(believed, source)), flush=True)


if __name__ == "__main__":
    main()
