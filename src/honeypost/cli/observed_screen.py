"""What ``honeypost status`` shows of the real server's own log, on 80 columns and more."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.text import Text

from honeypost.cli import screen, shapes

NAMES_SHOWN = 5

STANDING_WORDS = {
    "user": "your user",
    "slip": "one slip from a user",
    "nobody": "nobody has it",
    "elsewhere": "not in your domains",
}
REASON_WORDS = {"slip": "one slip from a user", "network": "users' network"}


def show(out: Console, found: shapes.Observed) -> None:
    """Print it for people."""
    for log in found.logs:
        out.print(screen.label("log", _log(log)))
    for name, value in _figures(found):
        out.print(screen.label(name, value))
    for rows in (_near_misses(out, found), _wanted(out, found), _week(found)):
        if rows is not None:
            out.print()
            out.print(Padding(rows, (0, 0, 0, 2)))
    out.print()


def _log(log: shapes.FollowedLog) -> Text:
    if log.problem:
        return Text(f"{log.log}: {log.problem}", style="bold red")
    newest = f"newest line {_short(log.newest)} UTC" if log.newest else "no line yet"
    return Text(f"{log.log}, {newest}")


def _figures(found: shapes.Observed) -> Iterator[tuple[str, str | Text]]:
    enough = found.days_looked >= found.days_wanted or found.may_deceive
    yield (
        "looked at",
        Text.assemble(
            (f"{found.days_looked:g}", "green" if enough else "yellow"),
            f" days ({found.days_wanted:g} wanted); "
            f"{screen.counted(found.users, 'name')} logged in"
            f" from {screen.counted(found.networks, 'network')}",
        ),
    )
    yield "would have", _diverted(found.would_divert)
    first = found.first_decoy
    yield "first decoy", _expected(first)
    if first.why_none:
        yield "none yet", first.why_none


def _diverted(would: shapes.WouldDivert) -> Text:
    yours = f"{would.your_sessions:,} of your users"
    text = Text.assemble(
        f"diverted {'up to ' if would.sessions else ''}"
        f"{screen.counted(would.sessions, 'session')} in {screen.counted(would.days, 'day')}, ",
        (yours, "bold red" if would.your_sessions else "green"),
    )
    if would.your_names:
        text.append(f" ({', '.join(would.your_names[:NAMES_SHOWN])})", "bold red")
    if would.names:
        text.append(f"; {screen.counted(len(would.names), 'decoy')}")
    return text


def _expected(first: shapes.FirstDecoy) -> str:
    if not first.half_hours:
        return "not to be expected: nobody guesses at names that nobody has"
    return (
        f"{_span(first.half_hours)} after switching on at half of all sites,"
        f" {_span(first.nine_tenths_hours)} at nine of ten"
        f" (at {first.guesses_per_day:,.0f} guesses a day)"
    )


def _span(hours: float) -> str:
    """Give a forecast no more exact than it is: minutes, hours or days."""
    minutes, days = hours * 60, hours / 24
    if minutes < 90:  # noqa: PLR2004 - then hours read better
        return f"{max(1, round(minutes))} min"
    return f"{round(hours)} h" if days < 2 else f"{round(days)} days"  # noqa: PLR2004 - the same


def _near_misses(out: Console, found: shapes.Observed) -> RenderableType | None:
    if not found.near_misses:
        return None
    more = found.near_miss_count - len(found.near_misses)
    title = f"nearest misses (and {more:,} more)" if more else "nearest misses"
    rows = screen.table(title, "network", ">tries", "last", "why", on=out)
    for miss in found.near_misses:
        last = _short(miss.last)
        rows.add_row(miss.name, miss.network, f"{miss.tries:,}", last, REASON_WORDS[miss.reason])
    return rows


def _wanted(out: Console, found: shapes.Observed) -> RenderableType | None:
    if not found.most_wanted:
        return None
    rows = screen.table("most wanted this week", ">tries", "who", on=out)
    for wanted in found.most_wanted:
        rows.add_row(wanted.name, f"{wanted.tries:,}", STANDING_WORDS[wanted.standing])
    return rows


def _week(found: shapes.Observed) -> RenderableType | None:
    if not found.week:
        return None
    rows = screen.table("day (UTC)", ">logins", ">refused", ">no such user", ">relays", ">networks")
    for day in found.week:
        figures = (day.logins, day.refused, day.unknown_recipients, day.relays, day.networks)
        rows.add_row(day.date, *(f"{figure:,}" for figure in figures))
    return rows


def _short(time: str) -> str:
    """Take year, seconds and zone off a time."""
    return time[5:16].replace("T", " ")
