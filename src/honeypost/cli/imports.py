"""
``honeypost import``: learn from older logs who works here, so that decoys need not wait a week.

Unlike ``honeypost replay``, which changes nothing, this is kept: names that logged in, the
networks they came from, and the figures of each day that was not looked at before.
"""

from __future__ import annotations

import time
from typing import Annotated

import typer

from honeypost.app.importing import imported
from honeypost.beside.logs.files import Reading, read_logs
from honeypost.beside.logs.reader import Counts
from honeypost.cli import screen, shapes
from honeypost.cli.options import DataOption, JsonOption, existing_data
from honeypost.cli.replay import zone
from honeypost.config.schema import Paths
from honeypost.config.secrets import read
from honeypost.engine.readiness import may_deceive
from honeypost.stores.observations import read_observed


def import_logs(
    logs: Annotated[
        list[str], typer.Argument(metavar="LOG...", help="Log files in any order; - is stdin.")
    ],
    *,
    data: DataOption,
    year: Annotated[
        int | None,
        typer.Option("--year", help="Year of the oldest line; else the latest that fits."),
    ] = None,
    tz: Annotated[
        str, typer.Option("--tz", metavar="ZONE", help="Zone of the log, as Europe/Berlin.")
    ] = "",
    json: JsonOption = False,
) -> None:
    """
    Learn from older logs: who logged in, from which networks, and what was refused.

    Counts as looking: seven days of logs are as good as a week of waiting.  A day that was
    looked at already is not counted twice.  Rotated and gzipped files and exports of the
    journal are read.  A running daemon takes it in within seconds.
    """
    paths = Paths(existing_data(data))
    counts = Counts()
    reading = Reading(zone(tz), time.time(), year)
    blocks = screen.progress(read_logs(logs, reading, counts), "blocks of 256 KiB")
    figures = imported(blocks, counts, paths, read(paths.secrets).marker_domain)
    observed = read_observed(paths.intel, time.time())
    allowed, reason = may_deceive(observed, time.time())
    found = shapes.Imported(
        lines=counts.lines,
        days=figures["days"],
        users=figures["users"],
        networks=figures["networks"],
        refused=figures["refused"],
        days_looked=round(observed.days, 1),
        may_deceive=allowed,
        reason=reason,
    )
    if json:
        screen.print_json(found)
    else:
        show(found)


def show(found: shapes.Imported) -> None:
    """Say it in two lines."""
    typer.echo(
        f"{screen.counted(found.lines, 'line')}, {screen.counted(found.days, 'day')}:"
        f" {screen.counted(found.users, 'name')} logged in from"
        f" {screen.counted(found.networks, 'network')},"
        f" {screen.counted(found.refused, 'login')} refused"
    )
    typer.echo(found.reason)
