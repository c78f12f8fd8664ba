"""
What a group of processes costs, told by the kernel: processor time, peak memory, OOM kills.

Postfix and Dovecot start a process for a login and let it die, so sums over ``/proc`` miss
most of it; a control group counts the dead too.  Both kinds are known: version 1 (a folder a
controller) and version 2.  The groups are made at the root of the hierarchy, so this needs root.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import time
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
VERSION_2 = (ROOT / "cgroup.controllers").exists()
USUAL, USUAL_SHARES = 100, 1024
"""The weight of a group that nobody weighed, in version 2 and in version 1."""
NUMBERS = itertools.count(1)
GONE_SECONDS = 10.0
"""A group can be removed when its last process is reaped."""


class Group:
    """
    One control group.

    :param memory_bytes: what its processes may use together; 0 sets no limit.
    :param weight: its share where processors are short, as ``CPUWeight=`` of systemd: 100 is usual.
    :raises OSError: the machine lets nobody make groups.
    """

    def __init__(self, name: str, memory_bytes: int = 0, weight: int = USUAL) -> None:
        own = f"honeypost-bench-{os.getpid()}-{next(NUMBERS)}-{name}"
        places = ("",) if VERSION_2 else ("cpuacct", "cpu", "memory")
        self._folders = [ROOT / place / own for place in places]
        for folder in self._folders:
            folder.mkdir()
        self._memory = self._folders[-1]
        if weight != USUAL:
            self._weigh(weight)
        if memory_bytes:
            limit = "memory.max" if VERSION_2 else "memory.limit_in_bytes"
            (self._memory / limit).write_text(str(memory_bytes))

    def _weigh(self, weight: int) -> None:
        if VERSION_2:
            (self._folders[0] / "cpu.weight").write_text(str(weight))
        else:
            (self._folders[1] / "cpu.shares").write_text(str(USUAL_SHARES * weight // USUAL))

    def command(self, arguments: list[str]) -> list[str]:
        """Give the command line that runs a program, and all its children, in the group."""
        procs = " ".join(f"{folder}/cgroup.procs" for folder in self._folders)
        join = 'for each in $0; do echo $$ >"$each" || exit 1; done; exec "$@"'
        return ["sh", "-c", join, procs, *arguments]

    def cpu_seconds(self) -> float:
        """Give the processor time of all that ever ran in it."""
        if VERSION_2:
            return _fields(self._folders[0] / "cpu.stat")["usage_usec"] / 1e6
        return int((self._folders[0] / "cpuacct.usage").read_text()) / 1e9

    def peak_mib(self) -> float:
        """Give the most memory that was in use at once, file cache included."""
        name = "memory.peak" if VERSION_2 else "memory.max_usage_in_bytes"
        return int((self._memory / name).read_text()) / 2**20

    def used_mib(self) -> float:
        """Give what is in use now without file cache: what the kernel cannot take back."""
        fields = _fields(self._memory / "memory.stat")
        return (fields["anon"] if VERSION_2 else fields["rss"]) / 2**20

    def oom_kills(self) -> int:
        """Count the processes that the kernel killed in it for want of memory."""
        name = "memory.events" if VERSION_2 else "memory.oom_control"
        return _fields(self._memory / name)["oom_kill"]

    def close(self) -> None:
        """Remove it; its processes must have ended."""
        deadline = time.monotonic() + GONE_SECONDS
        for folder in self._folders:
            while folder.exists():
                with contextlib.suppress(OSError):
                    folder.rmdir()
                    break
                if time.monotonic() > deadline:
                    print(f"note: {folder} is left behind")
                    break
                time.sleep(0.1)


def _fields(path: Path) -> dict[str, int]:
    return {name: int(value) for name, value in map(str.split, path.read_text().splitlines())}
