"""``honeypost up``: run the decoys in the foreground."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any

import typer

from honeypost.app.presence import Claim
from honeypost.app.supervisor import Supervisor, prepare, programs
from honeypost.cli.options import DataOption, config_option, usual
from honeypost.config.endpoints import endpoints
from honeypost.config.load import load
from honeypost.config.schema import Listeners, Paths
from honeypost.errors import UsageError
from honeypost.net.listener import bind_all

ConfigOption = Annotated[Path | None, config_option()]
ListenOption = Annotated[
    list[str] | None,
    typer.Option(
        "--listen",
        metavar="NAME=WHERE",
        help="Serve this listener, as in smtp=127.0.0.1:0; given at all, only those named are "
        "served.  Port 0 lets the kernel choose.",
    ),
]


def up(data: DataOption, config: ConfigOption = None, listen: ListenOption = None) -> None:
    """
    Run the decoys in the foreground, until Ctrl-C or SIGTERM.

    Prints one line of JSON when everything answers: where it listens, and the processes.
    Without any listener it only looks, at the log that observe.log names.
    """
    file = config or usual(data)
    wanted = load(file, os.environ)
    listeners = wanted_listeners(listen) if listen else wanted.listeners
    paths = Paths(data.resolve())
    prepare(wanted, paths)
    with Claim(paths.data) as claim:
        sockets = bind_all(listeners)
        if not sockets and not wanted.observe.log:
            raise UsageError(
                "no listener is on and no log is to be read; see listeners and observe.log in the"
                " configuration, or --listen"
            )
        file = file and file.resolve()
        run = programs(paths.data, file, sockets)
        supervisor = Supervisor(wanted, paths, sockets, run, claim, _complain, file)
        asyncio.run(supervisor.run(_say_ready))


def wanted_listeners(options: Iterable[str]) -> Listeners:
    """
    Read ``--listen`` options; those that are not named are off.

    >>> wanted_listeners(["smtp=127.0.0.1:0", "smtp=[::1]:0"]).smtp
    '127.0.0.1:0 [::1]:0'

    :raises UsageError: when a name or an endpoint is wrong.
    """
    known = {setting.name: "" for setting in fields(Listeners)}
    for option in options:
        name, equals, where = option.partition("=")
        if not equals or name not in known:
            raise UsageError(f"--listen {option}: NAME=WHERE; NAME is one of {', '.join(known)}")
        try:
            endpoints(where)
        except ValueError as error:
            raise UsageError(f"--listen {option}: {error}") from error
        known[name] = f"{known[name]} {where}".strip()
    return Listeners(**known)


def _say_ready(line: Mapping[str, Any]) -> None:
    print(json.dumps(line), flush=True)  # noqa: T201 the operator's screen


def _complain(line: str) -> None:
    print(f"honeypost: {line}", file=sys.stderr, flush=True)  # noqa: T201 the operator's screen
