"""
What was attached to a Postfix: written once by the attaching, checked at every grant.

The manifest is a small JSON file beside our other data.  It holds no secret.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from honeypost.beside.postfix.instance import boot_id, boot_offset

CONFIGURATION = ("main.cf", "master.cf")
"""The two files that containment stands in; inline tables keep it to these from Postfix 3.7 on."""

MANIFEST_BYTES = 64 * 1024
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Manifest:
    """One attachment."""

    postfix_directory: str
    """Where main.cf and master.cf are (absolute)."""
    queue_directory: str
    """Where ``pid/master.pid`` is (absolute)."""
    sha256: dict[str, str]
    """Of the two files, as they were attached."""
    recorded_at: float
    """Unix time."""
    boot: str
    """The kernel's boot id at that time."""
    offset: float
    """Wall clock minus time since boot at that time; see :mod:`~honeypost.beside.containment`."""
    format: int = FORMAT
    tables: dict[str, str] = field(default_factory=dict)
    """SHA-256 of the tables that an older Postfix has in files, by their path."""

    def expected(self) -> dict[Path, str]:
        """Give the hash that each file of the containment must have."""
        directory = Path(self.postfix_directory)
        return {
            **{directory / name: value for name, value in self.sha256.items()},
            **{Path(path): value for path, value in self.tables.items()},
        }


def record_attachment(
    path: Path,
    *,
    postfix_directory: Path,
    queue_directory: Path,
    tables: Iterable[Path] = (),
    now: float | None = None,
) -> Manifest:
    """
    Write the manifest of the configuration as it stands on disk now.

    To be called after the files were written and before Postfix is reloaded.  Postfix must be
    reloaded afterwards, or no process of it counts as having loaded them.

    :param tables: files of tables, where Postfix has no inline ones.
    :param now: Unix time, of the clock when not given.
    :raises OSError: a file cannot be read or the manifest not be written; an earlier manifest
        is then still whole.
    """
    manifest = Manifest(
        postfix_directory=str(postfix_directory.resolve(strict=True)),
        queue_directory=str(queue_directory.resolve(strict=True)),
        sha256={name: digest(postfix_directory / name) for name in CONFIGURATION},
        recorded_at=time.time() if now is None else now,
        boot=boot_id(),
        offset=boot_offset(),
        tables={str(table.absolute()): digest(table) for table in tables},
    )
    _replace(path, json.dumps(asdict(manifest), indent=1).encode() + b"\n")
    return manifest


def read_manifest(path: Path) -> Manifest:
    """
    Read a manifest back.

    :raises OSError: it cannot be read. :raises ValueError: it is none, or of another format.
    """
    with path.open("rb") as file:
        raw = json.loads(file.read(MANIFEST_BYTES))
    try:
        manifest = Manifest(**raw)
        complete = set(manifest.sha256) == set(CONFIGURATION) and manifest.format == FORMAT
        complete = complete and isinstance(manifest.tables, dict)
    except (TypeError, AttributeError) as error:
        raise ValueError(f"{path} is not a manifest") from error
    if not complete:
        raise ValueError(f"{path} is not a manifest of format {FORMAT}")
    return manifest


def digest(path: Path) -> str:
    """
    SHA-256 of a file in hex.

    :raises OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _replace(path: Path, content: bytes) -> None:
    draft = path.with_name(path.name + ".new")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.chmod(0o644)
    draft.replace(path)
