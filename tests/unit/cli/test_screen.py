from __future__ import annotations

import io
import sys

import pytest
from rich.console import Console

from honeypost.cli import screen
from honeypost.cli.shapes import Budget


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_json_is_one_line_an_item(capsys: pytest.CaptureFixture[str]) -> None:
    screen.print_json(Budget("a", 1, 2), Budget("b\n", 3, 4))
    assert (
        capsys.readouterr().out
        == '{"name":"a","used":1,"limit":2}\n{"name":"b\\n","used":3,"limit":4}\n'
    )


def rendered(renderable: object, width: int = 40, *, terminal: bool = False) -> list[str]:
    out = Console(file=io.StringIO(), width=width, force_terminal=terminal, color_system=None)
    out.print(renderable)
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue().splitlines()


def test_a_label_wraps_beside_its_name() -> None:
    lines = rendered(screen.label("because", "one two three four five six seven"), 36)
    assert lines[0].startswith("  because       one two")
    assert lines[1].startswith(" " * 16 + "f")


def test_a_table_row_is_one_line_and_the_last_column_gives_way() -> None:
    out = Console(force_terminal=True)
    table = screen.table("name", ">n", "text", on=out)
    table.add_row("abc", "7", "x" * 60)
    lines = rendered(table, 30, terminal=True)
    assert len(lines) == 2
    assert lines[1].startswith("abc   7  xxx")
    assert lines[1].endswith("…")


def test_a_pipe_is_wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert screen.console().width == screen.PIPE_COLUMNS


def test_a_terminal_is_as_wide_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "77")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stdout", Tty())
    assert screen.console().width == 77


def test_progress_is_shown_to_a_terminal_after_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([0.0, 0.5, 1.5, 1.6, 2.0])
    monkeypatch.setattr(screen.time, "monotonic", lambda: next(times))
    monkeypatch.setattr(sys, "stderr", shown := Tty())
    assert list(screen.progress("abcd", "events")) == list("abcd")
    assert shown.getvalue() == "\r2 events ...\r4 events ...\r\x1b[K"


def test_progress_is_silent_when_quick_or_piped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", shown := Tty())
    assert list(screen.progress("ab", "events")) == ["a", "b"]
    assert shown.getvalue() == ""
    times = iter([0.0, 5.0, 9.0])
    monkeypatch.setattr(screen.time, "monotonic", lambda: next(times))
    monkeypatch.setattr(sys, "stderr", piped := io.StringIO())
    list(screen.progress("ab", "events"))
    assert piped.getvalue() == ""


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (0.9, "0 s"),
        (61, "1 min 1 s"),
        (3600, "1 h"),
        (86399, "23 h 59 min"),
        (200_000, "2 d 7 h"),
    ],
)
def test_spans(seconds: float, said: str) -> None:
    assert screen.span(seconds) == said


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1 KiB"),
        (10 * 1024**2, "10 MiB"),
        (5 * 1024**4, "5120 GiB"),
    ],
)
def test_sizes(count: int, said: str) -> None:
    assert screen.size(count) == said


def test_times() -> None:
    assert screen.timestamp(0) == screen.moment(0) == ""
    assert screen.timestamp(1772366400.9) == "2026-03-01T12:00:00Z"


def test_nothing_can_be_clicked_on() -> None:
    text = screen.defanged("http://a.example https://b.example ftp://c.example mailto:x")
    assert text == "hxxp[:]//a.example hxxps[:]//b.example fxp[:]//c.example mailto:x"
