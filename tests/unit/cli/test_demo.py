from __future__ import annotations

import io
import json
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar, Self

import pytest
from jsonschema import Draft202012Validator
from rich.console import Console

from honeypost.app.demo.attack import Listeners, Seen
from honeypost.app.demo.claims import Claim
from honeypost.app.demo.dialogue import Address
from honeypost.app.demo.observer import Known
from honeypost.cli import demo as module
from honeypost.cli.main import main
from honeypost.cli.schema import described
from honeypost.cli.stage import LiveStage, PlainStage


class Judge:
    """Has seen it all and finds what it is told to."""

    holds: ClassVar[bool] = True
    observer = SimpleNamespace(outwards=set(), looks=3)
    traced = ("one",)
    links = frozenset({"http://a.example/"})
    messages = (1, 2)
    attack = SimpleNamespace(tried=[("127.0.0.1", "x"), ("127.0.0.2", "y")])

    def claims(self) -> list[Claim]:
        return [Claim("the sky is up", holds=True), Claim("so it is", self.holds, "looked twice")]


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> type[Judge]:
    class Fresh(Judge):
        folders: ClassVar[list[Path]] = []

    def play(_stage: object, folder: Path, *, fast: bool) -> Judge:
        Fresh.folders.append(folder)
        assert fast
        return Fresh()

    monkeypatch.setattr(module, "play", play)
    return Fresh


def test_the_last_lines_say_it_all(judged: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--fast", "--headless", "--assert"]) == 0
    assert capsys.readouterr().out.splitlines()[-3:] == [
        "   0  messages left this machine",
        "   1  credential traced from the guess to its use by others",
        "   1  link found in what they sent",
    ]
    assert not judged.folders[0].exists()


@pytest.mark.parametrize(("options", "code"), [([], 0), (["--assert"], 1)])
def test_a_claim_that_does_not_hold(
    judged: Any, options: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    judged.holds = False
    assert main(["demo", "--fast", *options]) == code
    assert "  FAIL  so it is  looked twice" in capsys.readouterr().out


def test_json_stands_alone_on_standard_output(
    judged: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["demo", "--fast", "--json", "--data", str(tmp_path / "kept")]) == 0
    shown = capsys.readouterr()
    (line,) = shown.out.splitlines()
    Draft202012Validator(described("demo")).validate(json.loads(line))
    assert f"look around: honeypost accounts --data {tmp_path / 'kept'}" in shown.err


def test_where_it_is_shown() -> None:
    terminal = Console(file=io.StringIO(), force_terminal=True)
    assert isinstance(module._stage(terminal, headless=False), LiveStage)
    assert isinstance(module._stage(terminal, headless=True), PlainStage)
    assert isinstance(module._stage(Console(file=io.StringIO()), headless=False), PlainStage)
    dumb = Console(file=io.StringIO(), force_terminal=True, _environ={"TERM": "dumb"})
    assert isinstance(module._stage(dumb, headless=False), PlainStage)


class Site:
    paths = pids = None

    def __init__(self, *_: object) -> None:
        self.listeners = Listeners(*(Address("127.0.0.1", port) for port in (1, 2, 3)))
        self.pids = {"up": 1}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


class Watching:
    """An observer that has one thing to say, and a worker that is done."""

    def __init__(self, *_: object) -> None:
        self.news = [Known("a", "b")]

    def look(self) -> list[Known]:
        news, self.news = self.news, []
        return news

    def reports(self) -> int:
        return 0


def test_each_act_is_played_and_both_sides_are_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    out = io.StringIO()
    monkeypatch.setattr(module, "DemoSite", Site)
    monkeypatch.setattr(module, "Observer", Watching)
    monkeypatch.setattr(module, "Judge", lambda *parts: parts)
    monkeypatch.setattr(module, "QUIET_SECONDS", 0.05)
    monkeypatch.setattr(module, "ACTS", (("Hello", lambda a: a.tell(Seen(1, "127.0.0.1", "hi"))),))
    _, attack, _ = module.play(PlainStage(Console(file=out)), tmp_path, fast=True)
    assert "Act 1: Hello" in out.getvalue()
    assert "attacker   127.0.0.1        hi" in out.getvalue()
    assert "honeypost  a                b" in out.getvalue()
    assert attack.stopped.is_set()


def test_what_goes_wrong_in_an_act_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    act: Future[None] = Future()
    looks: list[int] = []

    def look() -> bool:
        looks.append(1)
        act.set_exception(ConnectionError("gone"))
        return False

    with pytest.raises(ConnectionError):
        module._run(act, look)
    assert looks == [1]


def test_a_worker_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([0.0, 1.0, 40.0])
    monkeypatch.setattr(
        module, "time", SimpleNamespace(monotonic=lambda: next(times), sleep=lambda _: None)
    )
    looks: list[bool] = []
    module._await_worker(3, Watching(), lambda: bool(looks.append(True)))
    assert looks == [True]


def test_an_act_ends_when_both_sides_are_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    clock = SimpleNamespace(
        monotonic=lambda: now[0], sleep=lambda s: now.__setitem__(0, now[0] + s)
    )
    monkeypatch.setattr(module, "time", clock)
    news = [True, True, False]
    module._dwell(lambda: news.pop(0) if news else False)
    assert now[0] == pytest.approx(0.1 + module.QUIET_SECONDS, abs=0.11)
    module._dwell(lambda: True)
    assert now[0] < 10
