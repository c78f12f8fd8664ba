from __future__ import annotations

import json
from pathlib import Path

import pytest

from honeypost.app.presence import Claim, Presence
from honeypost.cli.archive import Archive
from honeypost.cli.main import main
from honeypost.cli.status import collect
from honeypost.config.schema import Beside, Config, Paths

NOW = 1_772_366_400.0 + 86_400 + 800
"""Some seconds after the history's end, on its second day."""


def test_the_figures(told: Paths) -> None:
    with Archive(told) as archive:
        found = collect(archive, None, Config(), NOW)
    assert not found.running
    assert (found.mode, found.started, found.uptime_seconds, found.listeners) == ("", "", 0.0, {})
    assert (found.decoys, found.decoys_today, found.guesses) == (1, 0, 11)
    assert (found.probes, found.captures, found.handovers) == (4, 2, 1)
    assert found.messages_left == 0
    assert found.grants == "stopped: main.cf was replaced"
    budgets = {budget.name: budget for budget in found.budgets}
    assert budgets["capture_bytes_per_day"].used == 2 * 59
    assert budgets["disk_bytes"].used > 2 * 59
    assert budgets["journal_bytes"].used > 0
    assert [trouble.text for trouble in found.troubles] == [
        "a message of 2 KiB was not kept: disk_bytes",
        "no decoy login is granted: main.cf was replaced",
        "capture x could not be read to the end: timeout",
    ]


def test_yesterdays_mail_is_not_todays(told: Paths) -> None:
    with Archive(told) as archive:
        found = collect(archive, None, Config(), NOW + 86_400)
    assert {b.name: b.used for b in found.budgets}["capture_bytes_per_day"] == 0


@pytest.mark.parametrize(
    ("listeners", "containment", "mode"),
    [
        ({"smtp": ["127.0.0.1:25"]}, "", "standalone"),
        ({"smtp": ["[::1]:25"], "lmtp": ["unix:/x"]}, "/x.json", "deceive"),
        ({"lmtp": ["unix:/x"]}, "", "observe"),
        ({}, "", "observe"),
    ],
)
def test_a_running_daemon(
    history: Paths, listeners: dict[str, list[str]], containment: str, mode: str
) -> None:
    status = history.journal.with_name("status.json")
    status.write_text(json.dumps({"connections": 17, "cpu_seconds": 2.5}))
    presence = Presence(NOW - 90, listeners, {"up": 1})
    with Archive(history) as archive:
        config = Config(beside=Beside(containment=containment))
        found = collect(archive, presence, config, NOW)
    assert (found.running, found.mode, found.uptime_seconds) == (True, mode, 90.0)
    assert found.listeners == listeners
    assert found.budgets[0].used == 17
    assert found.cpu_seconds == 2.5


@pytest.mark.parametrize("content", [None, "{", "[]"])
def test_a_daemon_that_does_not_tell(history: Paths, content: str | None) -> None:
    if content is not None:
        history.journal.with_name("status.json").write_text(content)
    with Archive(history) as archive:
        found = collect(archive, Presence(NOW), Config(), NOW)
    assert found.budgets[0].used == 0


def test_a_site_that_has_seen_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--data", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert "not running" in shown
    assert "0 B of 512 MiB" in shown
    assert main(["status", "--data", str(tmp_path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["running"] is False


def test_the_screen(history: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    with Claim(history.data) as claim:
        claim.announce(Presence(1.0, {"smtp": ["127.0.0.1:2525", "[::1]:2525"]}, {}))
        assert main(["status", "--data", str(history.data)]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("running  standalone, for ")
    assert "smtp          127.0.0.1:2525  [::1]:2525" in shown
    assert "0 messages (no part of honeypost can send them)" in shown
    assert "stopped: main.cf was replaced" in shown


@pytest.mark.parametrize(
    ("doubt", "said"),
    [("", "given"), ("main.cf was replaced again", "stopped: main.cf was replaced again")],
)
def test_what_the_edge_says_now_goes_before_what_it_noted(
    history: Paths, capsys: pytest.CaptureFixture[str], doubt: str, said: str
) -> None:
    history.status.write_text(json.dumps({"doubt": doubt}))
    with Claim(history.data) as claim:
        claim.announce(Presence(1.0, {}, {}))
        assert main(["status", "--data", str(history.data), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["grants"] == said


def test_over_budget_the_bar_is_full(history: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    (history.data / "honeypost.toml").write_text(
        "[budgets]\ndisk_bytes = 2048\nmessage_bytes = 1024\nspool_bytes = 2048\nspool_memory_bytes = 1\n"
    )
    assert main(["status", "--data", str(history.data)]) == 0
    assert "━" * 20 + "  9.9 KiB of 2 KiB" in capsys.readouterr().out


def test_a_guard_that_took_our_part_out_is_told_with_the_mend(history: Paths, capsys) -> None:
    def shown(*words: str) -> str:
        assert main(["status", *words, "--data", str(history.data)]) == 0
        return capsys.readouterr().out

    assert "disarmed" not in shown()
    flag = history.data / "attach/disarmed"
    flag.parent.mkdir()
    flag.write_text("2026-11-20T00:00:00Z old\n2026-11-23T00:00:00Z guard.lua is gone\n")
    assert "disarmed  " in shown()
    assert "2026-11-23T00:00:00Z guard.lua is gone" in shown()
    assert "honeypost detach, and honeypost attach --apply" in shown()
    assert json.loads(shown("--json"))["disarmed"].endswith("guard.lua is gone")
    flag.write_text("")
    assert json.loads(shown("--json"))["disarmed"] == ""
