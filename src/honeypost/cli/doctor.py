"""``honeypost doctor``: does all that was promised hold now?"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import dns.reversename
import typer
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from honeypost.app.penalties import settings_allow
from honeypost.app.presence import running
from honeypost.beside.doctor.case import Account, Case
from honeypost.beside.doctor.examination import examine_host
from honeypost.beside.doctor.results import Check, Mark, Result
from honeypost.beside.survey.read import read_site
from honeypost.cli import screen, shapes
from honeypost.cli.options import ConfigOption, DataOption, JsonOption, settings
from honeypost.config.schema import Config, Paths
from honeypost.config.secrets import read
from honeypost.errors import UsageError
from honeypost.events import DecoyAdopted, DecoyEntered, LoginRefused, MessageCaptured
from honeypost.model import Secret
from honeypost.outbound.resolver import DnsResolver, Unanswered
from honeypost.stores.allowances import read_allowed
from honeypost.stores.reader import SegmentReader
from honeypost.stores.view import JournalView

DNS_SECONDS = 2.0
ASKED = tuple(event.kind() for event in (LoginRefused, DecoyAdopted, DecoyEntered))
STYLES = {Mark.OK: "green", Mark.WARN: "yellow", Mark.RED: "bold red"}
MARK_COLUMNS, NAME_COLUMNS = 10, 13


def doctor(
    data: DataOption,
    config: ConfigOption = None,
    test_account: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="A real account of yours; its password is asked for (or read from standard"
            " input) and kept nowhere.",
        ),
    ] = "",
    dovecot_config: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Dovecot's main file.", show_default="its own"),
    ] = None,
    *,
    stop_edge: Annotated[
        bool, typer.Option("--stop-edge", help="Stop our edge for two seconds, to show fail-open.")
    ] = False,
    deep: Annotated[
        bool, typer.Option("--deep", help="Send one message as a decoy; it is kept as a capture.")
    ] = False,
    json: JsonOption = False,
) -> int:
    """
    Look whether all that was promised holds now, one line a check.

    Probes are paced and come from loopback or from an address that no host has, so no penalty
    comes of them.  Ends with 1 when a line is red.
    """
    if os.geteuid() != 0:
        raise UsageError("only root may look at all of Postfix's and Dovecot's configuration")
    loaded = settings(config, data)
    presence = running(data)
    directory = loaded.beside.postfix_directory
    account = _account(test_account) if test_account else None
    if stop_edge:
        typer.echo("the edge will be stopped for two seconds; real logins go on", err=True)
    site = read_site(
        postfix_directory=Path(directory) if directory else None, dovecot_config=dovecot_config
    )
    now = time.time()
    case = Case(
        site=site,
        config=loaded,
        secrets=read(Paths(data).secrets),
        evidence=StoredEvidence(Paths(data), loaded, since=now),
        clock=time.monotonic,
        now=now,
        sleep=time.sleep,
        random=os.urandom,
        account=account,
        deep=deep,
        stop_edge=stop_edge,
        edge_pid=presence.pids.get("edge", 0) if presence else 0,
        ask_dns=_ask_dns,
        addresses=site.system.addresses,
    )
    return _tell(case, json=json)


def _tell(case: Case, *, json: bool) -> int:
    out, reds = screen.console(), 0
    for check, result in examine_host(case):
        reds += result.mark is Mark.RED
        if json:
            screen.print_json(shapes.Checked(check.name, result.mark, result.line, result.mend))
        else:
            show(out, check, result)
    return int(reds > 0)


def show(out: Console, check: Check, result: Result) -> None:
    """Print one line, and its mend below it; both are wrapped beside the names."""
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(width=MARK_COLUMNS, no_wrap=True)
    grid.add_column(style="dim", width=NAME_COLUMNS, no_wrap=True)
    grid.add_column(overflow="fold")
    mark = Text(result.mark, style=STYLES.get(result.mark, "dim"))
    grid.add_row(mark, check.name, Text(result.line))
    if result.mend:
        mend = Table.grid(padding=(0, 1, 0, 0))
        mend.add_column(style="dim", no_wrap=True)
        mend.add_column(style="dim", overflow="fold")
        mend.add_row("->", Text(result.mend))
        grid.add_row("", "", mend)
    out.print(Padding(grid, 0, expand=False))


@dataclass(frozen=True, slots=True)
class StoredEvidence:
    """Implements :class:`honeypost.beside.doctor.case.Evidence` from what the edge has stored."""

    paths: Paths
    config: Config = field(default_factory=Config)
    since: float = 0.0
    """Unix time; older captures are none of this examination."""

    def asked(self, client: str) -> int:
        """See the protocol."""
        if not self.paths.journal.exists():
            return 0
        with JournalView(self.paths.journal) as journal:
            return len(journal.entries(client=client, kinds=ASKED))

    def captured(self, recipient: str) -> bool:
        """See the protocol; only what came since then is looked at."""
        if not self.paths.journal.exists():
            return False
        with JournalView(self.paths.journal) as journal:
            kept = journal.entries(kinds=(MessageCaptured.kind(),), since=self.since)
        reader, wanted = SegmentReader(self.paths.segments), recipient.encode()
        captures = (
            reader.capture(entry.event.capture)
            for entry in kept
            if isinstance(entry.event, MessageCaptured)
        )
        return any(
            each.address == wanted for capture in captures for each in capture.envelope.recipients
        )

    def allowed(self) -> Sequence[str]:
        """See the protocol."""
        by_word = [each.network for each in read_allowed(self.paths.allowed)]
        return [*by_word, *(each.network for each in settings_allow(self.config))]

    def decoy(self) -> tuple[str, Secret] | None:
        """See the protocol."""
        if not self.paths.journal.exists():
            return None
        with JournalView(self.paths.journal) as journal:
            first = next(iter(journal.decoys()), None)
        return (first.account, Secret(first.secret.encode())) if first else None


def _account(name: str) -> Account:
    """Ask for the password; none typed means that only wrong ones may be tried."""
    if sys.stdin.isatty():
        typed = typer.prompt(f"password of {name}", default="", hide_input=True, err=True)
    else:
        typed = sys.stdin.readline().rstrip("\n")
    return Account(name, Secret(typed.encode()) if typed else None)


def _ask_dns(name: str, kind: str) -> Sequence[str] | None:
    if kind == "PTR":
        name = dns.reversename.from_address(name).to_text()
    try:
        return [record.to_text() for record in DnsResolver(seconds=DNS_SECONDS).ask(name, kind)]
    except Unanswered:
        return None
