"""``honeypost rollback``: undo an attachment that broke off, or the one that is."""

from __future__ import annotations

from typing import Annotated

import typer

from honeypost.cli.detach import undo
from honeypost.cli.options import ConfigOption, DataOption, JsonOption


def rollback(
    data: DataOption,
    config: ConfigOption = None,
    name: Annotated[str, typer.Argument(help="Its backup, as attach named it.", metavar="ID")] = "",
    json: JsonOption = False,
) -> None:
    """
    Put back what an attachment changed, also one that was killed in the middle.

    The same as detach, but where an ID is given nothing else than that attachment is undone.
    """
    undo(data, config, name, from_package=False, json=json)
