"""
Older logs, read by whoever may read them, and handed to whoever writes the store.

The operator's command reads the logs (they may be root's alone) into a store of its own in a
folder for a moment, bounded like every other.  That store is then joined to the worker's in one
transaction: by the command where no worker runs, else by the worker, which finds it in its
folder within a second.  Joining twice is as good as once, so it does not matter who dies when.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Final

from honeypost.app.owner import acting_as_owner
from honeypost.beside.logs.reader import Counts, LogLine
from honeypost.config.schema import Paths
from honeypost.engine.ids import Ids
from honeypost.engine.watching import Picture
from honeypost.errors import NotReady, StoreBusy
from honeypost.ports import Clock
from honeypost.stores.intel import IntelStore
from honeypost.stores.observations import Observations
from honeypost.stores.watched import Watched

SUFFIX: Final = ".import"
WAIT_SECONDS: Final = 30.0
"""How long a command waits for the worker."""
LOOK_SECONDS: Final = 0.1


def imported(
    blocks: Iterable[list[LogLine]],
    counts: Counts,
    paths: Paths,
    marker_domain: str,
    clock: Clock = time.time,
) -> dict[str, int]:
    """
    Read logs and have the worker's store learn what they say.

    :param blocks: of lines, oldest first; ``counts`` goes along with them.
    :return: figures of the logs: ``days``, ``users``, ``networks``, ``refused``.
    :raises OSError: a log cannot be read. :raises StoreError: the store cannot be written.
    :raises NotReady: the running worker did not take it in time; it will when it can.
    """
    with tempfile.TemporaryDirectory(prefix="honeypost-") as folder:
        built = Path(folder) / "observed.db"
        _fold(blocks, counts, built, marker_domain, clock)
        with Observations(built) as view:
            days, observed = view.days(0), view.observed(clock())
            figures = {
                "days": len(days),
                "users": observed.users,
                "networks": observed.networks,
                "refused": sum(day.refused for day in days),
            }
        _hand_over(built, paths, clock)
    return figures


async def take_imports(
    folder: Path,
    watched: Watched,
    reread: Callable[[], None],
    give_way: Callable[[], Awaitable[None]],
) -> int:
    """
    Learn what commands have left in the worker's folder; how many there were.

    :raises StoreError: it cannot be kept; it is tried again.
    """
    count = 0
    for left in _left(folder):
        await give_way()
        watched.learn(left)
        reread()
        _remove(left)
        count += 1
    return count


def _left(folder: Path) -> list[Path]:
    """What was left, the oldest first."""
    return sorted(folder.glob(f"*{SUFFIX}"))


def _remove(left: Path) -> None:
    """Take a store away, with the files that SQLite keeps beside it."""
    for file in left.parent.glob(f"{left.name}*"):
        file.unlink(missing_ok=True)


def _fold(
    blocks: Iterable[list[LogLine]], counts: Counts, path: Path, marker_domain: str, clock: Clock
) -> None:
    reached = 0.0
    with IntelStore(path) as intel:
        watched = Watched(intel)
        for lines in blocks:
            picture = Picture(marker_domain, clock(), reached)
            for line in lines:
                picture.take(line.event, line.place.time)
            picture.look(counts.newest or 0.0)
            reached = picture.reached
            watched.add(picture, "")


def _hand_over(built: Path, paths: Paths, clock: Clock) -> None:
    folder = paths.intel.parent
    name = f"{Ids(os.urandom).at(clock())}{SUFFIX}"
    with built.open("rb") as source, acting_as_owner(folder):
        # Under another name at first, so that the worker never meets half of it.
        draft = folder / f".{name}"
        with draft.open("xb") as target:
            shutil.copyfileobj(source, target)
        left = draft.rename(folder / name)
        try:
            with IntelStore(paths.intel) as intel:
                asyncio.run(take_imports(folder, Watched(intel), lambda: None, _at_once))
        except StoreBusy:
            _wait_until_taken(left)


def _wait_until_taken(left: Path) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while left.exists():
        if time.monotonic() > deadline:
            raise NotReady("the running worker has not taken it in yet; it will when it can")
        time.sleep(LOOK_SECONDS)


async def _at_once() -> None:
    """Give way to nobody."""
