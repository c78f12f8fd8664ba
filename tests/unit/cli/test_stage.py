from __future__ import annotations

import io

import pytest
from rich.console import Console

from honeypost.app.demo.attack import Seen
from honeypost.app.demo.observer import Known
from honeypost.cli.stage import LiveStage, PlainStage, Stage


def told(stage: Stage) -> None:
    with stage:
        stage.act(0, "Starting")
        stage.act(1, "Who is there?")
        stage.seen(Seen(1, "127.0.0.9", "info@example.org  250 Ok", good=True))
        stage.seen(Seen(1, "127.0.0.8", "x@example.org  550 no", good=False))
        stage.known(Known("127.0.0.9", "WON info@example.org", 2))
        stage.known(Known("", "nothing", 0))


def screen(width: int, height: int = 24) -> tuple[Console, io.StringIO]:
    file = io.StringIO()
    return Console(
        file=file, width=width, height=height, force_terminal=True, color_system=None
    ), file


def test_plain_is_one_line_each() -> None:
    file = io.StringIO()
    told(PlainStage(Console(file=file, width=40)))
    assert file.getvalue().splitlines() == [
        "Starting",
        "",
        "Act 1: Who is there?",
        "  attacker   127.0.0.9        info@example.org  250 Ok",
        "  attacker   127.0.0.8        x@example.org  550 no",
        "  honeypost  127.0.0.9        WON info@example.org",
        "  honeypost                   nothing",
    ]


@pytest.mark.parametrize(("width", "beside"), [(120, True), (80, False)])
def test_live_has_both_sides(width: int, beside: bool) -> None:
    console, file = screen(width)
    told(LiveStage(console))
    last = file.getvalue().split("Act 1")[-1]
    assert "all names are at example.org" in last
    assert "127.0.0.9     info  250 Ok" in last
    assert "WON info" in last
    assert "2 hosts   1 milestone   0 messages left" in last
    rows = [line for line in last.splitlines() if "what the attackers see" in line]
    assert ("what Honeypost knows" in rows[0]) is beside


def test_live_fits_the_screen_and_keeps_the_newest() -> None:
    console, file = screen(120, height=20)
    stage = LiveStage(console)
    with stage:
        for number in range(500):
            stage.seen(Seen(1, f"127.0.0.{number % 250}", f"try {number}", good=None))
    last = file.getvalue().split("what the attackers see")[-1]
    assert "try 499" in last
    assert "try 480" not in last
    assert last.count("\n") < 20
