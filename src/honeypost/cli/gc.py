"""``honeypost gc``: delete what is older than its retention, now."""

from __future__ import annotations

import asyncio
import time

import typer

from honeypost.app.caretaker import have_done, would_sweep
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


def gc(
    data: DataOption,
    config: ConfigOption = None,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """
    Delete captures, events, findings and observations that are older than their retention.

    A running daemon does this by itself every hour, and is asked to do it now.
    """
    paths = Paths(existing_data(data))
    chosen = settings(config, data)
    if dry_run:
        figures = would_sweep(chosen, paths, time.time)
    else:
        key = read(paths.secrets).key
        figures = asyncio.run(have_done(Verb.SWEEP, chosen, paths, key))
    swept = shapes.Swept(
        dry_run=dry_run,
        captures=figures.get("captures", 0),
        events=figures.get("events", 0),
        findings=figures.get("findings", 0),
        observations=figures.get("observations", 0),
        bytes=figures.get("bytes", 0),
    )
    if json:
        screen.print_json(swept)
    else:
        show(swept)


def show(swept: shapes.Swept) -> None:
    """Say it in one line."""
    verb = "would delete" if swept.dry_run else "deleted"
    typer.echo(
        f"{verb} {swept.captures} captures, {swept.events} events, {swept.findings} findings"
        f" and {swept.observations} observations ({swept.bytes} bytes)"
    )
