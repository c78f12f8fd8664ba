"""What ``attach``, ``detach``, ``rollback`` and ``mode`` share: the host, the gate, the screen."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import typer

from honeypost.beside.attach.host import Host, Proposal
from honeypost.beside.attach.layout import FOLDER, Layout
from honeypost.beside.attach.record import Layer, State, current
from honeypost.beside.attach.reloading import Reloading
from honeypost.beside.attach.settling import Waiting, named
from honeypost.beside.survey.kinds import Severity
from honeypost.cli import shapes
from honeypost.cli.options import CONFIG_NAME, settings, usual
from honeypost.config.schema import Paths
from honeypost.config.secrets import read
from honeypost.engine.readiness import Observed, may_deceive
from honeypost.errors import StoreError, UsageError
from honeypost.stores.observations import read_observed

MARKS = {Severity.REFUSE: "refused", Severity.MEND: "mended", Severity.WARN: "note"}


def layout(config: Path | None, data: Path) -> Layout:
    """Say where an attachment of this installation lies."""
    chosen = config or usual(data) or data / CONFIG_NAME
    return Layout(data / FOLDER, chosen.absolute().parent)


def host(config: Path | None, data: Path) -> Host:
    """
    Give this host.

    :raises UsageError: not root. :raises ConfigError: the site has no secrets yet.
    """
    if os.geteuid() != 0:
        raise UsageError("only root may look at all of Postfix's and Dovecot's configuration")
    return Host(
        layout=layout(config, data),
        secrets=read(Paths(data).secrets),
        load=lambda: settings(config, data),
        reloading=Reloading.here(),
        tell=lambda sentence: typer.echo(f"- {sentence}", err=True),
    )


def choosing(host: Host, waiting: Waiting | None, *, asking: bool) -> Host:
    """
    Give the host with the operator's choice about what waits for a late bounce.

    :param asking: he may be asked, when he has not said and something waits.
    """
    if waiting is None and asking and sys.stdin.isatty() and (found := host.waiting_messages()):
        typer.echo(f"{named(found)}.")
        question = f"What becomes of it ({', '.join(Waiting)})?"
        waiting = typer.prompt(question, default=Waiting.STOP, type=Waiting)
    return replace(host, waiting=waiting or Waiting.STOP)


def gate(data: Path) -> str:
    """Say why nothing may be attached yet without force, ``""`` when it may."""
    try:
        observed = read_observed(Paths(data).intel, time.time())
    except StoreError:
        observed = Observed()
    allowed, reason = may_deceive(observed, time.time())
    return "" if allowed else reason


def state(layout: Layout) -> str:
    """Give ``deceive`` while something is attached, else ``observe``."""
    record = current(layout)
    return "deceive" if record is not None and record.state is State.ATTACHED else "observe"


def measures(layout: Layout) -> list[str]:
    """Name the counter-measures that stand in Postfix besides containment."""
    record = current(layout)
    return [name for name in (record.layers if record else ()) if name != Layer.ACCEPTANCE]


def show(proposal: Proposal) -> None:
    """Show findings, refusals first, and the diff."""
    order = (Severity.REFUSE, Severity.MEND, Severity.WARN)
    for finding in sorted(proposal.findings, key=lambda f: order.index(f.severity)):
        typer.echo(f"{MARKS[finding.severity]} [{finding.code}] {finding.text}")
        typer.echo(f"    {finding.mend}")
    if proposal.refused:
        typer.echo("\nNothing can be attached while that stands.")
    elif proposal.standing and not proposal.diff:
        typer.echo(f"attached since {proposal.standing.id}; nothing is to change")
    else:
        typer.echo(proposal.diff, nl=False)


def shape(proposal: Proposal, *, applied: bool, notes: Iterable[str]) -> shapes.Attached:
    """Give the same as data."""
    return shapes.Attached(
        applied=applied,
        refused=bool(proposal.refused),
        findings=[
            shapes.SiteFinding(f.code, f.severity, f.part, f.text, f.mend)
            for f in proposal.findings
        ],
        diff=proposal.diff,
        notes=list(notes),
    )
