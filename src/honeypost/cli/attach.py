"""``honeypost attach``: put Honeypost beside this host's Postfix and Dovecot."""

from __future__ import annotations

from typing import Annotated

import typer

from honeypost.cli import attaching, screen
from honeypost.cli.options import ConfigOption, DataOption, JsonOption
from honeypost.errors import UsageError

ForceOption = Annotated[
    bool, typer.Option("--force", help="Do not wait until a week was looked at.")
]


def attach(
    data: DataOption,
    config: ConfigOption = None,
    apply: Annotated[bool, typer.Option("--apply", help="Carry it out.")] = False,
    account: Annotated[
        str, typer.Option(metavar="NAME", help="A real login, to be tried with a wrong password.")
    ] = "",
    *,
    force: ForceOption = False,
    json: JsonOption = False,
) -> int:
    """
    Show what attaching to this host's Postfix and Dovecot would change; with --apply, do it.

    Without --apply nothing is changed.  With it, every file is saved, the whole is tried on
    private instances of both daemons, containment goes on first and decoys last, and whatever
    fails is taken back and compared by hash.
    """
    host = attaching.host(config, data)
    if apply:
        host.refuse_attached()
    proposal = host.propose()
    if not json:
        attaching.show(proposal)
    notes: list[str] = []
    if apply and not proposal.refused:
        if not force and (reason := attaching.gate(data)):
            raise UsageError(f"{reason} (--force does it anyway)")
        notes = host.attach(proposal, real_name=account)
    applied = apply and not proposal.refused
    if json:
        screen.print_json(attaching.shape(proposal, applied=applied, notes=notes))
    elif applied:
        for note in notes:
            typer.echo(f"note: {note}")
        typer.echo("attached; honeypost detach takes it off without a trace")
    return 1 if proposal.refused else 0
