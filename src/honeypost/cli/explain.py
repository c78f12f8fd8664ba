"""``honeypost explain``: why an address, account, message or session was treated so."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Annotated

import typer
from rich.padding import Padding
from rich.text import Text

from honeypost.cli import captures, screen
from honeypost.cli.archive import Archive
from honeypost.cli.evidence import DISAGREES, GAP, Witness
from honeypost.cli.options import ConfigOption, DataOption, JsonOption, existing_data, settings
from honeypost.cli.penalties import standing_now
from honeypost.cli.shapes import Evidence, Explanation
from honeypost.config import secrets
from honeypost.config.schema import Config, Paths
from honeypost.decide.decoys import Reason, Rules
from honeypost.decide.penalty import site_of
from honeypost.engine.vocabulary import load_vocabulary
from honeypost.errors import HoneypostError
from honeypost.events import (
    DecoyAdopted,
    DecoyEntered,
    LoginRefused,
    MessageCaptured,
    MessageRefused,
)
from honeypost.model import canonical_address, neighbourhood
from honeypost.ports import Entry
from honeypost.stores.reader import Joined

EVIDENCE_SHOWN = 200
"""The newest; older pieces are counted."""
EVIDENCE_INDENT = 12


@dataclass(frozen=True, slots=True)
class Subject:
    """What is to be explained."""

    kind: str
    """``address``, ``account``, ``message`` or ``session``."""
    name: str
    conditions: dict[str, str]
    """How the journal finds what concerns it."""
    parts: tuple[str, ...] = ()
    """Of a message: the captures that it is made of."""


def explain(
    subject: Annotated[
        str, typer.Argument(metavar="SUBJECT", help="Address, account, message or session id.")
    ],
    data: DataOption,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> int:
    """Why an address, account, message or session was treated so."""
    paths = Paths(existing_data(data))
    rules = site_rules(settings(config, data), paths)
    with Archive(paths) as archive:
        found = explanation(archive, rules, identify(subject, archive, rules))
    if json:
        screen.print_json(found)
    else:
        show(found)
    return int(bool(found.disagreements))


def site_rules(config: Config, paths: Paths) -> Rules:
    """Give the rules that the running site decides by."""
    key = secrets.read(paths.secrets).key
    return Rules(config.decoys, config.site.domains, key, load_vocabulary())


def identify(text: str, archive: Archive, rules: Rules) -> Subject:
    """
    Find out what is meant.

    :raises HoneypostError: when nothing of that name is stored.
    """
    for subject in _candidates(text.strip(), archive, rules):
        if subject.kind == "message" or any(archive.entries(**subject.conditions, limit=1)):
            return subject
    raise HoneypostError(f"nothing is stored about {text!r}")


def _candidates(text: str, archive: Archive, rules: Rules) -> Iterator[Subject]:
    try:
        address = str(canonical_address(text))
        yield Subject("address", address, {"client": address})
        yield Subject("address", address, {"network": neighbourhood(text)})
    except ValueError:
        yield Subject("address", text, {"network": text})
    yield Subject("session", text, {"session": text})
    for message in archive.messages():
        if captures.means(message, text):
            session = {"session": message.capture.who.session}
            yield Subject("message", message.capture.id, session, message.parts)
    account = rules.account(text.encode("utf-8", "replace"))
    yield Subject("account", account or text.lower(), {"account": account or text.lower()})


def explanation(archive: Archive, rules: Rules, subject: Subject) -> Explanation:
    """Gather and recompute everything about the subject."""
    entries = [
        entry
        for entry in screen.progress(archive.entries(**subject.conditions), "events")
        if _concerns(entry, subject)
    ]
    evidence = list(Witness(archive, rules).evidence(entries))
    return Explanation(
        subject=subject.name,
        kind=subject.kind,
        summary=list(_summary(archive, subject, entries)),
        evidence=evidence[-EVIDENCE_SHOWN:],
        left_out=max(0, len(evidence) - EVIDENCE_SHOWN),
        recomputed=sum(bool(piece.recomputed) for piece in evidence),
        disagreements=sum(piece.recomputed == DISAGREES for piece in evidence),
        undo=_undo(archive, subject),
    )


def _concerns(entry: Entry, subject: Subject) -> bool:
    """Of a message's session, leave out what became of its other messages."""
    if subject.kind != "message":
        return True
    if isinstance(entry.event, MessageCaptured):
        return entry.event.capture in subject.parts
    return not isinstance(entry.event, MessageRefused)


def _frozen_until(archive: Archive, subject: Subject) -> str:
    found = (decoy for decoy in archive.decoys() if decoy.account == subject.name)
    return next((screen.moment(decoy.frozen_until)[:10] for decoy in found), "")


def _summary(archive: Archive, subject: Subject, entries: list[Entry]) -> Iterator[str]:
    if not entries:
        yield "the events about it are older than the journal keeps"
        return
    yield f"seen from {screen.moment(entries[0].time)} to {screen.moment(entries[-1].time)} UTC"
    yield ", ".join(_counts(entries))
    if subject.kind == "message":
        message = next(m for m in archive.messages() if m.capture.id == subject.name)
        yield from _message_lines(message)
    if subject.kind == "account":
        yield from _account_lines(archive, subject.name)
    if subject.kind == "address":
        yield from _address_lines(archive, subject.name)


def _counts(entries: Iterable[Entry]) -> Iterator[str]:
    entries = list(entries)
    refused = sum(isinstance(entry.event, LoginRefused) for entry in entries)
    entered = sum(isinstance(entry.event, DecoyEntered) for entry in entries)
    captured = sum(isinstance(entry.event, MessageCaptured) for entry in entries)
    sessions = {entry.who.session for entry in entries if entry.who}
    networks = {entry.who.client.network for entry in entries if entry.who}
    yield screen.counted(len(sessions), "session")
    yield f"from {screen.counted(len(networks), 'network')}"
    yield f"{refused:,} refused"
    yield f"{entered:,} let in"
    yield screen.counted(captured, "message") + " captured"


def _message_lines(message: Joined) -> Iterator[str]:
    envelope = message.capture.envelope
    yield f"sent by {envelope.account} from {message.capture.who.client.address}"
    yield (
        f"{screen.counted(len(envelope.recipients), 'recipient')}, "
        f"{screen.size(message.capture.size)}, kept as {message.capture.id}; none of it left"
    )


def _account_lines(archive: Archive, account: str) -> Iterator[str]:
    adopted = archive.entries(account=account, kinds=[DecoyAdopted.kind()])
    for entry in adopted:
        event = entry.event
        assert isinstance(event, DecoyAdopted)
        by = entry.who.client.network if entry.who else "unknown"
        yield (
            f"won {screen.moment(entry.time)} by {by} with {event.secret!r} ({event.rule}), "
            f"after {event.distinct_failures} of {event.needed_failures} distinct failures"
        )
    lineage = archive.lineages().accounts.get(account)
    for handover in lineage.handovers if lineage else ():
        yield (
            f"handed over: {handover.network} knew the secret at its first try, "
            f"{screen.span(handover.after_seconds)} after it was won"
        )


def _address_lines(archive: Archive, address: str) -> Iterator[str]:
    network = neighbourhood(address) if "/" not in address else address
    for lineage in archive.lineages().accounts.values():
        if any(handover.network == network for handover in lineage.handovers):
            yield f"a handover: it never guessed at {lineage.account}, and knew the secret at once"


def _undo(archive: Archive, subject: Subject) -> list[str]:
    if subject.kind == "account":
        frozen_until = _frozen_until(archive, subject)
        won = (
            f"a won credential works at least until {frozen_until}; "
            "behind Dovecot a real user of this name always goes first"
        )
        never = "is it a person's name? list it in site.real_names, and it never becomes a decoy"
        return [
            won if frozen_until else never,
            f"erase what is stored about it: honeypost forget {subject.name}",
        ]
    if subject.kind == "address":
        return [
            *_penalties(archive, subject.name),
            f"erase what is stored about it: honeypost forget {subject.name}",
        ]
    return ["nothing holds against anybody: it was answered once, and it is over"]


def _penalties(archive: Archive, name: str) -> list[str]:
    """Say what keeps an address away now, and how that ends."""
    network = neighbourhood(name) if "/" not in name else name
    now = time.time()
    meant = [each for each in standing_now(archive, now) if each.network in _around(network)]
    if not meant:
        return ["nothing holds against it now: no penalty stands"]
    return [
        f"{each.network} is {'' if each.carried_out else 'only observed to be '}kept away until "
        f"{screen.moment(each.until)} UTC; end it, for good: honeypost allow {name}"
        for each in meant
    ]


def _around(network: str) -> tuple[str, ...]:
    """Name what a penalty on this network can be on; a /48 is its own surroundings."""
    narrow = ":" in network and network.endswith("/64")
    return (network, site_of(network)) if narrow else (network,)


def show(found: Explanation) -> None:
    """Print an explanation for people."""
    out = screen.console()
    out.print(Text.assemble((found.subject, "bold"), (f"  {found.kind}", "dim")))
    for line in found.summary:
        out.print(Text(f"  {line}"))
    out.print()
    if found.left_out:
        out.print(Text(f"  {found.left_out:,} older pieces of evidence are not shown", "dim"))
    for piece in found.evidence:
        for part in _piece(piece):
            out.print(part)
    out.print()
    out.print(screen.label("recomputed", _verdict(found)))
    for name, line in zip(chain(("undo",), iter(str, None)), found.undo, strict=False):
        out.print(screen.label(name, line))


def _piece(piece: Evidence) -> Iterator[Text | Padding]:
    head = Text.assemble(
        (f"  {piece.time[11:19]}  ", "dim"), f"{piece.client:<15}  {piece.account}"
    )
    if piece.distinct_failures and piece.recomputed != GAP:
        head.append(f"  {_progress(piece)}", "dim")
    yield head
    rule = f"  ({piece.reason})" if piece.reason else ""
    because = Text.assemble(piece.because, (rule, "dim"))
    yield screen.label("told", piece.answer, _colour(piece), indent=EVIDENCE_INDENT)
    yield screen.label("because", because, indent=EVIDENCE_INDENT)


def _progress(piece: Evidence) -> str:
    """Say how far the account was from opening."""
    if piece.reason == Reason.ADOPTED:
        return f"after {piece.distinct_failures} failures"
    return f"failure {piece.distinct_failures}, opens after {piece.needed_failures}"


def _colour(piece: Evidence) -> str:
    if piece.recomputed == DISAGREES:
        return "red"
    return "green" if piece.answer.startswith(("2", "let in")) else "yellow"


def _verdict(found: Explanation) -> Text:
    if found.disagreements:
        count = f"{found.disagreements} of {found.recomputed} answers"
        return Text(f"disagrees: {count} do not follow from the evidence", "bold red")
    if not found.recomputed:
        return Text("nothing here was decided by a rule", "dim")
    return Text(f"agrees: all {found.recomputed} follow from the stored evidence", "green")
