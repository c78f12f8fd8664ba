"""From a clean clone ``make demo`` runs, without root, small, and quickly the second time."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import missing

ROOT = Path(__file__).resolve().parents[2]
DISK_BYTES = 150 * 1024 * 1024
DEMO = ["make", "--no-print-directory", "demo", "ARGS=--headless --assert --fast"]
SYSTEM_PYTHON = Path("/usr/bin/python3")

pytestmark = pytest.mark.real


@pytest.fixture
def clone() -> Iterator[Path]:
    """A clone of what is committed, owned by nobody in particular."""
    folder = Path(tempfile.mkdtemp(prefix="honeypost-clone-"))
    subprocess.run(["git", "clone", "--quiet", ROOT, folder / "clone"], check=True, timeout=60)
    if os.geteuid() == 0:
        subprocess.run(["chown", "-R", "nobody", folder], check=True, timeout=60)
    yield folder / "clone"
    shutil.rmtree(folder, ignore_errors=True)


def make_demo(clone: Path) -> subprocess.CompletedProcess[str]:
    """Run it as a user without rights, with the system's own Python where there is one."""
    kept = {name: os.environ[name] for name in os.environ if name.startswith(("PIP_", "SSL_"))}
    bare = SYSTEM_PYTHON.exists() and os.geteuid() == 0
    return subprocess.run(
        [*DEMO, f"PYTHON={SYSTEM_PYTHON if bare else sys.executable}"],
        cwd=clone,
        env={**kept, "PATH": "/usr/bin:/bin", "HOME": str(clone.parent)},
        user=pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def disk_bytes(folder: Path) -> int:
    return sum(path.lstat().st_blocks * 512 for path in folder.rglob("*"))


def test_make_demo(clone: Path) -> None:
    first = make_demo(clone)
    if "No matching distribution" in first.stderr or "python3-venv" in first.stderr:
        missing("pip cannot install from here")
    assert first.returncode == 0, first.stderr[-2000:] + first.stdout[-2000:]
    tail = " ".join(" ".join(first.stdout.splitlines()[-3:]).split())
    assert tail.startswith("0 messages left this machine 1 credential traced")
    assert disk_bytes(clone / ".venv-demo") <= DISK_BYTES

    begun = time.monotonic()
    setup = subprocess.run(
        ["scripts/setup.sh", "runtime", ".venv-demo"],
        cwd=clone,
        env={"PATH": "/usr/bin:/bin", "PYTHON": "no-such-python"},
        user=pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (setup.returncode, setup.stdout, setup.stderr) == (0, "", "")
    assert time.monotonic() - begun < 5
