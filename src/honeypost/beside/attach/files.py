"""
Configuration files: how each stands, and how one is replaced in a single step.

A file is written beside its place and renamed over it, with its mode and owner set before, so that
a daemon that reads it at any moment finds the old text or the new one.  A symbolic link stays a
link; what it points to is replaced.
"""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

import msgspec

from honeypost.config.durable import sync_folder

FILE_BYTES = 4 * 1024 * 1024
"""A larger file is not a configuration, and is not touched."""

DRAFT = ".honeypost-draft"
"""Ending of a file that is being written; no daemon's ``*.conf`` takes it in."""


class Standing(msgspec.Struct, frozen=True):
    """A file as it stands: content, mode, owner and time of its last change."""

    sha256: str
    mode: int
    uid: int
    gid: int
    mtime_ns: int

    def same(self, other: Standing | None) -> bool:
        """Is it equal in all that matters (content, mode, owner)?"""
        return other is not None and msgspec.structs.replace(other, mtime_ns=self.mtime_ns) == self


def standing(path: Path) -> Standing | None:
    """
    Look at a file, ``None`` when there is none.

    :raises OSError: it cannot be read. :raises ValueError: it is no plain file, or too large.
    """
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return Standing(
        sha256=hashlib.sha256(content(path)).hexdigest(),
        mode=stat.S_IMODE(found.st_mode),
        uid=found.st_uid,
        gid=found.st_gid,
        mtime_ns=found.st_mtime_ns,
    )


def content(path: Path) -> bytes:
    """
    Read a whole file.

    :raises OSError: it cannot be read. :raises ValueError: it is no plain file, or too large.
    """
    found = path.stat()
    if not stat.S_ISREG(found.st_mode) or found.st_size > FILE_BYTES:
        raise ValueError(f"{path} is not a plain file of at most {FILE_BYTES} bytes")
    return path.read_bytes()


def put(path: Path, data: bytes, like: Standing) -> None:
    """
    Write a file in one step; durable when this returns.

    :param like: mode, owner and time that it gets (its hash is not looked at).
    :raises OSError: it could not be written; the file that was there is still whole.
    """
    place = path.resolve()
    draft = place.with_name(f".{place.name}{DRAFT}")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fchown(file.fileno(), like.uid, like.gid)
            os.fchmod(file.fileno(), like.mode)
            os.fsync(file.fileno())
        os.utime(draft, ns=(like.mtime_ns, like.mtime_ns))
        draft.replace(place)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    sync_folder(place.parent)


def remove(path: Path) -> None:
    """Remove a file that we brought, and a draft of it that a crash left."""
    path.with_name(f".{path.name}{DRAFT}").unlink(missing_ok=True)
    if path.exists():
        path.unlink()
        sync_folder(path.parent)
