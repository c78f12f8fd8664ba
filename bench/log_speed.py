"""
How fast is a mail log read, beside fail2ban?

Makes two files with a seeded generator: a busy day of Postfix and Dovecot (one line in twenty
an attempt) and one of attempts only; reads them with ``honeypost replay`` and with
``fail2ban-regex`` and its own filters of both servers, in turn, in one run.

    python bench/log_speed.py [--lines 300000] [--attempts 60000] [--rounds 3]

What counts is processor time from start to end of the whole command: each is one process with
one thread, and a busy neighbour changes the clock on the wall but not that.  fail2ban has one
filter a server and needs a pass for each; both are shown, and the sum is what compares.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

SHARE_OF_ATTEMPTS = 0.05
SEED = 20261123
FILTERS = ("postfix[mode=aggressive]", "dovecot[mode=aggressive]")
DAY_SECONDS = 86_400
MOST_SECONDS = 600
"""For one command; the slowest needs some 20 s on two cores."""

Chance = random.Random


def address(chance: Chance) -> str:
    """Give an address; one in ten is IPv6."""
    if chance.random() < 0.1:
        return f"2001:db8:{chance.randrange(1 << 16):x}::{chance.randrange(1, 1 << 16):x}"
    parts = (chance.randrange(1, 223), *(chance.randrange(256) for _ in range(3)))
    return ".".join(map(str, parts))


ATTEMPTS: tuple[Callable[[Chance], str], ...] = (
    lambda r: (
        f"postfix/submission/smtpd[{r.randrange(9999)}]: warning: unknown[{address(r)}]: SASL LOGIN"
        " authentication failed: (reason unavailable),"
        f" sasl_username=info{r.randrange(500)}@example.org"
    ),
    lambda r: (
        f"postfix/smtpd[{r.randrange(9999)}]: NOQUEUE: reject: RCPT from unknown[{address(r)}]: 550"
        f" 5.1.1 <n{r.randrange(999)}@example.org>: Recipient address rejected: User unknown in"
        " virtual mailbox table; from=<a@x.test> to=<n@example.org> proto=ESMTP helo=<vm>"
    ),
    lambda r: (
        "dovecot: imap-login: Disconnected: Connection closed (auth failed, 1 attempts in 2 secs):"
        f" user=<u{r.randrange(500)}>, method=PLAIN, rip={address(r)}, lip=192.0.2.1, TLS,"
        " session=<OAOxNvNgDKh/AAAB>"
    ),
    lambda r: (
        f"dovecot: auth-worker({r.randrange(9999)}): conn unix:auth-worker (pid=1,uid=109):"
        f" auth-worker<6>: sql(contact{r.randrange(99)},{address(r)}): unknown user"
    ),
)
WORK: tuple[Callable[[Chance], str], ...] = (
    lambda r: f"postfix/smtpd[{r.randrange(9999)}]: connect from mx.example.com[{address(r)}]",
    lambda r: (
        f"postfix/smtpd[{r.randrange(9999)}]: disconnect from mx.example.com[{address(r)}] ehlo=2"
        " starttls=1 mail=1 rcpt=1 data=1 quit=1 commands=7"
    ),
    lambda r: f"postfix/smtpd[{r.randrange(9999)}]: {queue(r)}: client=mx.test[{address(r)}]",
    lambda r: f"postfix/cleanup[{r.randrange(9999)}]: {queue(r)}: message-id=<{queue(r)}@x.test>",
    lambda r: f"postfix/qmgr[42]: {queue(r)}: from=<a@x.test>, size=4242, nrcpt=1 (queue active)",
    lambda r: (
        f"postfix/lmtp[{r.randrange(9999)}]: {queue(r)}: to=<bob@example.org>,"
        " relay=mx[private/dovecot-lmtp], delay=0.2, delays=0.1/0/0/0.1, dsn=2.0.0, status=sent"
        " (250 2.0.0 <bob@example.org> saved)"
    ),
    lambda r: f"postfix/qmgr[42]: {queue(r)}: removed",
    lambda r: (
        f"dovecot: imap-login: Login: user=<bob{r.randrange(99)}@example.org>, method=PLAIN,"
        f" rip={address(r)}, lip=192.0.2.1, mpid=12, TLS, session=<1Ht+MPNglLt/AAAB>"
    ),
    lambda _: "dovecot: imap(bob@example.org)<12><1Ht+>: Logged out in=10 out=100 deleted=0",
    lambda r: f"dovecot: lmtp(bob)<9><ab>: sieve: msgid=<{queue(r)}@x.test>: stored mail",
    lambda r: f"opendkim[77]: {queue(r)}: DKIM-Signature field added (s=mail, d=example.org)",
    lambda _: "CRON[1]: pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)",
)


def queue(chance: Chance) -> str:
    return f"{chance.randrange(16**10):010X}"


def lines(count: int, share: float) -> Iterator[str]:
    """Give the lines of a day."""
    chance = random.Random(SEED)
    for number in range(count):
        second = number * DAY_SECONDS // count
        clock = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
        kinds = ATTEMPTS if chance.random() < share else WORK
        yield f"Nov 22 {clock} mx {chance.choice(kinds)(chance)}\n"


@dataclass(frozen=True, slots=True)
class Run:
    """One command over one file."""

    seconds: float
    """Processor time, user and system."""
    output: str


def run(command: Sequence[str]) -> Run:
    """Run a command to its end; gives what it cost."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read().decode("utf-8", "replace")
    assert process.returncode == 0 or "fail2ban" in command[0], text[-500:]
    return Run(usage.ru_utime + usage.ru_stime, text)


def ours(file: Path, *options: str) -> Run:
    program = Path(sys.executable).with_name("honeypost")
    return run((str(program), "replay", str(file), *options))


def theirs(file: Path) -> list[Run]:
    program = shutil.which("fail2ban-regex")
    assert program, "fail2ban is not installed (scripts/packages.sh --only fail2ban)"
    return [run((program, "--no-check-all", str(file), name)) for name in FILTERS]


def refused(output: str) -> int:
    """Count the attempts in replay's JSON lines."""
    events = (json.loads(line) for line in output.splitlines())
    return sum(event["outcome"] in {"refused", "unknown"} for event in events)


def measure(file: Path, count: int, rounds: int) -> tuple[float, float]:
    """Print one file's table; gives lines a second: replay, fail2ban."""
    attempts = refused(ours(file, "--json").output)
    plain, as_json, both = [], [], []
    for _ in range(rounds):
        plain.append(ours(file).seconds)
        as_json.append(ours(file, "--json").seconds)
        both.append([each.seconds for each in theirs(file)])
    rows = [("honeypost replay", plain), ("honeypost replay --json", as_json)]
    rows += [(f"fail2ban-regex {n}", [r[at] for r in both]) for at, n in enumerate(FILTERS)]
    rows.append(("fail2ban-regex, both", [sum(each) for each in both]))
    print(f"{file.name}: {count:,} lines, {attempts:,} attempts read; medians of {rounds}")
    print(f"  {'':<44}{'CPU s':>8}{'lines/s':>10}")
    for name, taken in rows:
        middle = statistics.median(taken)
        print(f"  {name:<44}{middle:>8.2f}{count / middle:>10,.0f}")
    return count / statistics.median(plain), count / statistics.median(map(sum, both))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--lines", type=int, default=300_000)
    parser.add_argument("--attempts", type=int, default=60_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        day, attack = Path(folder) / "a-busy-day", Path(folder) / "attempts-only"
        day.write_text("".join(lines(options.lines, SHARE_OF_ATTEMPTS)))
        attack.write_text("".join(lines(options.attempts, 1.0)))
        mixed, anchor = measure(day, options.lines, options.rounds)
        attempts, anchor_attempts = measure(attack, options.attempts, options.rounds)
    print(
        f"measured: {mixed:,.0f} lines/s of a busy day (fail2ban {anchor:,.0f}),"
        f" {attempts:,.0f} of attempts only (fail2ban {anchor_attempts:,.0f})"
    )


if __name__ == "__main__":
    main()
