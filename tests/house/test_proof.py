"""The table of ``make proof``: what passes, what fails, what is shown."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"house_{name}", ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def proof() -> ModuleType:
    return load("proof")


def printing(proof, text: str, code: int = 0, **more):
    command = (sys.executable, "-c", f"print({text!r}); raise SystemExit({code})")
    return proof.Row("a row", "a bar", command, **more)


def test_what_was_measured_is_shown(proof) -> None:
    result = proof.run(printing(proof, "measured: 3 apples\nmeasured: 5 apples\nbye"))
    assert (result.verdict, result.figure) == ("ok", "5 apples")
    assert proof.run(printing(proof, "== 7 passed ==")).figure == "7 passed"
    assert proof.run(printing(proof, "")).figure == ""


def test_a_command_that_fails_fails(proof, capsys) -> None:
    assert proof.run(printing(proof, "measured: 3", 1)).verdict == "FAILED"
    assert "measured: 3" in capsys.readouterr().err


@pytest.mark.parametrize(("edge", "verdict"), [(39.9, "ok"), (40.1, "FAILED")])
def test_memory_is_judged(proof, edge: float, verdict: str) -> None:
    line = json.dumps({"edge": {"pss_mib": edge}, "all": {"pss_mib": 90.0}})
    result = proof.run(printing(proof, f"noise\n{line}", judge=proof.judge_memory))
    assert result.verdict == verdict
    assert str(edge) in result.figure


@pytest.mark.parametrize(
    ("p99", "most", "kept"), [(20, 200, True), (21, 200, False), (9, 201, False)]
)
def test_latency_is_judged(proof, p99: float, most: float, kept: bool) -> None:
    line = {"busy": {"p99_ms": p99, "max_ms": most}, "load": {"handshakes": 1, "bodies": 2}}
    assert proof.judge_latency(json.dumps(line))[0] is kept


@pytest.mark.parametrize(
    ("day", "attempts", "kept"),
    [("131,072", "41,000", True), ("99,999", "41,000", False), ("131,072", "14,999", False)],
)
def test_log_speed_is_judged(proof, day: str, attempts: str, kept: bool) -> None:
    line = (
        f"{day} lines/s of a busy day (fail2ban 24,000), {attempts} of attempts only (fail2ban 9)"
    )
    assert proof.judge_log_speed(f"noise\nmeasured: {line}") == (kept, line)


@pytest.mark.parametrize(
    ("slow", "fast", "won", "kept"),
    [
        ("23.9", "1.9", 0, True),
        ("24.1", "1.9", 0, False),
        ("23.9", "2.1", 0, False),
        ("1", "1", 1, False),
    ],
)
def test_pace_is_judged(proof, slow: str, fast: str, won: int, kept: bool) -> None:
    table = (
        f"first decoy at 26/day, median of 201   {slow} h (9 of 10: 178.2 h, never: 7)   <= 24 h\n"
        f"first decoy at 500/day, median of 201   {fast} h (9 of 10: 9.3 h, never: 0)     <= 2 h\n"
        f"20,000 random pairs that won     {won}                                   0\n"
    )
    assert proof.judge_pace(table)[0] is kept


def test_output_that_cannot_be_read_fails(proof) -> None:
    assert proof.run(printing(proof, "hello", judge=proof.judge_memory)).verdict == "FAILED"


def test_the_table(proof, monkeypatch, capsys) -> None:
    rows = (printing(proof, "measured: 1"), proof.Row("other", "b", (sys.executable, "-c", "1/0")))
    monkeypatch.setattr(proof, "ROWS", rows)
    assert proof.main(["a row"]) == 0
    assert proof.main([]) == 1
    shown = capsys.readouterr().out
    assert "a row" in shown
    assert "FAILED" in shown
    with pytest.raises(SystemExit):
        proof.main(["nothing of that name"])


def test_without_root_a_row_that_needs_it_is_skipped(proof, monkeypatch) -> None:
    monkeypatch.setattr(proof.os, "geteuid", lambda: 1000)
    row = printing(proof, "measured: 1", needs_root=True)
    assert proof.run(row).verdict == "skipped"


def test_every_row_has_its_command(proof) -> None:
    for row in proof.ROWS:
        for part in row.command[1:]:
            if part.endswith(".py"):
                assert (ROOT / part).is_file()


def test_every_mutant_has_its_anchor_and_its_tests() -> None:
    mutants = load("mutants")
    for mutant in mutants.MUTANTS:
        text = (ROOT / "src" / "honeypost" / mutant.file).read_text()
        assert text.count(mutant.anchor) == 1, mutant.name
        assert mutant.anchor != mutant.replacement
        for test in mutant.tests:
            file, _, name = test.partition("::")
            assert f"def {name}" in (ROOT / file).read_text(), test
