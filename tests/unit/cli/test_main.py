from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
import typer

from honeypost.cli import main as cli
from honeypost.cli.main import INTERRUPTED, OK, PROBLEM, USAGE, VERBS, main
from honeypost.errors import ConfigError, ConfigProblem, StoreError, UsageError


def verb_that(
    monkeypatch: pytest.MonkeyPatch, raises: BaseException | None, gives: object = None
) -> None:
    """Make ``status`` a verb that does one thing."""

    def status() -> object:
        if raises is not None:
            raise raises
        return gives

    monkeypatch.setattr(cli, "import_module", lambda _: SimpleNamespace(status=status))


def test_the_list_names_every_verb_with_its_whole_summary(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--help"]) == OK
    shown = capsys.readouterr().out
    for name, verb in VERBS.items():
        assert f"  {name} " in shown
        assert verb.summary in shown


def test_no_verb_shows_the_list_and_is_a_usage_problem(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == USAGE
    assert "Commands:" in capsys.readouterr().out


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == OK
    assert capsys.readouterr().out.startswith("honeypost 0.")


@pytest.mark.parametrize("name", VERBS)
def test_every_verb_loads_and_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--help"]) == OK
    assert f"Usage: honeypost {name}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["statsu"],
            "honeypost: No such command 'statsu'. Did you mean 'status'? (honeypost --help)\n",
        ),
        (["schema"], "honeypost: Missing argument 'command'. (honeypost --help)\n"),
        (["schema", "--nope"], "honeypost: No such option: --nope (honeypost --help)\n"),
    ],
)
def test_a_wrong_line_is_told_in_one_line(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == USAGE
    assert capsys.readouterr() == ("", said)


@pytest.mark.parametrize(
    ("raised", "code", "said"),
    [
        (StoreError("journal.db is damaged"), PROBLEM, "honeypost: journal.db is damaged\n"),
        (UsageError("which one?"), USAGE, "honeypost: which one?\n"),
        (
            ConfigError(
                [ConfigProblem("a.toml", "x.y", "is no"), ConfigProblem("a.toml", "z", "too")]
            ),
            PROBLEM,
            "honeypost: a.toml: x.y: is no\nhoneypost: a.toml: z: too\n",
        ),
        (
            PermissionError(13, "Permission denied", "/x"),
            PROBLEM,
            "honeypost: /x: Permission denied\n",
        ),
        (OSError("odd"), PROBLEM, "honeypost: odd\n"),
        (KeyboardInterrupt(), INTERRUPTED, ""),
        (typer.Abort(), INTERRUPTED, ""),
        (typer.Exit(7), 7, ""),
    ],
)
def test_what_a_verb_raises(
    raised: BaseException,
    code: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    verb_that(monkeypatch, raised)
    assert main(["status"]) == code
    assert capsys.readouterr() == ("", said)


@pytest.mark.parametrize(("given", "code"), [(None, 0), (0, 0), (1, 1), ("text", 0)])
def test_what_a_verb_returns(given: object, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    verb_that(monkeypatch, None, given)
    assert main(["status"]) == code


def test_our_own_mistakes_are_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    verb_that(monkeypatch, ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        main(["status"])


def run_alone(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )


def test_the_list_imports_no_verb_and_nothing_heavy() -> None:
    done = run_alone(
        "import sys; from honeypost.cli.main import main; main(['--help']);"
        "print([m for m in sys.modules if m.startswith(('honeypost.cli.', 'honeypost.stores', 'cryptography', 'rich.live'))])"
    )
    assert done.stdout.splitlines()[-1] == "['honeypost.cli.main']"


def test_a_reader_that_hangs_up_is_no_news() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "honeypost.cli.main", "schema", "status"],
        stdout=writing, stderr=subprocess.PIPE, timeout=60, check=False,
    )  # fmt: skip
    os.close(writing)
    assert (done.returncode, done.stderr) == (PROBLEM, b"")
