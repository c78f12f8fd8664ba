"""``honeypost extract``: take messages apart, in the same limited child as the worker's."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from honeypost.app.child import Children
from honeypost.cli import screen
from honeypost.cli.options import JsonOption
from honeypost.engine.extraction import Mark, examine
from honeypost.extract import limits
from honeypost.extract.report import Attachment, Link, Report
from honeypost.model import printable

STANDARD_INPUT = "-"
SHOWN_CHARS = 300
"""Of one URL on the screen; --json has all of it."""
FATAL = frozenset(str(mark) for mark in Mark)


def extract(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="Messages as files; - is stdin.")
    ],
    json: JsonOption = False,
) -> None:
    """
    Take messages apart: links with their role, recipients, attachments.

    Nothing is fetched and nothing is run.  The exit code is 1 when a file could not be read or
    taken apart at all.
    """
    children = Children()
    failed = False
    with asyncio.Runner() as runner:
        try:
            for name in screen.progress(files, "messages"):
                raw = _read(name)
                if raw is None:
                    failed = True
                    continue
                report = runner.run(examine(children, raw, file=_shown(name)))
                failed |= not FATAL.isdisjoint(report.errors)
                _print(report, json=json)
        finally:
            runner.run(children.close())
    if failed:
        raise typer.Exit(1)


def _read(name: str) -> bytes | None:
    """Read as much of a file as is looked at, and one byte to see that there is more."""
    try:
        if name == STANDARD_INPUT:
            return sys.stdin.buffer.read(limits.MESSAGE_BYTES + 1)
        with Path(name).open("rb") as file:
            return file.read(limits.MESSAGE_BYTES + 1)
    except OSError as error:
        typer.echo(f"honeypost: {_shown(name)}: {error.strerror}", err=True)
        return None


def _print(report: Report, *, json: bool) -> None:
    if json:
        screen.print_json(report)
        return
    console = screen.console()
    console.print(Text(report.file, style="bold"))
    for line in _lines(report):
        console.print(line, soft_wrap=True)


def _lines(report: Report) -> list[Text]:
    lines = [_line(str(link.role), _link(link)) for link in report.links]
    lines += [_line(found.role, _shown(found.address)) for found in report.recipients]
    lines += [_line("attached", _attachment(found)) for found in report.attachments]
    lines += [_line("not read", error, "yellow") for error in report.errors]
    return lines or [_line("", "nothing found")]


def _line(name: str, value: str, style: str = "") -> Text:
    # Never wrapped: a URL that is folded over lines can be neither searched for nor copied.
    return Text.assemble((f"  {name:<11}", "dim"), (value, style))


def _link(link: Link) -> str:
    notes = f"  ({', '.join(link.notes)})" if link.notes else ""
    return f"{screen.defanged(_shown(link.url))}  [{link.domain}, {link.where}]{notes}"


def _attachment(found: Attachment) -> str:
    name = _shown(found.name) or "(no name)"
    declared = f", declared {found.declared}" if found.declared != found.type else ""
    kind = _shown(f"{found.type}{declared}")
    return f"{name}  [{kind}, {screen.size(found.size)}, sha256 {found.sha256}]"


def _shown(text: str) -> str:
    return printable(text.encode("utf-8", "replace"), SHOWN_CHARS)
