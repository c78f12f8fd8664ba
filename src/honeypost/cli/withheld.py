"""
Mail of the late bounce: the list of it, and its way to a real mailbox.

It is mail of others, not of decoys: nothing of it is taken apart, and it leaves us only by the
operator's word, to a real user of the site, and never to a place outside.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import typer
from rich.text import Text

from honeypost.beside.cannot_tell import CannotTell
from honeypost.beside.dovecot.userdb import UserDatabase
from honeypost.beside.near import askable
from honeypost.beside.postfix.handing_in import hand_in
from honeypost.beside.postfix.maps import Maps
from honeypost.cli import screen
from honeypost.cli.archive import Archive
from honeypost.cli.shapes import Capture, LateBounced, Withheld
from honeypost.config.schema import Config
from honeypost.engine.bounces import withheld
from honeypost.errors import HoneypostError, UsageError
from honeypost.events import MessageWithheld, RecipientDisclosed, RecipientSilenced
from honeypost.model import printable
from honeypost.stores.judgements import JudgementView
from honeypost.stores.reader import Joined

DAY_SECONDS: Final = 86_400
WORDS: Final = {
    "open": "not judged yet",
    "waits": "is told later",
    "told": "was told",
    "never": "is never told",
}


def states(archive: Archive, message: Joined) -> list[Withheld]:
    """Say for each recipient whether the sender is told that it does not exist."""
    view = JudgementView(archive.paths.judgements)
    told: dict[bytes, str] = {}
    silenced: dict[bytes, str] = {}
    judged = {}
    for part in message.parts:
        judged.update(view.all_of(part))
        for entry in archive.entries(capture=part):
            match entry.event:
                case RecipientDisclosed(recipient=who, why=why):
                    told[who] = why
                case RecipientSilenced(recipient=who, why=why):
                    silenced[who] = why
    found = []
    for recipient in message.capture.envelope.recipients:
        address = recipient.address
        judgement = judged.get(address)
        if address in told:
            state, why = "told", told[address]
        elif address in silenced:
            state, why = "never", silenced[address]
        elif judgement is None:
            state, why = "open", ""
        else:
            state, why = ("waits" if judgement.told else "never"), judgement.why
        found.append(Withheld(printable(address), state, why))
    return found


def today(archive: Archive, now: float) -> LateBounced:
    """Count what was kept, told and not told in the last 24 hours."""
    counts = archive.counts(now - DAY_SECONDS)
    kinds = (MessageWithheld, RecipientDisclosed, RecipientSilenced)
    return LateBounced(*(counts.get(kind.kind(), 0) for kind in kinds))


def in_one_line(day: LateBounced) -> str:
    """
    Say it as the postmaster reads it every day.

    >>> in_one_line(LateBounced(kept=3, told=1, silenced=2))
    '3 messages to unknown addresses kept, 1 sender told, 2 never told'
    """
    messages = "message" if day.kept == 1 else "messages"
    senders = "sender" if day.told == 1 else "senders"
    return (
        f"{day.kept:,} {messages} to unknown addresses kept, {day.told:,} {senders} told,"
        f" {day.silenced:,} never told"
    )


def show_list(found: list[Capture], left_out: int, day: LateBounced) -> None:
    """Print the list for people."""
    out = screen.console()
    out.print(Text(f"last 24 hours: {in_one_line(day)}"))
    if not found:
        out.print(Text("nothing is kept", "dim"))
        return
    grid = screen.table("capture", "time", "from", "to", "sender", "why", "subject", on=out)
    for each in found:
        for state in each.late_bounce:
            grid.add_row(
                Text(each.id[-8:], "dim"), each.time[5:16].replace("T", " "),
                Text(each.reverse_path or "<>"), Text(state.recipient), WORDS[state.state],
                Text(state.why), Text(each.subject),
            )  # fmt: skip
    out.print(grid)
    if left_out:
        out.print(Text(f"and {left_out:,} older (--limit)", "dim"))
    out.print(Text("return one now: honeypost captures release CAPTURE --to NAME", "dim"))


def release(archive: Archive, message: Joined, to: str, config: Config) -> str:
    """
    Deliver a message to a real mailbox; gives the address that it was given to.

    :raises UsageError: the message or the name is none that this may be done with.
    :raises HoneypostError: Postfix did not take it.
    """
    if not withheld(message.capture):
        raise UsageError("a decoy sent that; what decoys send never leaves")
    if message.capture.size >= config.budgets.message_bytes:
        raise UsageError("only the beginning of that message was kept")
    address = real_address(to, config)
    body = archive.segments.read(message.capture.id)
    hand_in(body, address, postfix_directory=config.beside.postfix_directory)
    return address


def real_address(name: str, config: Config) -> str:
    """
    Give the address of a real user of the site.

    :raises UsageError: there is none of that name, or it cannot be told.
    """
    address = name if "@" in name else f"{name}@{config.site.domains[0]}"
    domain = address.rpartition("@")[2].lower()
    if domain not in config.site.domains:
        raise UsageError(f"{domain} is none of the site's domains; nothing is sent outside")
    if not askable(address) or address.startswith("-"):
        raise UsageError(f"{name!r} is no address")
    try:
        known = asyncio.run(_is_real(address, config))
    except CannotTell as error:
        raise HoneypostError(f"it cannot be told whether {address} is real: {error}") from error
    if not known:
        raise UsageError(f"{address} is no real user here")
    return address


async def _is_real(address: str, config: Config) -> bool:
    """Ask for this very name: no catch-all, no near miss, no other domain."""
    beside = config.beside
    forms = (address.lower(), address.lower().rpartition("@")[0])
    if config.site.real_names and not set(_listed(Path(config.site.real_names))).isdisjoint(forms):
        return True
    if beside.userdb_socket and await UserDatabase(beside.userdb_socket).any_of(forms[:1]):
        return True
    if not beside.maps:
        return False
    return await Maps(beside.postfix_directory or "/etc/postfix", beside.maps).any_of(forms)


def _listed(path: Path) -> Iterable[str]:
    lines = path.read_text("utf-8").splitlines()
    return (line.partition("#")[0].strip().lower() for line in lines)


def say_released(capture: str, address: str) -> None:
    """Print what was done."""
    typer.echo(f"{capture} was given to {address}")
