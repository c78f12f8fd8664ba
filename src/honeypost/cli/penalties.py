"""``honeypost penalties``: who is kept away now, for people and for other programs."""

from __future__ import annotations

import time
from enum import StrEnum
from typing import Annotated

import typer

from honeypost.beside.firewall import table as nft_table
from honeypost.beside.firewall.orders import Add
from honeypost.cli import screen
from honeypost.cli.archive import Archive
from honeypost.cli.options import DataOption, JsonOption, existing_data
from honeypost.cli.shapes import Penalty
from honeypost.config.rules import PENALTY
from honeypost.config.schema import Paths
from honeypost.engine.penalty_list import FORMATS, Listed, standing
from honeypost.events import PenaltyImposed, PenaltyLifted

KINDS = (PenaltyImposed.kind(), PenaltyLifted.kind())


class Format(StrEnum):
    """What the list is written for."""

    PLAIN = "plain"
    FAIL2BAN = "fail2ban"
    CROWDSEC = "crowdsec"
    NFT = "nft"


def penalties(
    data: DataOption,
    json: JsonOption = False,
    written_for: Annotated[
        Format | None,
        typer.Option("--format", help="For another program, in the form that it takes."),
    ] = None,
) -> None:
    """
    List the networks under a penalty: until when, why, and whether it is carried out.

    With --format the list is for another program: plain (a network a line), fail2ban (commands
    of its client, for a jail named honeypost), crowdsec (JSON for "cscli decisions import -i", in
    a file whose name ends in .json), nft (for "nft -f -").  What is only observed is listed too.
    """
    now = time.time()
    with Archive(Paths(existing_data(data))) as archive:
        found = standing_now(archive, now)
    if written_for is not None:
        typer.echo(_written(written_for, found, now), nl=False)
    elif json:
        screen.print_json(*(_shape(listed) for listed in found))
    else:
        _show(found, now)


def standing_now(archive: Archive, now: float) -> list[Listed]:
    """Give the penalties that stand, the first to end first."""
    longest = 2 * PENALTY.most  # with all its jitter
    return standing(archive.entries(kinds=KINDS, since=now - longest), now)


def _written(written_for: Format, found: list[Listed], now: float) -> str:
    if written_for is Format.NFT:
        return nft_table.change(Add(listed.network, listed.left(now)) for listed in found)
    return FORMATS[written_for](found, now)


def _shape(listed: Listed) -> Penalty:
    return Penalty(
        network=listed.network,
        began=screen.timestamp(listed.began),
        until=screen.timestamp(listed.until),
        rung=listed.rung,
        failures=listed.failures,
        carried_out=listed.carried_out,
    )


def _show(found: list[Listed], now: float) -> None:
    if not found:
        typer.echo("nobody is under a penalty")
        return
    out = screen.console()
    table = screen.table("network", ">failures", ">rung", "until (UTC)", ">left", "", on=out)
    for listed in found:
        table.add_row(
            listed.network,
            str(listed.failures),
            str(listed.rung),
            screen.moment(listed.until),
            screen.span(listed.left(now)),
            "" if listed.carried_out else "only observed",
        )
    out.print(table)
    typer.echo("lift one for good: honeypost allow NETWORK")
