"""Was the machine quiet?  A figure that was taken on a busy one says so itself."""

from __future__ import annotations

import os
from pathlib import Path

QUIET_LOAD = 0.3
"""Runnable processes a core, before anything of ours runs; one minute's mean."""
QUIET_STEAL = 0.02
"""Share of the time that the hypervisor gave to others."""


def _jiffies() -> tuple[int, int]:
    """All jiffies of all cores so far, and the stolen ones (proc(5))."""
    fields = [int(each) for each in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return sum(fields), fields[7]


class Quiet:
    """Looks at the machine before a run and after it."""

    def __init__(self) -> None:
        self._load = os.getloadavg()[0]
        self._all, self._stolen = _jiffies()
        if self._load > QUIET_LOAD * (os.cpu_count() or 1):
            print(f"WARNING: the machine is not quiet: load {self._load:.1f} before the start")

    def steal(self) -> float:
        """Give the share of time that was stolen since the start."""
        total, stolen = _jiffies()
        return (stolen - self._stolen) / max(1, total - self._all)

    def report(self) -> None:
        """Print a line about load and steal."""
        steal = self.steal()
        loud = "WARNING: " if steal > QUIET_STEAL else ""
        print(f"{loud}machine: load {self._load:.1f} before the start, {steal:.1%} stolen since")
