"""
The record of an attachment: what was changed, how it stood before, how far it got.

It is written before the first file is touched and again before every step, so whatever kills us,
the file says what may have been changed and where the earlier content is kept.  What is on disk
is then judged by hash, not by the step: a file is as before, as after, or somebody's own.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec

from honeypost.beside.attach.failure import AttachFailed
from honeypost.beside.attach.files import Standing, put
from honeypost.beside.attach.layout import Layout
from honeypost.beside.attach.postfix_text import PostfixSettings
from honeypost.config.durable import sync_folder

FORMAT = 1
RECORD_MODE = 0o644


class State(StrEnum):
    """How far it got."""

    APPLYING = "applying"
    ATTACHED = "attached"
    DETACHING = "detaching"
    DETACHED = "detached"


class Layer(StrEnum):
    """Counter-measures that lie upon the containment in Postfix, each with its own switch."""

    CAPS = "caps"
    """On simultaneous connections; with penalties."""
    LATE_BOUNCE = "late bounce"
    """Its routes."""
    ACCEPTANCE = "acceptance"
    """Of unknown names; the last to come and the first to go."""


class Step(StrEnum):
    """What is done to attach, in this order."""

    BACKUP = "backup"
    TRIAL = "trial"
    CONTAINMENT = "containment"
    MANIFEST = "manifest"
    RELOAD_POSTFIX = "reload Postfix"
    LOADED = "containment loaded"
    OWN = "our own processes"
    CHAIN = "password chain"
    RELOAD_DOVECOT = "reload Dovecot"
    PROBES = "probes"
    ACCEPT = "unknown names are accepted"
    """For the late bounce alone."""


class FileRecord(msgspec.Struct, frozen=True):
    """One file that is changed."""

    path: str
    group: str
    before: Standing | None
    """``None``: it is ours alone."""
    after: Standing
    saved: str
    """Name of the earlier content in the backup, ``""`` where there is none."""
    also: list[str] = []
    """SHA-256 of what else we have written there on the way."""


class Limbo(msgspec.Struct, frozen=True):
    """What must be known of a late bounce to take it off again."""

    token: str
    """See :class:`~honeypost.beside.postfix.limbo_config.LimboConfig`."""
    socket: str
    """Below the queue directory."""
    domains: list[str]
    """Whose unknown names are accepted."""

    @property
    def name(self) -> str:
        """Name of the socket, and so of its unit."""
        return self.socket.rpartition("/")[2]


class Attachment(msgspec.Struct):
    """One attachment, from its beginning to its end."""

    id: str
    state: State
    begun: float
    """Unix time."""
    postfix_directory: str
    queue_directory: str
    dovecot_config: str
    main_dovecot: str
    """Dovecot's main file when it is changed, else ``""``."""
    chain_folder: str
    marker_domain: str
    settings: PostfixSettings
    files: list[FileRecord]
    folders: list[str]
    """Folders that are made for it, the deepest last."""
    layers: dict[str, PostfixSettings] = {}
    """Settings of counter-measures besides containment, in the order in which they lie upon it."""
    limbo: Limbo | None = None
    """The late bounce that stands, or is being put in place or taken off."""
    steps: list[Step] = []
    """Steps that were begun."""
    format: int = FORMAT


def save(record: Attachment, layout: Layout) -> None:
    """Write the record, in its own place and with its backup; durable when this returns."""
    data = msgspec.json.format(msgspec.json.encode(record), indent=1) + b"\n"
    for path in (layout.backups / record.id / "attachment.json", layout.record):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        put(path, data, _plain())


def close(record: Attachment, layout: Layout) -> None:
    """Note that it is undone: it stays with its backup, and nothing is attached any more."""
    record.state = State.DETACHED
    save(record, layout)
    layout.record.unlink()
    sync_folder(layout.state)


def current(layout: Layout) -> Attachment | None:
    """
    Give the attachment that is, or was being made or undone when somebody was killed.

    :raises AttachFailed: the record cannot be read.
    """
    return _loaded(layout.record) if layout.record.exists() else None


def earlier(layout: Layout, name: str) -> Attachment:
    """
    Give an attachment by its id.

    :raises AttachFailed: there is no such backup, or it cannot be read.
    """
    known = known_ids(layout)
    if name not in known:
        listed = ", ".join(known) or "none"
        raise AttachFailed(f"there is no backup {name}; there are: {listed}")
    return _loaded(layout.backups / name / "attachment.json")


def all_kept(layout: Layout) -> Iterator[tuple[str, Attachment | None]]:
    """Give every backup's id with its record, the oldest first; ``None``: it cannot be read."""
    for name in known_ids(layout):
        try:
            yield name, earlier(layout, name)
        except AttachFailed:
            yield name, None


def known_ids(layout: Layout) -> list[str]:
    """Ids of all backups, the oldest first."""
    if not layout.backups.is_dir():
        return []
    return sorted(f.name for f in layout.backups.iterdir() if (f / "attachment.json").exists())


@contextmanager
def held(layout: Layout) -> Iterator[None]:
    """
    Be the only one who attaches or detaches.

    :raises AttachFailed: somebody else is at it.
    """
    layout.state.mkdir(mode=0o755, parents=True, exist_ok=True)
    descriptor = os.open(layout.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise AttachFailed("another honeypost is attaching or detaching right now") from None
    finally:
        os.close(descriptor)


def _loaded(path: Path) -> Attachment:
    try:
        record: Any = msgspec.json.decode(path.read_bytes(), type=Attachment)
    except (msgspec.DecodeError, OSError) as error:
        raise AttachFailed(f"{path} cannot be read: {error}") from None
    if record.format != FORMAT:
        raise AttachFailed(f"{path} was written by another version (format {record.format})")
    return record  # type: ignore[no-any-return]  # decode checked it


def _plain() -> Standing:
    return Standing("", RECORD_MODE, os.geteuid(), os.getegid(), 0)
