"""``honeypost detach``: take Honeypost off this host's Postfix and Dovecot."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from honeypost.beside.attach.host import Host
from honeypost.beside.attach.record import current
from honeypost.cli import attaching, screen, shapes
from honeypost.cli.attach import WaitingOption
from honeypost.cli.options import ConfigOption, DataOption, JsonOption


def detach(
    data: DataOption,
    config: ConfigOption = None,
    from_package: Annotated[
        bool, typer.Option("--from-package", help="Leave our services to the package manager.")
    ] = False,
    *,
    waiting: WaitingOption = None,
    json: JsonOption = False,
) -> None:
    """
    Take Honeypost off: no new decoys, their sessions and queued mail gone, then all files back.

    Containment goes last, when nothing of a decoy is left.  Files are as they were before, by
    hash; in one that was edited since, only what is ours is taken out.
    """
    host = attaching.choosing(attaching.host(config, data), waiting, asking=not json)
    if from_package:
        host = replace(host, reloading=replace(host.reloading, off_commands=(), limbo_off=()))
    undo(host, json=json)


def undo(host: Host, *, json: bool) -> None:
    """Undo the attachment that is; nothing attached is no problem."""
    record = current(host.layout)
    tell(record.id if record else "", host.detach() if record else [], json=json)


def tell(name: str, notes: list[str], *, json: bool) -> None:
    """Tell what became of undoing it; ``""``: nothing is attached."""
    if json:
        screen.print_json(shapes.Detached(name, not notes, notes))
        return
    for note in notes:
        typer.echo(f"note: {note}")
    if not name:
        typer.echo("nothing is attached")
    elif not notes:
        typer.echo("detached; every file is as it was before, compared by hash")
