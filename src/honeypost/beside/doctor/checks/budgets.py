"""Do the budgets fit this host?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from honeypost.beside.doctor.case import Case
from honeypost.beside.doctor.results import Check, Result, ok, red, warn

MIB = 1024 * 1024
WORKER_BYTES = 64 * MIB
"""The worker with its child; measured in PSS at rest it needs less."""
SHARE = 0.5
"""Of a host's memory; the rest is the mail server's."""
CGROUP = "sys/fs/cgroup/system.slice/honeypost-edge.service/memory.max"


def look(case: Case) -> Iterator[Result]:
    """Compare with the memory of the host and with the unit's own limit."""
    memory = case.site.system.memory_bytes
    edge = case.config.budgets.memory_bytes
    wanted, limit = edge + WORKER_BYTES, _limit(case.root / CGROUP)
    line = f"up to {wanted // MIB} MiB of {(memory or 0) // MIB} MiB memory"
    mend = "lower budgets.memory_bytes"
    if limit is not None and limit <= edge:
        yield red(
            f"the edge is killed at {limit // MIB} MiB before it sheds at {edge // MIB} MiB", mend
        )
    elif memory is None:
        yield warn("the memory of this host could not be read", "look at /proc/meminfo")
    elif wanted > memory:
        yield red(line, mend)
    elif wanted > memory * SHARE:
        yield warn(line, mend)
    else:
        yield ok(line)


def _limit(path: Path) -> int | None:
    try:
        text = path.read_text("ascii")
    except OSError:
        return None
    match = re.fullmatch(r"(\d+)\s*", text)
    return int(match[1]) if match else None


CHECK = Check(
    "budgets",
    "Our budgets fit into half of the host's memory, and below the unit's own limit.",
    "`budgets.memory_bytes` and what the worker needs against /proc/meminfo and memory.max.",
    look,
)
