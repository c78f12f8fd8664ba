from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from honeypost.stores.intel import IntelStore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the worker's file is."""
    return tmp_path / "worker" / "intel.db"


@pytest.fixture
def intel(path: Path) -> Iterator[IntelStore]:
    """The worker's file, open."""
    with IntelStore(path) as made:
        yield made
