"""``honeypost rollback``: undo an attachment that broke off, the one that is, or an older one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer

from honeypost.beside.attach.layout import Layout
from honeypost.beside.attach.record import Attachment, State, all_kept
from honeypost.cli import attaching, screen, shapes
from honeypost.cli.attach import WaitingOption
from honeypost.cli.detach import tell, undo
from honeypost.cli.options import ConfigOption, DataOption, JsonOption

WORDS = {State.ATTACHED: "attached now", State.DETACHED: "undone"}


def rollback(
    data: DataOption,
    config: ConfigOption = None,
    name: Annotated[str, typer.Argument(help="Its backup, as --list names it.", metavar="ID")] = "",
    listed: Annotated[bool, typer.Option("--list", help="List the backups; undo nothing.")] = False,
    *,
    waiting: WaitingOption = None,
    json: JsonOption = False,
) -> None:
    """
    Put back what an attachment changed, also one that was killed in the middle.

    Without an ID the same as detach. With one, everything is put back to how it stood before
    that attachment, also when a later one is attached now; where a file was edited since, nothing
    is changed, and the files are named.
    """
    if listed:
        _list(attaching.layout(config, data), json=json)
        return
    host = attaching.choosing(attaching.host(config, data), waiting, asking=not json)
    if name:
        tell(name, host.rollback(name), json=json)
    else:
        undo(host, json=json)


def _list(layout: Layout, *, json: bool) -> None:
    backups = list(_backups(layout))
    if json:
        screen.print_json(shapes.Detached("", exact=False, notes=[], backups=backups))
        return
    table = screen.table("id", "time", "what")
    for backup in backups:
        table.add_row(backup.id, backup.time, backup.what)
    screen.console().print(table if backups else "there is no backup; nothing was ever attached")


def _backups(layout: Layout) -> Iterator[shapes.Backup]:
    for name, record in all_kept(layout):
        time = screen.timestamp(record.begun) if record else ""
        yield shapes.Backup(name, time, _what(record))


def _what(record: Attachment | None) -> str:
    if record is None:
        return "its record cannot be read"
    state = WORDS.get(record.state, f"broke off while {record.state}")
    return f"{state}; {len(record.files)} files"
