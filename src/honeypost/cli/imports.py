"""
``honeypost import``: learn from older logs who works here, so that decoys need not wait a week.

Unlike ``honeypost replay``, which changes nothing, this is kept: names that logged in, the
networks they came from, and the figures of each day that was not looked at before.
"""

from __future__ import annotations

import time

import typer

from honeypost.app.importing import imported
from honeypost.beside.logs.files import read_logs
from honeypost.beside.logs.reader import Counts
from honeypost.cli import screen, shapes
from honeypost.cli.logfiles import LogsArgument, YearOption, ZoneOption, reading
from honeypost.cli.options import DataOption, JsonOption, existing_data
from honeypost.config.schema import Paths
from honeypost.config.secrets import read
from honeypost.engine.readiness import may_deceive
from honeypost.stores.observations import read_observed


def import_logs(
    logs: LogsArgument,
    *,
    data: DataOption,
    year: YearOption = None,
    tz: ZoneOption = "",
    json: JsonOption = False,
) -> None:
    """
    Learn from older logs: who logged in, from which networks, and what was refused.

    Counts as looking: seven days of logs are as good as a week of waiting.  A day that was
    looked at already is not counted twice.  Rotated and gzipped files and exports of the
    journal are read.  A running daemon takes it in within seconds.
    """
    how = reading(year, tz)
    paths = Paths(existing_data(data))
    counts = Counts()
    blocks = screen.progress(read_logs(logs, how, counts), "blocks of 256 KiB")
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
