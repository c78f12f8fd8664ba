"""
Looks whether a process has a connection that it made itself.

Reads ``/proc``: the sockets a process holds, and the kernel's table of TCP connections of its
network namespace.  A connection whose local end is one of our listeners came from a client;
any other was opened from here.  UDP is looked at too: nothing of ours resolves names.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator
from pathlib import Path

PROC = Path("/proc")
LISTENING = "0A"
TABLES = ("tcp", "tcp6", "udp", "udp6")


def opened_outwards(
    pids: Collection[int], ports: Collection[int], proc: Path = PROC
) -> frozenset[str]:
    """
    Name every connection that the processes hold and that no client of ours opened.

    :param ports: of our own listeners.
    """
    return frozenset(found for pid in pids for found in _of(proc / str(pid), ports))


def _of(process: Path, ports: Collection[int]) -> Iterator[str]:
    held = set(_sockets(process / "fd"))
    for table in TABLES:
        for local, remote, state, inode in _rows(process / "net" / table):
            if inode in held and state != LISTENING and _port(local) not in ports:
                yield f"{table} {local} -> {remote}"


def _sockets(folder: Path) -> Iterator[str]:
    """Yield the inodes of a process's sockets; one that has ended has none."""
    try:
        descriptors = list(folder.iterdir())
    except OSError:
        return
    for descriptor in descriptors:
        with contextlib.suppress(OSError):
            target = str(descriptor.readlink())
            if target.startswith("socket:["):
                yield target[8:-1]


def _rows(table: Path) -> Iterator[tuple[str, str, str, str]]:
    """Yield local and remote end, state and inode of each row, all as the kernel writes them."""
    try:
        lines = table.read_text("ascii").splitlines()[1:]
    except OSError:
        return
    for line in lines:
        columns = line.split()
        yield columns[1], columns[2], columns[3], columns[9]


def _port(end: str) -> int:
    return int(end.rpartition(":")[2], 16)
