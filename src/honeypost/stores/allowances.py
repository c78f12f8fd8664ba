"""
``DATA/operator/allowed.json``: networks that the operator allows.  Written by the command line,
read by the edge whenever it has changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from honeypost.engine.allowed import NETWORKS_LIMIT
from honeypost.errors import StoreCorrupt, StoreFull
from honeypost.stores.files import DISK, own_errors

FILE_BYTES: Final = 256 * 1024


class AllowedNetwork(msgspec.Struct, frozen=True):
    """One network that the operator allows."""

    network: str
    added: float
    """Unix time."""


_decoder = msgspec.json.Decoder(list[AllowedNetwork])


def read_allowed(path: Path) -> list[AllowedNetwork]:
    """
    Give what is allowed, nothing when nothing ever was.

    :raises StoreCorrupt: the file is none of ours. :raises StoreError: it cannot be read.
    """
    with own_errors(str(path)):
        if not path.exists():
            return []
        with path.open("rb") as file:
            raw = file.read(FILE_BYTES + 1)
    try:
        return _decoder.decode(raw)
    except msgspec.MsgspecError as error:
        raise StoreCorrupt(f"{path}: {error}") from error


def write_allowed(path: Path, networks: Sequence[AllowedNetwork]) -> None:
    """
    Keep what is allowed from now on; there whole or not at all, and readable by the edge.

    :raises StoreFull: they are more than are looked at. :raises StoreError: it cannot be kept.
    """
    if len(networks) > NETWORKS_LIMIT:
        raise StoreFull(f"more than {NETWORKS_LIMIT} allowed networks; allow wider ones")
    with own_errors(str(path)):
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        draft = path.with_suffix(".new")
        draft.write_bytes(msgspec.json.encode(list(networks)))
        draft.chmod(0o644)
        draft.replace(path)
        DISK.sync_directory(path.parent)


def version_of(path: Path) -> tuple[int, int, int]:
    """Tell one version of the file from another without reading it."""
    try:
        status = path.stat()
    except OSError:
        return (0, 0, 0)
    return status.st_ino, status.st_mtime_ns, status.st_size
