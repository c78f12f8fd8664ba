"""The schemas in the tree are those that the program prints."""

from __future__ import annotations

from pathlib import Path

import pytest

from honeypost.cli.schema import SHAPES, rendered

SCHEMAS = Path(__file__).resolve().parent.parent.parent / "schemas"


@pytest.mark.parametrize("command", SHAPES)
def test_the_schema_in_the_tree_is_current(command: str) -> None:
    path = SCHEMAS / f"{command}.json"
    assert path.read_text() == rendered(command), (
        f"honeypost schema {command} > schemas/{command}.json"
    )


def test_there_is_no_other() -> None:
    assert {path.stem for path in SCHEMAS.iterdir()} == set(SHAPES)
