"""
Where the demo is shown: side by side in a terminal, or line by line anywhere else.

Left is what the attackers see, right is what Honeypost knows at the same moment.
"""

from __future__ import annotations

from collections import deque
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from honeypost.app.demo.attack import DOMAIN, Seen
from honeypost.app.demo.observer import Known
from honeypost.cli.screen import counted

LINES_KEPT = 200
NARROW = 100
"""A terminal with fewer columns shows the sides one above the other."""
REFRESH_PER_SECOND = 8
AROUND = 9
"""Rows that are not lines of a side: title, counters, borders."""

STYLES = {0: "dim", 1: "cyan", 2: "bold magenta"}


class Stage(Protocol):
    """What the demo is told to."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def act(self, number: int, title: str) -> None:
        """A new act begins; 0 is before the first."""

    def seen(self, seen: Seen) -> None:
        """An attacker sees something."""

    def known(self, known: Known) -> None:
        """Honeypost notices something."""


class PlainStage:
    """One line each, for pipes, logs and readers of screens."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def act(self, number: int, title: str) -> None:
        """Print a heading."""
        self._say(f"\nAct {number}: {title}" if number else title)

    def seen(self, seen: Seen) -> None:
        """Print it as the attacker's."""
        self._say(f"  attacker   {seen.source:<15}  {seen.text}")

    def known(self, known: Known) -> None:
        """Print it as ours."""
        self._say(f"  honeypost  {known.source:<15}  {known.text}")

    def _say(self, line: str) -> None:
        self._console.print(Text(line), soft_wrap=True)


class LiveStage:
    """Two panels that scroll, and a line of counters."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._title = Text()
        self._left: deque[Text] = deque(maxlen=LINES_KEPT)
        self._right: deque[Text] = deque(maxlen=LINES_KEPT)
        self._hosts: set[str] = set()
        self._milestones = 0
        self._live = Live(
            console=console, refresh_per_second=REFRESH_PER_SECOND, get_renderable=self._picture
        )

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def act(self, number: int, title: str) -> None:
        """Change the title; both sides get a rule."""
        if not number:
            self._title = Text(title, "bold")
            return
        self._title = Text.assemble(
            (f"Act {number}", "bold yellow"), (f"  {title}", "bold"),
            (f"   all names are at {DOMAIN}", "dim"),
        )  # fmt: skip
        for side in (self._left, self._right):
            side.append(Text(f"-- {title}", "yellow"))

    def seen(self, seen: Seen) -> None:
        """Add to the left."""
        self._hosts.add(seen.source)
        style = {True: "green", False: "dim", None: ""}[seen.good]
        self._left.append(Text.assemble((f"{seen.source:<13} ", "dim"), (_brief(seen.text), style)))

    def known(self, known: Known) -> None:
        """Add to the right."""
        self._milestones += known.weight > 1
        text = (_brief(known.text), STYLES[known.weight])
        self._right.append(Text.assemble((f"{known.source:<13} ", "dim"), text))

    def _picture(self) -> RenderableType:
        rows = max(4, self._console.height - AROUND)
        narrow = self._console.width < NARROW
        if narrow:
            rows //= 2
        left = self._side("what the attackers see", self._left, rows, "red")
        right = self._side("what Honeypost knows", self._right, rows, "green")
        if narrow:
            return Group(self._title, left, right, self._counters())
        both = Table.grid(expand=True)
        both.add_column(ratio=1)
        both.add_column(ratio=1)
        both.add_row(left, right)
        return Group(self._title, both, self._counters())

    def _side(self, title: str, lines: deque[Text], rows: int, colour: str) -> Panel:
        shown = Text("\n", no_wrap=True, overflow="ellipsis").join(list(lines)[-rows:])
        shown.no_wrap, shown.overflow = True, "ellipsis"
        return Panel(shown, title=title, title_align="left", border_style=colour, height=rows + 2)

    def _counters(self) -> Text:
        return Text.assemble(
            (f" {counted(len(self._hosts), 'host')}", "bold"), "   ",
            (counted(self._milestones, "milestone"), "bold magenta"), "   ",
            ("0 messages left", "bold green"),
        )  # fmt: skip


def _brief(text: str) -> str:
    """Leave the one domain out, so that a line fits into half a screen."""
    return text.replace(f"@{DOMAIN}", "")
