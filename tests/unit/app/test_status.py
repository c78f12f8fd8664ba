"""The status file."""

from __future__ import annotations

import json
from pathlib import Path

from honeypost.app.status import INTERVAL_SECONDS, EventCount, StatusFile
from honeypost.events import LoginReported, SessionOpened
from honeypost.ports import Entry
from support.net_parts import Wind


def test_it_is_written_anew_now_and_then(tmp_path: Path) -> None:
    timer = Wind()
    path = tmp_path / "status.json"
    status = StatusFile(path, lambda: {"now": timer.now}, timer)
    status.start()
    assert json.loads(path.read_text()) == {"now": 0.0}
    timer.advance(INTERVAL_SECONDS)
    timer.advance(INTERVAL_SECONDS)
    assert json.loads(path.read_text()) == {"now": 2 * INTERVAL_SECONDS}
    status.stop()
    assert list(tmp_path.iterdir()) == []
    assert timer.pending == []


def test_stopping_what_never_began_is_fine(tmp_path: Path) -> None:
    StatusFile(tmp_path / "status.json", dict, Wind()).stop()


def test_a_folder_that_cannot_be_written_makes_it_old_and_no_more(tmp_path: Path) -> None:
    status = StatusFile(tmp_path / "missing" / "status.json", dict, Wind())
    status.write()


def test_events_are_counted_by_kind() -> None:
    count = EventCount()
    reported = LoginReported("a@b", b"a@b", "imap", True, False, "")
    count.write([Entry("0", 0.0, event, None) for event in (SessionOpened(), reported, reported)])
    assert dict(count.kinds) == {"session.opened": 1, "login.reported": 2}
