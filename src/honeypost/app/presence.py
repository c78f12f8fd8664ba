"""
Is the daemon running, and where does it listen?

The supervisor holds a lock on ``DATA/running.json`` while it lives, so a file left by a crash
does not pass for a running daemon, and two daemons never share one folder.  Written whole,
read without waiting.  The file stays, so that ``explain`` reads the configuration that the
stored answers were given by.

Where systemd runs the processes there is no supervisor, and each says so in its own folder;
together they are the daemon.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from honeypost.errors import UsageError

FILE = "running.json"
BYTES_MAX = 64 * 1024
APART = ("edge", "worker")
"""Folders of the processes that may run without a supervisor."""


@dataclass(frozen=True, slots=True)
class Presence:
    """What a running daemon says about itself."""

    started: float
    """Seconds since 1970, UTC."""
    listeners: dict[str, list[str]] = field(default_factory=dict)
    """Where each listener really stands, by its name in the configuration."""
    pids: dict[str, int] = field(default_factory=dict)
    config: str = ""
    """Configuration file, ``""`` when it was started without one."""


class Claim:
    """
    The right to be the one daemon of a data folder; held until closed or the process ends.

    :raises UsageError: when another daemon holds it.
    """

    def __init__(self, data: Path) -> None:
        self._descriptor = os.open(data / FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._descriptor)
            raise UsageError(f"{data} is in use by a running honeypost") from None

    def announce(self, presence: Presence) -> None:
        """Let others know; may be called again when something changes."""
        data = json.dumps(asdict(presence)).encode()
        os.pwrite(self._descriptor, data, 0)
        os.ftruncate(self._descriptor, len(data))

    def close(self) -> None:
        """Give the right up."""
        os.close(self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


@contextmanager
def claimed(folder: Path, presence: Presence, *, unless: bool) -> Iterator[None]:
    """
    Say where one runs for as long as it runs, ``unless`` somebody else says it.

    :raises UsageError: when another process holds the folder.
    """
    if unless:
        yield
        return
    with Claim(folder) as claim:
        claim.announce(presence)
        yield


def running(data: Path) -> Presence | None:
    """Say what runs on a data folder, ``None`` when nothing does."""
    return _read(data, only_held=True) or _joined(data, only_held=True)


def last(data: Path) -> Presence | None:
    """Say what runs or ran last on a data folder, ``None`` when nobody knows."""
    return running(data) or _read(data, only_held=False) or _joined(data, only_held=False)


def _joined(data: Path, *, only_held: bool) -> Presence | None:
    """Put the processes that run apart together to one daemon."""
    parts = [part for name in APART if (part := _read(data / name, only_held=only_held))]
    if not parts:
        return None
    joined = Presence(min(part.started for part in parts), config=parts[0].config)
    for part in parts:
        joined.listeners.update(part.listeners)
        joined.pids.update(part.pids)
    return joined


def _read(data: Path, *, only_held: bool) -> Presence | None:
    try:
        with (data / FILE).open("rb") as file:
            if only_held and not _is_held(file.fileno()):
                return None
            return Presence(**json.loads(file.read(BYTES_MAX)))
    except (OSError, ValueError, TypeError):
        return None


def _is_held(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False
