"""A real kill -9 in the middle of it: what was said to be safe is there, every store opens."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from conftest import ROOT
from honeypost.stores.reader import SegmentReader
from honeypost.stores.view import JournalView
from support.storage import body_of

KILLS = 50 if os.environ.get("HONEYPOST_PROOF") else 5
NUMBERS_APART = 1_000_000


def capture_until_killed(directory: Path, start: int, lines_wanted: int) -> list[list[str]]:
    """Run the child, kill it after so many promises, and give all that it had said by then."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "tests")}
    command = [sys.executable, "-m", "support.capture_child", str(directory), str(start)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as child:
        assert child.stdout is not None
        said = [child.stdout.readline() for _ in range(lines_wanted)]
        child.kill()
        said += child.stdout.readlines()
    assert child.returncode == -9
    return [line.decode().split() for line in said if line.endswith(b"\n")]


@pytest.mark.proof
def test_nothing_acknowledged_is_lost_by_kill_9_under_load(tmp_path: Path) -> None:
    lot = random.Random(50)
    captures: dict[str, int] = {}
    events: set[str] = set()
    for round_ in range(KILLS):
        for what, id_, number in capture_until_killed(
            tmp_path, round_ * NUMBERS_APART, lot.randrange(1, 400)
        ):
            if what == "capture":
                captures[id_] = int(number)
            else:
                events.add(id_)
    assert captures
    assert events

    reader = SegmentReader(tmp_path / "segments")
    found = {kept.capture.id for kept in reader.after()}
    assert not captures.keys() - found
    for id_, number in lot.sample(sorted(captures.items()), min(500, len(captures))):
        assert reader.read(id_) == body_of(number, number % 5 * 3000)
    with JournalView(tmp_path / "journal.db") as view:
        assert not events - {entry.id for entry in view.all_entries()}
    with closing(sqlite3.connect(tmp_path / "journal.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
