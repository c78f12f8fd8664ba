"""``honeypost status``: is it running, what did it cost, what did it see?"""

from __future__ import annotations

import os
import time
from dataclasses import fields
from itertools import chain
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from honeypost.app.presence import Presence, running
from honeypost.app.status import read_status
from honeypost.beside.attach.layout import FOLDER, Layout
from honeypost.cli import alerted, observed, observed_screen, screen, shapes, withheld
from honeypost.cli.archive import Archive
from honeypost.cli.options import ConfigOption, DataOption, JsonOption, existing_data, settings
from honeypost.config.schema import Budgets, Config, Paths
from honeypost.events import (
    BudgetExceeded,
    CaptureExtracted,
    Event,
    GrantsResumed,
    GrantsStopped,
    LoginRefused,
    MessageRefused,
    RecipientProbed,
    SessionOpened,
)
from honeypost.ports import Entry

DAY_SECONDS = 86_400
TROUBLES_SHOWN = 5
TROUBLES_LOOKED_AT = 7 * DAY_SECONDS
BUDGET_WORDS = {
    "connections": "connections",
    "capture_bytes_per_day": "mail today",
    "memory_bytes": "memory",
    "disk_bytes": "disk",
    "journal_bytes": "journal",
}
DISARMED_MEND = "mend what it says, then: honeypost detach, and honeypost attach --apply"
BESIDE_LISTENERS = {"lmtp", "policy", "lookup", "authpolicy"}


def status(
    data: DataOption,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Is it running, what did it cost, what did it see?"""
    paths = Paths(existing_data(data))
    with Archive(paths) as archive:
        found = collect(archive, running(data), settings(config, data), time.time())
    if as_json:
        screen.print_json(found)
    else:
        show(found)


def collect(
    archive: Archive, presence: Presence | None, config: Config, now: float
) -> shapes.Status:
    """Gather everything that the command shows; ``now`` is Unix time."""
    mode = _mode(presence, config)
    counts = archive.counts()
    decoys = archive.decoys()
    midnight = now - now % DAY_SECONDS
    lineages = archive.lineages()
    vitals = _vitals(archive, presence)
    captures = [message.capture for message in archive.messages()]
    today = sum(capture.size for capture in captures if capture.time >= midnight)
    return shapes.Status(
        running=presence is not None,
        mode=mode,
        started=screen.timestamp(presence.started) if presence else "",
        uptime_seconds=round(now - presence.started, 1) if presence else 0.0,
        listeners=presence.listeners if presence else {},
        pids=presence.pids if presence else {},
        cpu_seconds=vitals.get("cpu_seconds", 0.0),
        budgets=_budgets(archive, vitals, config.budgets, today),
        decoys=len(decoys),
        decoys_today=sum(decoy.adopted_at >= midnight for decoy in decoys),
        guesses=counts.get(LoginRefused.kind(), 0) + len(decoys),
        probes=counts.get(RecipientProbed.kind(), 0),
        sessions=counts.get(SessionOpened.kind(), 0),
        captures=len(captures),
        handovers=sum(len(lineage.handovers) for lineage in lineages.accounts.values()),
        messages_left=0,
        grants=_grants(archive, vitals),
        disarmed=Layout(archive.paths.data / FOLDER, archive.paths.data).why_disarmed(),
        troubles=_troubles(archive, now),
        observed=observed.collect(archive, config, mode, now),
        late_bounce=withheld.today(archive, now),
        penalties=_penalties(vitals),
        alerts=alerted.collect(archive.paths.intel, config.alerts, now),
    )


def _mode(presence: Presence | None, config: Config) -> str:
    if presence is None:
        return ""
    if BESIDE_LISTENERS & set(presence.listeners):
        return "deceive" if config.beside.containment else "observe"
    return "standalone" if presence.listeners else "observe"


def _budgets(
    archive: Archive, vitals: dict[str, Any], budgets: Budgets, today: int
) -> list[shapes.Budget]:
    return [
        shapes.Budget("connections", vitals.get("connections", 0), budgets.connections),
        shapes.Budget("memory_bytes", vitals.get("memory_bytes", 0), budgets.memory_bytes),
        shapes.Budget("capture_bytes_per_day", today, budgets.capture_bytes_per_day),
        shapes.Budget("disk_bytes", _folder_bytes(archive.paths.segments), budgets.disk_bytes),
        shapes.Budget(
            "journal_bytes",
            archive.journal.bytes() if archive.journal else 0,
            budgets.journal_bytes,
        ),
    ]


def _vitals(archive: Archive, presence: Presence | None) -> dict[str, Any]:
    """Read what the edge says about itself every few seconds."""
    return {} if presence is None else read_status(archive.paths.status)


def _penalties(vitals: dict[str, Any]) -> shapes.Penalised:
    said = vitals.get("penalties", {})
    known = {
        field.name: said[field.name] for field in fields(shapes.Penalised) if field.name in said
    }
    return shapes.Penalised(**known)


def _folder_bytes(folder: Path) -> int:
    if not folder.is_dir():
        return 0
    with os.scandir(folder) as files:
        return sum(file.stat().st_size for file in files if file.is_file())


def _grants(archive: Archive, vitals: dict[str, Any]) -> str:
    """Say what the edge says now, else what it noted last."""
    if isinstance(doubt := vitals.get("doubt"), str):
        return f"stopped: {doubt}" if doubt else "given"
    reason = "given"
    for entry in archive.entries(kinds=(GrantsStopped.kind(), GrantsResumed.kind())):
        event = entry.event
        reason = f"stopped: {event.reason}" if isinstance(event, GrantsStopped) else "given"
    return reason


def _troubles(archive: Archive, now: float) -> list[shapes.Trouble]:
    since = now - TROUBLES_LOOKED_AT
    kinds = [kind.kind() for kind in (GrantsStopped, MessageRefused, BudgetExceeded)]
    noted = chain(
        archive.entries(kinds=kinds, since=since),
        archive.noted((CaptureExtracted.kind(),), since),
    )
    found = [
        shapes.Trouble(screen.timestamp(entry.time), text)
        for entry in sorted(noted, key=lambda entry: entry.time)
        if (text := _trouble(entry))
    ]
    return found[-TROUBLES_SHOWN:]


def _trouble(entry: Entry) -> str:
    event: Event = entry.event
    match event:
        case GrantsStopped():
            return f"no decoy login is granted: {event.reason}"
        case MessageRefused():
            why = event.budget or event.answer
            return f"a message of {screen.size(event.size)} was not kept: {why}"
        case BudgetExceeded():
            return f"budget {event.budget} of {event.limit:,} is used up"
        case CaptureExtracted(errors=errors) if errors:
            return f"capture {event.capture} could not be read to the end: {', '.join(errors)}"
        case _:
            return ""


def show(found: shapes.Status) -> None:
    """Print the status for people."""
    out = screen.console()
    out.print(_headline(found))
    if found.disarmed:
        out.print(screen.label("disarmed", found.disarmed, "bold yellow"))
        out.print(screen.label("", DISARMED_MEND))
    for name, places in found.listeners.items():
        out.print(screen.label(name, "  ".join(places)))
    out.print()
    if found.observed.logs or found.observed.week:
        observed_screen.show(out, found.observed)
    only_looks = bool(found.observed.logs) and found.mode in {"", "observe"}
    if not only_looks or found.sessions or found.captures or found.decoys:
        _show_decoys(out, found)
    if found.late_bounce.kept:
        out.print(screen.label("late bounce", withheld.in_one_line(found.late_bounce)))
    if found.penalties.imposed or found.penalties.trouble:
        out.print(screen.label("penalties", _penalties_line(found.penalties)))
    alerted.show(out, found.alerts)
    for trouble in found.troubles:
        out.print(screen.label(trouble.time[5:16].replace("T", " "), trouble.text, "yellow"))


def _penalties_line(told: shapes.Penalised) -> Text:
    if told.trouble:
        return Text(f"not carried out: {told.trouble}", "bold yellow")
    count = f"{told.standing:,} stand, {told.imposed:,} since the start"
    if told.mode != "on":
        return Text(f"{count}; only observed, nobody is kept away")
    return Text(f"{count}; {told.refused_packets:,} packets refused")


def _show_decoys(out: Console, found: shapes.Status) -> None:
    """Print what our own listeners saw, and what it cost."""
    for budget in found.budgets:
        out.print(screen.label(BUDGET_WORDS[budget.name], _bar(budget)))
    out.print()
    for name, value in _figures(found):
        out.print(screen.label(name, value))


def _headline(found: shapes.Status) -> Text:
    if not found.running:
        return Text.assemble(("not running", "yellow"), "  (honeypost up)")
    return Text.assemble(
        ("running", "bold green"), f"  {found.mode}, for {screen.span(found.uptime_seconds)}"
    )


def _bar(budget: shapes.Budget) -> Text:
    share = budget.used / budget.limit
    full = min(round(share * 20), 20)
    in_bytes = "bytes" in budget.name
    used = screen.size(budget.used) if in_bytes else f"{budget.used:,}"
    limit = screen.size(budget.limit) if in_bytes else f"{budget.limit:,}"
    style = "red" if share >= 1 else "green"
    return Text.assemble(
        ("━" * full, style), ("━" * (20 - full), "bright_black"), f"  {used} of {limit}"
    )


def _figures(found: shapes.Status) -> list[tuple[str, str | Text]]:
    granted = found.grants == "given"
    return [
        *([("cpu", f"{found.cpu_seconds:,.1f} s")] if found.running else ()),
        ("sessions", f"{found.sessions:,}"),
        ("probes", f"{found.probes:,}"),
        ("guesses", f"{found.guesses:,}"),
        ("decoys won", f"{found.decoys:,} ({found.decoys_today} today)"),
        ("handovers", f"{found.handovers:,}"),
        ("captures", f"{found.captures:,}"),
        ("left", f"{found.messages_left} messages (no part of honeypost can send them)"),
        ("decoy logins", Text(found.grants, style="" if granted else "bold yellow")),
    ]
