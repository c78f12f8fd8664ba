"""``honeypost recipe``: what other programs beside this host's mail server are to be told."""

from __future__ import annotations

from enum import StrEnum

import typer

from honeypost.beside.recipes import rspamd
from honeypost.cli import screen
from honeypost.cli.options import DataOption, JsonOption, existing_data
from honeypost.cli.shapes import RecipeFile
from honeypost.config import secrets
from honeypost.config.schema import Paths


class For(StrEnum):
    """Whom a recipe is for."""

    RSPAMD = "rspamd"


def recipe(name: For, data: DataOption, json: JsonOption = False) -> None:
    """
    Print what another program is to be told, as text for its own files; nothing is written.

    rspamd: a rule that lets mail of decoys pass unseen, so that it learns nothing from it, signs
    none and refuses none.

    The site's secret marker stands in the text, so only who may read it may ask.
    """
    found = secrets.read(Paths(existing_data(data)).secrets)
    made = {For.RSPAMD: rspamd.recipe}[name](found.marker_domain)
    if json:
        screen.print_json(*(RecipeFile(f.path, f.text, made.proof) for f in made.files))
        return
    typer.echo(f"# {name}: {made.proof}")
    for note in made.notes:
        typer.echo(f"# {note}")
    for file in made.files:
        typer.echo(f"\n# add to {file.path}\n{file.text}", nl=False)
