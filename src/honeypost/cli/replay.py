"""
``honeypost replay``: what would have happened on yesterday's mail log.

Reads Postfix's, Dovecot's and Exim's lines from files (rotated, gzipped, or exported from the
journal as ``-o export`` or ``-o json``) or standard input and changes nothing.  The judgement
is in :mod:`honeypost.engine.replay`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, TextIO

import msgspec
import typer

from honeypost.beside.logs.files import read_logs
from honeypost.beside.logs.reader import Counts, LogLine
from honeypost.cli.logfiles import LogsArgument, YearOption, ZoneOption, reading
from honeypost.cli.options import JsonOption
from honeypost.config.schema import Decoys
from honeypost.engine.logevents import Kind, Outcome
from honeypost.engine.replay import Replay, Rules, canonical_users, timestamp
from honeypost.engine.tally import counted

SHOWN = 10
"""Rows of each list on the screen; ``--json`` has everything."""

PROGRESS_SECONDS = 1.0


def replay(
    logs: LogsArgument,
    *,
    domain: Annotated[
        list[str] | None,
        typer.Option("--domain", help="A domain of yours; the first is that of bare names."),
    ] = None,
    users: Annotated[
        Path | None, typer.Option("--users", metavar="FILE", help="Real names, one a line.")
    ] = None,
    year: YearOption = None,
    tz: ZoneOption = "",
    json: JsonOption = False,
) -> None:
    """What would have happened on yesterday's mail log.  Changes nothing, sends nothing."""
    domains = tuple(name.lower() for name in domain or ())
    named = None if users is None else canonical_users(listed_names(users), domains)
    how = reading(year, tz)
    told = Replay(Rules(domains, named, Decoys().failures_max))
    counts = Counts()
    blocks = with_progress(read_logs(logs, how, counts), counts, sys.stderr, time.monotonic)
    if json:
        write_json(blocks, told)
    else:
        print_summary(blocks, counts, told)


def listed_names(path: Path) -> list[str]:
    """Read names, one a line; ``#`` begins a comment."""
    text = path.read_text("utf-8", "backslashreplace")
    names = (line.partition("#")[0].strip() for line in text.splitlines())
    return [name for name in names if name]


def with_progress(
    blocks: Iterator[list[LogLine]], counts: Counts, screen: TextIO, clock: Callable[[], float]
) -> Iterator[list[LogLine]]:
    """Pass blocks on; once a second has gone by, say now and then how far it is."""
    begun = said = clock()
    for block in blocks:
        yield block
        if clock() - said >= PROGRESS_SECONDS:
            said = clock()
            print(f"\rreplay: {counts.lines:,} lines", end="", file=screen, flush=True)
    if said > begun:
        print(f"\rreplay: {counts.lines:,} lines, {clock() - begun:.0f} s", file=screen)


def write_json(blocks: Iterator[list[LogLine]], told: Replay) -> None:
    """Write one JSON object an event."""
    encoder = msgspec.json.Encoder()
    output = sys.stdout.buffer
    for block in blocks:
        output.write(encoder.encode_lines([told.take(line.event, line.place) for line in block]))
    output.flush()


def print_summary(blocks: Iterator[list[LogLine]], counts: Counts, told: Replay) -> None:
    """Print who was refused, at which accounts, and what would have been done."""
    for block in blocks:
        for line in block:
            told.count(line.event, line.place)
    if not told.outcomes:
        known = f"{counts.known:,} of them log lines"
        typer.echo(f"{counts.lines:,} lines read, {known}; none is about a client.")
        return
    typer.echo("\n".join(summary(told, counts.lines)))


def summary(told: Replay, read: int) -> Iterator[str]:
    """Give the lines of the summary."""
    times = [n.first for _, n in told.networks.items() if n.first is not None]
    times += [n.last for _, n in told.networks.items() if n.last is not None]
    span = f", {timestamp(min(times))} to {timestamp(max(times))}" if times else ""
    yield f"{read:,} lines, {sum(told.outcomes.values()):,} of them about clients{span}"
    yield ""
    yield from _who(told)
    yield from _accounts(told)
    yield from _would(told)


def _who(told: Replay) -> Iterator[str]:
    refused = told.most_refused()
    if not refused:
        return
    pairs = sum(1 for _, network in refused if network.pairs())
    yield f"Refused and never let in: {len(refused):,} networks (a user who mistypes is one too)"
    yield f"  {'network':<28}{'logins':>8}{'recipients':>12}  {'names':<12}last seen"
    for name, network in refused[:SHOWN]:
        yield (
            f"  {name:<28}{network.logins.refused:>8,}{network.probes:>12,}"
            f"  {counted(network.names):<12}{timestamp(network.last)}"
        )
    if len(refused) > SHOWN:
        yield f"  and {len(refused) - SHOWN:,} more"
    if pairs:
        yield f"  {pairs:,} of them tried a name with and without its domain, as spraying bots do"
    yield ""


def _accounts(told: Replay) -> Iterator[str]:
    wanted = told.most_wanted()
    if not wanted:
        return
    yield f"Accounts at which logins were refused: {len(wanted):,}"
    yield f"  {'account':<40}{'refused':>8}  {'networks':<12}"
    for name, account in wanted[:SHOWN]:
        reason = told.reason_real(name)
        row = f"  {name:<40}{account.logins.refused:>8,}  {counted(account.networks):<12}{reason}"
        yield row.rstrip()
    if len(wanted) > SHOWN:
        yield f"  and {len(wanted) - SHOWN:,} more"
    yield ""


def _would(told: Replay) -> Iterator[str]:
    let_in = told.outcomes[Kind.LOGIN, Outcome.ACCEPTED]
    refused = told.outcomes[Kind.LOGIN, Outcome.REFUSED]
    unknown = told.outcomes[Kind.RECIPIENT, Outcome.UNKNOWN]
    opened = told.could_open()
    yield "What would have been done"
    yield f"  left as they are: logins let in, {let_in:,}"
    yield f"  refused as they were, and counted: refused logins, {refused:,} lines"
    yield f"  answered as they were: unknown recipients, {unknown:,}"
    if told.rules.domains:
        yield (
            f"  could have become decoys: accounts that nobody has, refused more than"
            f" {told.rules.needed_failures} times, {len(opened):,}"
        )
        for name, account in opened[:SHOWN]:
            yield f"    {name} ({account.logins.refused:,} refusals)"
    yield from _unknown(told)


def _unknown(told: Replay) -> Iterator[str]:
    yield "What a log cannot tell"
    yield "  the passwords: whether a guess was common enough to win stays open"
    if told.rules.users is None:
        yield "  who is real: only names that logged in within it count as real (see --users)"
    if not told.rules.domains:
        yield "  which domains are yours: without --domain no account could become a decoy"
    forgotten = told.networks.forgotten + told.accounts.forgotten
    if forgotten:
        yield f"  everything: {forgotten:,} networks and accounts were too many to remember"
