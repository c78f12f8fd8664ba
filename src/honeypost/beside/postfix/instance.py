"""
Which processes of a Postfix instance run, and since when; read from ``/proc``.

Only what everybody may read is needed (``stat``, ``children``, ``locks``), so an unprivileged
daemon can do it and no program is started.  Start times are in clock ticks since boot; the wall
clock enters only as the distance between the two clocks (:func:`boot_offset`).
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")

PROCESSES = 20_000
"""Most children of one master that are looked at."""

STAT_BYTES = 4096
"""More than any ``/proc/PID/stat`` has; the kernel gives it whole to one read."""

READINGS = 5
"""Readings of the list of children before it is called too restless to be believed."""

_LOCK_HOLDER, _LOCK_WHERE = 4, 5
"""Fields of a line of ``/proc/locks``: process id; device and inode."""

_START_FIELD = 19
"""Of ``/proc/PID/stat``, counted behind the closing bracket of the name: starttime."""


@dataclass(frozen=True, slots=True)
class Process:
    """A running process."""

    pid: int
    name: str
    started: float
    """Seconds since boot, rounded down to a tick (10 ms)."""


def boot_offset() -> float:
    """Seconds to add to a time since boot to get the wall clock's, as the clocks stand now."""
    return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)


def boot_id() -> str:
    """
    What tells this boot from any other.

    :raises OSError: where the kernel does not say.
    """
    return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()


def read_process(pid: int, proc: Path = Path("/proc")) -> Process | None:
    """
    Read one process, ``None`` when it is gone.

    :raises OSError: when it cannot be read. :raises ValueError: when it makes no sense.
    """
    try:
        raw = _read(f"{proc}/{pid}/stat")
    except (FileNotFoundError, ProcessLookupError):
        return None
    head, bracket, rest = raw.rpartition(b")")
    if not bracket:
        raise ValueError(f"/proc/{pid}/stat makes no sense")
    name = head.partition(b"(")[2].decode("utf-8", "replace")
    started = int(rest.split()[_START_FIELD]) / TICKS_PER_SECOND
    return Process(pid, name, started)


def _read(path: str) -> bytes:
    # Not Path.read_bytes(): a grant reads a hundred of these, and this takes a third of the time.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(descriptor, STAT_BYTES)
    finally:
        os.close(descriptor)


def read_master(queue_directory: Path, proc: Path = Path("/proc")) -> Process:
    """
    Find the master process of the instance with that queue.

    Its pid file has mode 0600 (measured on 3.7.11) and our daemon is not root, but the master
    keeps that file locked, and the kernel shows everybody who holds which lock (proc_locks(5)).

    :raises OSError: no pid file. :raises ValueError: it names nothing that is a master.
    """
    master = read_process(_master_pid(queue_directory / "pid" / "master.pid", proc), proc)
    if master is None or master.name != "master":
        raise ValueError("Postfix does not run")
    return master


def _master_pid(path: Path, proc: Path) -> int:
    """Read the pid file; who may not (it is root's) asks the kernel who holds its lock."""
    try:
        return int(path.read_text("ascii"))
    except PermissionError:
        inode = str(path.stat().st_ino)
    # The device is left out: on some file systems (btrfs) stat(2) gives another one.
    for line in (proc / "locks").read_text("ascii").splitlines():
        fields = line.split()
        if fields[1] == "FLOCK" and fields[_LOCK_WHERE].rpartition(":")[2] == inode:
            return int(fields[_LOCK_HOLDER])
    raise ValueError("Postfix does not run")


def list_children(pid: int, proc: Path = Path("/proc")) -> list[int]:
    """
    Process ids of all children of a process.

    The kernel's list may skip one when another exits while it is read (proc(5)), so it is
    believed only when two readings agree.

    :raises OSError: the kernel does not list them (CONFIG_PROC_CHILDREN).
    :raises ValueError: the list changes all the time, or is too long.
    """
    listed = proc / str(pid) / "task" / str(pid) / "children"
    pids = listed.read_bytes()
    for _ in range(READINGS):
        before, pids = pids, listed.read_bytes()
        if before == pids:
            break
    else:
        raise ValueError("the processes of Postfix change too fast")
    children = [int(child) for child in pids.split()]
    if len(children) > PROCESSES:
        raise ValueError(f"more than {PROCESSES} processes")
    return children
