"""What the structure promises: every test has its module, and every module its theory."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "honeypost"
UNIT = ROOT / "tests" / "unit"
HOME = Path.home()

OWN_FILES = {"test_architecture.py"}
"""Of tests/unit, what mirrors no module."""

VAGUE = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}


def modules() -> list[Path]:
    return sorted(path for path in SOURCE.rglob("*.py") if path.name != "__init__.py")


@pytest.mark.parametrize(
    "test", sorted(UNIT.rglob("test_*.py")), ids=lambda path: str(path.relative_to(UNIT))
)
def test_every_unit_test_mirrors_a_module(test: Path) -> None:
    relative = test.relative_to(UNIT)
    if relative.name in OWN_FILES:
        return
    words = relative.stem.removeprefix("test_").split("_")
    folder = SOURCE / relative.parent
    # ``test_edge_modules.py`` is one aspect of ``edge.py``.
    names = ["_".join(words[:count]) for count in range(1, len(words) + 1)]
    assert any(
        (folder / f"{name}.py").exists() or (folder / name / "__init__.py").exists()
        for name in names
    ), f"{relative} tests no module of that name"


@pytest.mark.parametrize("module", modules(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_every_module_says_what_it_is(module: Path) -> None:
    assert module.stem not in VAGUE
    assert ast.get_docstring(ast.parse(module.read_text())), "a module begins with its theory"


def test_no_folder_has_tests_but_no_package() -> None:
    packages = {path.parent.relative_to(SOURCE) for path in SOURCE.rglob("__init__.py")}
    folders = {path.parent.relative_to(UNIT) for path in UNIT.rglob("test_*.py")}
    assert folders <= packages


def test_no_module_names_a_place_of_its_writers_machine() -> None:
    for path in [*modules(), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")]:
        text = path.read_text()
        assert Path("/") == HOME or f"{HOME}/" not in text, path
