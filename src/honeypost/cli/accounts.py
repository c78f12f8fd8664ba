"""``honeypost accounts``: decoys that were won, and accounts under fire."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from honeypost.cli import screen
from honeypost.cli.archive import Archive
from honeypost.cli.options import DataOption, JsonOption, existing_data
from honeypost.cli.shapes import Account
from honeypost.config.schema import Paths
from honeypost.intel.lineage import Lineage
from honeypost.ports import Decoy

SHOWN = 20


def accounts(
    data: DataOption,
    limit: Annotated[
        int, typer.Option(min=1, help="Accounts under fire to show, most guessed first.")
    ] = SHOWN,
    json: JsonOption = False,
) -> None:
    """Decoys that were won, and accounts under fire."""
    with Archive(Paths(existing_data(data))) as archive:
        won, guessed = collect(archive)
    if json:
        screen.print_json(*won, *guessed[:limit])
    else:
        show(won, guessed, limit)


def collect(archive: Archive) -> tuple[list[Account], list[Account]]:
    """Give the decoys, oldest first, and the accounts under fire, most guessed first."""
    lineages = archive.lineages().accounts
    decoys = {decoy.account: decoy for decoy in archive.decoys()}
    won = [_account(lineages.get(name, Lineage(name)), decoy) for name, decoy in decoys.items()]
    guessed = [_account(known) for name, known in lineages.items() if name not in decoys]
    return won, sorted(guessed, key=lambda one: (-one.guesses, one.account))


def _account(known: Lineage, decoy: Decoy | None = None) -> Account:
    return Account(
        account=known.account,
        state="won" if decoy else "guessed",
        secret=decoy.secret if decoy else "",
        won=screen.timestamp(decoy.adopted_at) if decoy else "",
        frozen_until=screen.timestamp(decoy.frozen_until) if decoy else "",
        guesses=known.guesses.count,
        networks=len(known.guessers) + known.other_contacts,
        last_guess=screen.timestamp(known.guesses.last),
        entries=sum(contact.count for contact in known.entries.values()),
        handovers=[handover.network for handover in known.handovers],
        captures=known.captures.count,
    )


def show(won: list[Account], guessed: list[Account], limit: int) -> None:
    """Print the accounts for people."""
    out = screen.console()
    if won:
        grid = screen.table("won", "secret", "since", ">guesses", ">logins", ">mails", ">handovers")
        for one in won:
            since = one.won[5:16].replace("T", " ")
            grid.add_row(
                Text(one.account, "bold"), Text(one.secret, "green"), since, f"{one.guesses:,}",
                f"{one.entries:,}", f"{one.captures:,}",
                Text(f"{len(one.handovers):,}", "magenta" if one.handovers else "dim"),
            )  # fmt: skip
        out.print(grid)
    else:
        out.print(Text("no decoy has been won yet", "dim"))
    out.print()
    if guessed:
        grid = screen.table("under fire", ">guesses", ">networks", "last")
        for one in guessed[:limit]:
            last = one.last_guess[:19].replace("T", " ")
            grid.add_row(Text(one.account), f"{one.guesses:,}", f"{one.networks:,}", last)
        out.print(grid)
        if len(guessed) > limit:
            out.print(Text(f"and {len(guessed) - limit:,} more (--limit)", "dim"))
    else:
        out.print(Text("no other account is under fire", "dim"))
