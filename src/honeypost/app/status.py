"""
``DATA/edge/status.json``: how the edge is doing, for ``honeypost status``.

Written anew every few seconds, in one step, so a reader sees a whole file; its age says
whether the edge still turns.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from honeypost.net.service import Timed, Timer, call_later
from honeypost.ports import Entry

INTERVAL_SECONDS = 3.0
BYTES_MAX = 64 * 1024
"""Read of the file; it is far shorter."""

Report = Callable[[], dict[str, Any]]


class EventCount:
    """A sink of the journal: how often each kind of event happened since the start."""

    def __init__(self) -> None:
        self.kinds: Counter[str] = Counter()

    def write(self, entries: Sequence[Entry]) -> None:
        """Count."""
        self.kinds.update(entry.event.kind() for entry in entries)


class StatusFile:
    """Writes what ``report`` says, now and then."""

    def __init__(self, path: Path, report: Report, timer: Timer = call_later) -> None:
        self._path = path
        self._report = report
        self._timer = timer
        self._timed: Timed | None = None

    def start(self) -> None:
        """Write now and from now on."""
        self.write()
        self._timed = self._timer(INTERVAL_SECONDS, self.start)

    def stop(self) -> None:
        """Take the file away: nobody runs any more."""
        if self._timed is not None:
            self._timed.cancel()
        self._path.unlink(missing_ok=True)

    def write(self) -> None:
        """Replace the file; a full disk only makes it old."""
        draft = self._path.with_suffix(".new")
        try:
            draft.write_text(json.dumps(self._report()) + "\n")
            draft.replace(self._path)
        except OSError:
            draft.unlink(missing_ok=True)


def read_status(path: Path) -> dict[str, Any]:
    """Give what the edge said last, nothing when it said nothing that can be read."""
    try:
        with path.open("rb") as file:
            found = json.loads(file.read(BYTES_MAX))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
