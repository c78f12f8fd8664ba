"""
What commands print: JSON lines, tables, times and sizes; progress where it takes long.

Results go to standard output and everything else to standard error, so a pipe gets only
results.  Colours appear only on a terminal, and not when ``NO_COLOR`` is set (rich does that).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import TypeVar

import msgspec
from rich.console import Console, JustifyMethod
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

T = TypeVar("T")

QUIET_SECONDS = 1.0
"""What is done sooner shows no progress."""
BLINK_SECONDS = 0.2
PIPE_COLUMNS = 240
LABEL_COLUMNS = 13


def console() -> Console:
    """Give the console for results; a pipe is wide, so that each row stays one line."""
    out = Console(highlight=False)
    return out if out.is_terminal else Console(highlight=False, width=PIPE_COLUMNS)


def print_json(*items: object) -> None:
    """Print each item as one line of JSON."""
    for item in items:
        sys.stdout.write(msgspec.json.encode(item).decode() + "\n")


def table(*headings: str, on: Console | None = None) -> Table:
    """
    Give an empty table in the house style, one line a row.

    A heading that begins with > is right-aligned.  With ``on`` a terminal, the last column
    takes the room that is left and is cut where it needs more.
    """
    empty = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for heading in headings:
        side: JustifyMethod = "right" if heading.startswith(">") else "left"
        empty.add_column(heading.lstrip(">"), justify=side, no_wrap=True, overflow="ellipsis")
    if on is not None and on.is_terminal:
        empty.expand, empty.columns[-1].ratio = True, 1
    return empty


def label(name: str, value: str | Text, style: str = "", indent: int = 2) -> Padding:
    """Give one entry of a listing: a dim name, then the value, wrapped beside it."""
    shown = value if isinstance(value, Text) else Text(value, style=style)
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(style="dim", width=LABEL_COLUMNS, no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(name, shown)
    return Padding(grid, (0, 0, 0, indent), expand=False)


def progress(items: Iterable[T], noun: str) -> Iterator[T]:
    """Pass items on; after a second a terminal is told how many there were so far."""
    begun = shown = time.monotonic()
    for count, item in enumerate(items, start=1):
        yield item
        now = time.monotonic()
        if sys.stderr.isatty() and now - begun > QUIET_SECONDS and now - shown > BLINK_SECONDS:
            shown = now
            sys.stderr.write(f"\r{count:,} {noun} ...")
            sys.stderr.flush()
    if shown > begun:
        sys.stderr.write("\r\x1b[K")


def timestamp(when: float) -> str:
    """
    Give RFC 3339 in UTC, ``""`` for no time.

    >>> timestamp(1772366400.0)
    '2026-03-01T12:00:00Z'
    """
    if not when:
        return ""
    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(when: float) -> str:
    """
    Give a time for a screen, in UTC.

    >>> moment(1772366400.0)
    '2026-03-01 12:00:00'
    """
    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%d %H:%M:%S") if when else ""


def size(count: int) -> str:
    """
    Give a number of bytes in binary units.

    >>> size(512), size(1536), size(200 * 1024 * 1024)
    ('512 B', '1.5 KiB', '200 MiB')
    """
    amount, units = float(count), ["B", "KiB", "MiB", "GiB"]
    while amount >= 1024 and len(units) > 1:  # noqa: PLR2004 - a KiB
        amount, units = amount / 1024, units[1:]
    digits = f"{amount:.1f}" if amount < 10 else f"{amount:.0f}"  # noqa: PLR2004 - one digit
    return f"{digits.removesuffix('.0')} {units[0]}"


def span(seconds: float) -> str:
    """
    Give a duration in its two largest units.

    >>> span(4), span(75), span(7 * 3600), span(90000)
    ('4 s', '1 min 15 s', '7 h', '1 d 1 h')
    """
    left = int(seconds)
    parts = []
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        amount, left = divmod(left, length)
        if amount:
            parts.append(f"{amount} {unit}")
    return " ".join(parts[:2]) or "0 s"


def counted(number: int, noun: str) -> str:
    """
    Give a number with its noun.

    >>> counted(1, "link"), counted(1200, "guess")
    ('1 link', '1,200 guesses')
    """
    plural = noun + ("es" if noun.endswith("s") else "s")
    return f"{number:,} {noun if number == 1 else plural}"


def defanged(text: str) -> str:
    """
    Give text whose links no terminal and no mail program makes clickable.

    >>> defanged("go to https://evil.example/x")
    'go to hxxps[:]//evil.example/x'
    """
    for scheme in ("http", "https", "ftp"):
        harmless = scheme.replace("tt", "xx").replace("ft", "fx")
        text = text.replace(f"{scheme}://", f"{harmless}[:]//")
    return text
