from __future__ import annotations

from pathlib import Path

import pytest

from honeypost.config.schema import Paths
from support.history import make_history


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    """A folder with a small history; only for looking."""
    return make_history(tmp_path_factory.mktemp("history") / "data")


@pytest.fixture
def history(tmp_path: Path) -> Paths:
    """One of your own, to spoil."""
    return make_history(tmp_path / "data")
