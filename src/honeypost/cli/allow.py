"""``honeypost allow``: networks that never have a penalty."""

from __future__ import annotations

import time
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Final

import typer

from honeypost.app.penalties import OPERATOR, settings_allow
from honeypost.beside.firewall.fail2ban import Ignored, ignored
from honeypost.cli import screen
from honeypost.cli.options import ConfigOption, DataOption, JsonOption, existing_data, settings
from honeypost.cli.shapes import AllowedLine
from honeypost.config.schema import Config, Paths
from honeypost.errors import UsageError
from honeypost.stores.allowances import AllowedNetwork, read_allowed, write_allowed

WIDEST: Final = {4: 8, 6: 16}
"""Shortest prefix that may be allowed; who means everybody switches penalties off."""


def allow(
    data: DataOption,
    network: Annotated[
        str, typer.Argument(metavar="[NETWORK]", help="An address or a network.")
    ] = "",
    *,
    config: ConfigOption = None,
    remove: Annotated[bool, typer.Option("--remove", help="Allow it no longer.")] = False,
    show_list: Annotated[
        bool, typer.Option("--list", help="Show all that is allowed, and by whom.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """
    Never have a penalty on a network; one that stands is lifted within a second.

    Without a network, or with --list, all that is allowed is shown: here, in the settings, and
    in fail2ban's ignoreip, which is honoured as it stands.  Networks from which a real user
    logged in lately need no allowance.
    """
    paths = Paths(existing_data(data))
    if network:
        said = _disallowed(paths, network) if remove else _allowed(paths, network)
        if not json:
            typer.echo(said)
    elif remove:
        raise UsageError("--remove needs a network")
    if show_list or json or not network:
        _show(settings(config, data), paths, json=json)


def wanted(text: str) -> str:
    """
    Bring what was typed into the form that is kept.

    :raises UsageError: it is no network, or nearly the whole internet.

    >>> wanted("192.0.2.7"), wanted("192.0.2.7/24"), wanted("2001:DB8::/32")
    ('192.0.2.7/32', '192.0.2.0/24', '2001:db8::/32')
    """
    try:
        network = ip_network(text.strip(), strict=False)
    except ValueError:
        raise UsageError(f"{text!r} is neither an address nor a network") from None
    if network.prefixlen < WIDEST[network.version]:
        raise UsageError(f'{network} is nearly everybody; set penalties.mode = "off" instead')
    return str(network)


def _allowed(paths: Paths, text: str) -> str:
    network, known = wanted(text), read_allowed(paths.allowed)
    if any(each.network == network for each in known):
        return f"{network} is allowed already"
    write_allowed(paths.allowed, [*known, AllowedNetwork(network, time.time())])
    return f"{network} is allowed: no penalty from now on, and one that stands is lifted"


def _disallowed(paths: Paths, text: str) -> str:
    network, known = wanted(text), read_allowed(paths.allowed)
    left = [each for each in known if each.network != network]
    if len(left) == len(known):
        raise UsageError(f"{network} is not in this list; see honeypost allow --list")
    write_allowed(paths.allowed, left)
    return f"{network} is not allowed any more"


def lines(config: Config, paths: Paths, taken: Ignored) -> Iterator[AllowedLine]:
    """Give everything that is allowed, with its source."""
    for each in read_allowed(paths.allowed):
        yield AllowedLine(each.network, OPERATOR, screen.timestamp(each.added))
    for allowance in (*settings_allow(config), *taken.allowances):
        yield AllowedLine(allowance.network, allowance.source, "")


def _show(config: Config, paths: Paths, *, json: bool) -> None:
    directory = config.penalties.fail2ban_directory
    taken = ignored(Path(directory)) if directory else Ignored()
    found = list(lines(config, paths, taken))
    if json:
        screen.print_json(*found)
        return
    out = screen.console()
    table = screen.table("network", "since", "allowed by", on=out)
    for line in found:
        table.add_row(line.network, line.added[:10], line.source)
    out.print(table)
    for said in taken.left_out:
        typer.echo(f"not taken over from {said}", err=True)
