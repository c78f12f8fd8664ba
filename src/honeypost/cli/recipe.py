"""``honeypost recipe``: what other programs beside this host's mail server are to be told."""

from __future__ import annotations

from enum import StrEnum

import typer

from honeypost.beside.recipes import containers, fail2ban, rspamd
from honeypost.beside.recipes.parts import Recipe
from honeypost.cli import screen
from honeypost.cli.options import ConfigOption, DataOption, JsonOption, existing_data, settings
from honeypost.cli.shapes import RecipeFile
from honeypost.config import secrets
from honeypost.config.schema import Paths


class For(StrEnum):
    """Whom a recipe is for."""

    RSPAMD = "rspamd"
    FAIL2BAN = "fail2ban"
    MAILCOW = "mailcow"
    DOCKER_MAILSERVER = "docker-mailserver"
    MAILU = "mailu"


CONTAINERS = {
    For.MAILCOW: containers.mailcow,
    For.DOCKER_MAILSERVER: containers.docker_mailserver,
    For.MAILU: containers.mailu,
}


def recipe(
    name: For, data: DataOption, config: ConfigOption = None, *, json: JsonOption = False
) -> None:
    """
    Print what another program is to be told, as text for its own files; nothing is written.

    rspamd: a rule that lets mail of decoys pass unseen, so that it learns nothing from it, signs
    none and refuses none; the site's secret marker stands in it.  fail2ban: a jail that takes
    the list of "honeypost penalties --format fail2ban".  mailcow, docker-mailserver, mailu: how
    their logs are looked at from the host.
    """
    if name is For.RSPAMD:
        found = secrets.read(Paths(existing_data(data)).secrets)
        made = rspamd.recipe(found.marker_domain)
    elif name is For.FAIL2BAN:
        made = fail2ban.recipe(settings(config, data).penalties)
    else:
        made = CONTAINERS[name]()
    if json:
        screen.print_json(*(RecipeFile(f.path, f.text, made.proof) for f in made.files))
    else:
        _show(name, made)


def _show(name: str, made: Recipe) -> None:
    typer.echo(f"# {name}: {made.proof}")
    for note in made.notes:
        typer.echo(f"# {note}")
    for file in made.files:
        typer.echo(f"\n# add to {file.path}\n{file.text}", nl=False)
