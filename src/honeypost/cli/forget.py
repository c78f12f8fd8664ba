"""``honeypost forget``: erase every trace of one address."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from honeypost.app.caretaker import have_done, would_forget
from honeypost.cli import screen, shapes
from honeypost.cli.options import (
    ConfigOption,
    DataOption,
    DryRunOption,
    JsonOption,
    existing_data,
    settings,
)
from honeypost.config.schema import Paths
from honeypost.config.secrets import read
from honeypost.engine.janitor import Verb
from honeypost.engine.traces import Trace
from honeypost.errors import UsageError


def forget(
    address: Annotated[str, typer.Argument(help="An e-mail or an IP address.", metavar="ADDRESS")],
    data: DataOption,
    config: ConfigOption = None,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """
    Erase every capture, event, finding and observation of an address; this cannot be undone.

    A message goes as a whole, whoever else it was to, and its place on the disk is
    overwritten.  What remains is one event with a keyed tag that reveals nothing.  A decoy
    account of that name stays: it is our invention, and its secret is frozen.  A running
    daemon is asked to do it; copies made elsewhere (backups, exports) are not ours to reach.
    """
    try:
        trace = Trace(address)
    except ValueError as error:
        raise UsageError(str(error)) from None
    paths = Paths(existing_data(data))
    key = read(paths.secrets).key
    if dry_run:
        figures = would_forget(trace, paths)
    else:
        chosen = settings(config, data)
        figures = asyncio.run(have_done(Verb.FORGET, chosen, paths, key, trace.text))
    forgotten = shapes.Forgotten(
        dry_run=dry_run,
        tag=trace.tag(key),
        captures=figures.get("captures", 0),
        events=figures.get("events", 0),
        findings=figures.get("findings", 0),
        observations=figures.get("observations", 0),
    )
    if json:
        screen.print_json(forgotten)
    else:
        show(forgotten)


def show(forgotten: shapes.Forgotten) -> None:
    """Say it in one line."""
    verb = "would erase" if forgotten.dry_run else "erased"
    typer.echo(
        f"{verb} {forgotten.captures} captures, {forgotten.events} events,"
        f" {forgotten.findings} findings and {forgotten.observations} observations;"
        f" tag {forgotten.tag}"
    )
