from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from honeypost.cli.main import VERBS, main
from honeypost.cli.schema import SHAPES, described
from honeypost.config.schema import Paths


@pytest.mark.parametrize("command", SHAPES)
def test_every_schema_is_one(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", command]) == 0
    Draft202012Validator.check_schema(json.loads(capsys.readouterr().out))


def test_every_command_with_json_has_one() -> None:
    assert set(SHAPES) == set(VERBS) - {"schema"}


def test_an_unknown_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "coffee"]) == 2
    assert "no schema for 'coffee'; there is one for status, accounts" in capsys.readouterr().err


def test_no_python_in_the_descriptions() -> None:
    for command in SHAPES:
        assert "(" not in json.dumps(
            [d.get("description", "") for d in described(command)["$defs"].values()]
        ).replace("(a", "")


@pytest.mark.parametrize(
    "line",
    [
        "status", "accounts", "captures", "captures show 4Zq1", "captures show 4Zq2", "explain info",
        "explain 192.0.2.9", "explain 4Zq2", "gc --dry-run",
    ],
)  # fmt: skip
def test_real_output_is_valid(told: Paths, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    command = line.split()
    assert main([*command, "--json", "--data", str(told.data)]) == 0
    validator = Draft202012Validator(described(command[0]))
    printed = capsys.readouterr().out.splitlines()
    assert printed
    for one in printed:
        validator.validate(json.loads(one))


REFUSED = (
    "Nov 20 06:25:01 mx postfix/submission/smtpd[7]: warning: unknown[192.0.2.7]: "
    "SASL PLAIN authentication failed: (reason unavailable), sasl_username=info@example.org\n"
)


@pytest.mark.parametrize(
    ("line", "content"),
    [("extract", "Subject: x\n\nhttp://a.example/\n"), ("replay --year 2026", REFUSED)],
)
def test_output_about_files_is_valid(
    tmp_path: Path, line: str, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = tmp_path / "given"
    given.write_text(content)
    command = line.split()
    assert main([*command, str(given), "--json"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == 1
    Draft202012Validator(described(command[0])).validate(json.loads(printed[0]))


def test_what_is_swept_and_forgotten_is_valid(
    history: Paths, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in (["gc"], ["forget", "192.0.2.1"]):
        assert main([*command, "--json", "--data", str(history.data)]) == 0
        line = json.loads(capsys.readouterr().out)
        Draft202012Validator(described(command[0])).validate(line)


def test_a_missing_field_is_not_valid(told: Paths, capsys: pytest.CaptureFixture[str]) -> None:
    main(["status", "--json", "--data", str(told.data)])
    found = json.loads(capsys.readouterr().out)
    del found["messages_left"]
    assert not Draft202012Validator(described("status")).is_valid(found)
