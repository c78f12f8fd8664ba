"""The manual says what is so: claims, commands, generated pages, links."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from honeypost.cli.main import VERBS

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
CLAIMS = tomllib.loads((Path(__file__).parent / "claims.toml").read_text())["claim"]
PAGES = sorted(
    path
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "bench").glob("*.md")]
)
LINK = re.compile(r"\[[^\]]*\]\(([^)#]+)(?:#[^)]*)?\)")


def flat(text: str) -> str:
    return " ".join(text.split())


def section(title: str) -> str:
    """Give what stands under a heading of the README."""
    return README.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def bullets(text: str) -> list[str]:
    return [flat(item) for item in re.split(r"(?m)^- ", text)[1:]]


def test_the_readme_begins_as_promised() -> None:
    head, _, rest = README.partition("```")
    sentences = re.findall(r"[^.]+\.(?=\s)", head.partition("\n")[2])
    assert len(sentences) == 4
    commands, _, after = rest.partition("```")
    assert [line.partition("#")[0].strip() for line in commands.strip().splitlines()] == [
        "make demo",
        "make test",
    ]
    assert re.findall(r"(?m)^## (.*)", after)[0] == "Not proven yet"


def test_every_claim_is_in_the_table_and_the_other_way_round() -> None:
    assert bullets(section("What holds today")) == [flat(claim["says"]) for claim in CLAIMS]


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim["says"][:40])
def test_every_claim_has_its_tests(claim: dict[str, object]) -> None:
    tests = claim["tests"]
    assert isinstance(tests, list)
    assert tests
    for test in tests:
        is_there(test)


def is_there(test: str) -> None:
    """See that a test exists, named as pytest names it."""
    file, _, name = test.partition("::")
    path = ROOT / file
    assert path.is_file(), f"{file} is not there"
    if path.suffix == ".py" and name:
        functions = {
            node.name
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        assert name in functions, f"{test} is not there"


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_test_named_is_there(page: Path) -> None:
    for test in re.findall(r"`(tests/[\w/]+\.py(?:::\w+)?)`", page.read_text()):
        is_there(test)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name}: {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_named_is_there(page: Path) -> None:
    text = page.read_text()
    targets = set(re.findall(r"(?m)^([a-z]+):", (ROOT / "Makefile").read_text()))
    assert (
        set(re.findall(r"`make ([a-z]+)", text)) | set(re.findall(r"(?m)^make ([a-z]+)", text))
        <= targets
    )
    assert set(re.findall(r"`honeypost ([a-z]+)", text)) <= set(VERBS)
    for script in re.findall(r"`(?:\.venv/bin/python )?(scripts/[a-z_]+\.(?:sh|py))", text):
        assert (ROOT / script).is_file()


def test_the_generated_pages_are_those_of_the_code() -> None:
    """Every setting, command and event is in them, as the code says it."""
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "docs.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_every_decision_is_in_the_list() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = LINK.findall((folder / "README.md").read_text())
    there = sorted(path.name for path in folder.glob("[0-9]*.md"))
    assert listed == there
    for number, name in enumerate(there, start=1):
        text = (folder / name).read_text()
        assert text.startswith(f"# {number:04} ")
        assert re.findall(r"(?m)^## (.*)", text) == ["Context", "Choice", "What we gave up"]


def test_every_benchmark_is_in_the_list() -> None:
    listed = set(re.findall(r"(?m)^\| `([a-z_]+\.py)`", (ROOT / "bench" / "README.md").read_text()))
    assert listed == {path.name for path in (ROOT / "bench").glob("*.py")}


def test_every_make_target_is_explained() -> None:
    makefile = (ROOT / "Makefile").read_text()
    explained = set(re.findall(r"(?m)^#   make ([a-z]+) ", makefile))
    assert explained == {"demo", "test", "check", "deb", "proof", "clean"}
