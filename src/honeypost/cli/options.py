"""Options that several commands share, declared once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from honeypost.app.presence import last
from honeypost.config.load import load
from honeypost.config.schema import Config
from honeypost.errors import UsageError

VARIABLE = "HONEYPOST_DATA"
SYSTEM_DATA = Path("/var/lib/honeypost")
SYSTEM_CONFIG = Path("/etc/honeypost/honeypost.toml")
CONFIG_NAME = "honeypost.toml"


def default_data(environ: Mapping[str, str], user_id: int) -> Path:
    """
    Give the folder that holds the stores when none is named.

    >>> default_data({"HOME": "/home/anna"}, 1000)
    PosixPath('/home/anna/.local/share/honeypost')
    >>> default_data({"HONEYPOST_DATA": "/srv/hp"}, 0)
    PosixPath('/srv/hp')
    """
    if environ.get(VARIABLE):
        return Path(environ[VARIABLE])
    if user_id == 0:
        return SYSTEM_DATA
    return Path(environ.get("HOME", "/")) / ".local" / "share" / "honeypost"


def _default_data() -> Path:
    return default_data(os.environ, os.geteuid())


DataOption = Annotated[
    Path,
    typer.Option(
        "--data",
        metavar="DIR",
        default_factory=_default_data,
        show_default=f"${VARIABLE}, ~/.local/share/honeypost, or for root {SYSTEM_DATA}",
        help="Folder with the stores.",
    ),
]
"""``--data DIR``; give the parameter no default."""


def config_option(first: str = "") -> Any:
    """Make ``--config FILE``; ``first`` says what is looked at before the usual places."""
    return typer.Option(
        "--config",
        metavar="FILE",
        show_default=f"{first}DATA/{CONFIG_NAME} or {SYSTEM_CONFIG}, where there is one",
        help="Configuration file.",
    )


ConfigOption = Annotated[Path | None, config_option("the daemon's own, ")]
"""``--config FILE`` of commands that read stores; give the parameter the default ``None``."""

JsonOption = Annotated[
    bool, typer.Option("--json", help="Print JSON, one object a line; see honeypost schema.")
]

DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")]


def settings(config: Path | None, data: Path) -> Config:
    """
    Load the configuration that is meant when this option was given, or was not.

    :raises ConfigError: with every problem at once.
    """
    return load(config or daemons_own(data) or usual(data), os.environ)


def daemons_own(data: Path) -> Path | None:
    """Give the file that the daemon of these stores was started with, if it is still there."""
    presence = last(data)
    path = Path(presence.config) if presence and presence.config else None
    return path if path and path.exists() else None


def usual(data: Path) -> Path | None:
    """Give the file that is meant when none is named."""
    return next((path for path in (data / CONFIG_NAME, SYSTEM_CONFIG) if path.exists()), None)


def existing_data(data: Path) -> Path:
    """
    Give the folder back when somebody has written to it.

    :raises UsageError: when nothing was ever stored there.
    """
    if not data.is_dir():
        raise UsageError(f"{data}: nothing is stored there yet; see honeypost up, or --data")
    return data
