"""
Shared by all tests: what may be missing, and where the data is.

A missing program or data set skips at home and says why; in CI (``CI=true``) it fails.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
IN_CI = os.environ.get("CI", "") not in ("", "false", "0")
EXTRA_PATHS = ("/usr/sbin", "/sbin")


LONGEST_FIRST = ("test_attached.py", "test_attach.py", "test_unharmed.py", "test_ways_out.py")
"""Files of minutes, which would else keep one worker busy after all others are done."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files; the order within a file stays."""
    places = {name: place for place, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: places.get(item.path.name, len(places)))


def missing(reason: str) -> None:
    """Skip at home, fail in CI."""
    if IN_CI:
        pytest.fail(f"missing in CI: {reason}", pytrace=False)
    pytest.skip(reason)


def program(name: str) -> str:
    """Give the path of a program, also from the sbin folders."""
    found = shutil.which(name) or shutil.which(name, path=os.pathsep.join(EXTRA_PATHS))
    if found is None:
        missing(f"program {name} is not installed")
        raise AssertionError
    return found


@pytest.fixture(scope="session")
def data_directory() -> Path:
    """Give the folder of hostile data, ``HONEYPOST_TEST_DATA`` or beside the checkout."""
    path = Path(os.environ.get("HONEYPOST_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not path.is_dir():
        missing(f"test data {path} is not there")
    return path


@pytest.fixture
def as_root() -> None:
    """Need root: to start daemons that change user, or to make namespaces."""
    if os.geteuid() != 0:
        missing("not root")


@pytest.fixture
def programs(request: pytest.FixtureRequest) -> dict[str, str]:
    """Paths of the programs that ``@pytest.mark.programs("postfix", ...)`` names."""
    marker = request.node.get_closest_marker("programs")
    return {name: program(name) for name in (marker.args if marker else ())}
