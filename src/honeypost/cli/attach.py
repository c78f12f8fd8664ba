"""``honeypost attach``: put Honeypost beside this host's Postfix and Dovecot."""

from __future__ import annotations

from typing import Annotated

import typer

from honeypost.beside.attach.settling import Waiting
from honeypost.cli import attaching, screen
from honeypost.cli.options import ConfigOption, DataOption, JsonOption
from honeypost.errors import UsageError

WaitingOption = Annotated[
    Waiting | None,
    typer.Option(
        "--waiting",
        help="Mail that waits for a late bounce that is taken off: tell the senders now, as judged,"
        " delete it without a word, or stop and name it. Asked for on a terminal.",
    ),
]
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
    waiting: WaitingOption = None,
    force: ForceOption = False,
    json: JsonOption = False,
) -> int:
    """
    Show what attaching to this host's Postfix and Dovecot would change; with --apply, do it.

    Without --apply nothing is changed.  With it, every file is saved, the whole is tried on
    private instances of both daemons, containment goes on first and decoys last, and whatever
    fails is taken back and compared by hash.

    While something is attached, the diff is what the settings (late_bounce.mode,
    penalties.mode) would change of it by now.
    """
    host = attaching.host(config, data)
    if apply:
        host.refuse_broken_off()
    host = attaching.choosing(host, waiting if apply else Waiting.STOP, asking=not json)
    proposal = host.propose()
    if not json:
        attaching.show(proposal)
    notes: list[str] = []
    applied = apply and not proposal.refused and bool(proposal.diff)
    if applied:
        if not (force or proposal.standing) and (reason := attaching.gate(data)):
            raise UsageError(f"{reason} (--force does it anyway)")
        notes = host.attach(proposal, real_name=account)
    if json:
        screen.print_json(attaching.shape(proposal, applied=applied, notes=notes))
    elif applied:
        for note in notes:
            typer.echo(f"note: {note}")
        typer.echo("attached; honeypost detach takes it off without a trace")
    return 1 if proposal.refused else 0
