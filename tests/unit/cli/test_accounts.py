from __future__ import annotations

import json
from pathlib import Path

import pytest

from honeypost.cli.accounts import show
from honeypost.cli.main import main
from honeypost.cli.shapes import Account
from honeypost.config.schema import Paths
from support.history import ABSENT, ACCOUNT, REAL


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_who_was_won_and_who_is_under_fire(told: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["accounts", "--json", "--data", str(told.data)]) == 0
    won, guessed = lines(capsys)
    assert won == {
        "account": ACCOUNT, "state": "won", "secret": "letmein", "won": "2026-03-01T12:07:00Z",
        "frozen_until": "2026-08-28T12:07:00Z", "guesses": 4, "networks": 4,
        "last_guess": "2026-03-01T12:10:00Z", "entries": 2, "handovers": ["2001:db8:77::/64"],
        "captures": 2,
    }  # fmt: skip
    assert (guessed["account"], guessed["state"], guessed["secret"]) == (ABSENT, "guessed", "")
    assert guessed["networks"] == 3


def test_of_a_real_name_nothing_is_followed(
    told: Paths, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["accounts", "--json", "--data", str(told.data)])
    assert REAL not in capsys.readouterr().out


def test_the_screen(told: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["accounts", "--data", str(told.data)]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert rows[0] == ["won", "secret", "since", "guesses", "logins", "mails", "handovers"]
    assert rows[1] == [ACCOUNT, "letmein", "03-01", "12:07", "4", "2", "2", "1"]
    assert rows[4] == [ABSENT, "3", "3", "2026-03-01", "12:09:00"]


def test_a_site_that_has_seen_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["accounts", "--data", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert "no decoy has been won yet" in shown
    assert "no other account is under fire" in shown
    assert main(["accounts", "--data", str(tmp_path), "--json"]) == 0
    assert capsys.readouterr().out == ""


def test_how_many_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    one = Account("a@x", "guessed", "", "", "", 1, 1, "2026-03-01T00:00:00Z", 0, [], 0)
    show([], [one] * 3, 1)
    assert "and 2 more (--limit)" in capsys.readouterr().out


def test_nothing_stored_at_all_is_a_usage_problem(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["accounts", "--data", str(tmp_path / "none")]) == 2
    assert "nothing is stored there yet" in capsys.readouterr().err
