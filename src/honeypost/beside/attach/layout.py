"""Where the parts of an attachment lie, all of it derived from a few folders."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from honeypost.config.load import ATTACHED
from honeypost.config.schema import Paths

FOLDER = "attach"
"""Of the data folder; all that attaching keeps there."""

DISARMED_BYTES = 64 * 1024
"""Read of the guard's flag; it has a line for each time."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Folders of ours on one host."""

    state: Path
    """``attach/`` of the data folder: manifest, record and backups; root's alone to write."""
    config: Path
    """Folder of ``honeypost.toml``."""

    @property
    def manifest(self) -> Path:
        """What :mod:`~honeypost.beside.containment` checks before each grant."""
        return self.state / "containment.json"

    @property
    def record(self) -> Path:
        """The attachment that is, or is being made or undone."""
        return self.state / "attachment.json"

    @property
    def lock(self) -> Path:
        return self.state / "lock"

    @property
    def backups(self) -> Path:
        return self.state / "backups"

    @property
    def trials(self) -> Path:
        """Where the private instances live while they run."""
        return self.state / "trial"

    @property
    def disarmed(self) -> Path:
        """Flag of the guard: why it took our part out of Dovecot."""
        return self.state / "disarmed"

    @property
    def settling(self) -> Path:
        """Flag for our edge: what waits for a late bounce is answered without the delay."""
        return Paths(self.state.parent).settling

    def why_disarmed(self) -> str:
        """Give the guard's last words, with their time; ``""`` while our part is armed."""
        try:
            with self.disarmed.open("rb") as file:
                said = file.read(DISARMED_BYTES).decode("utf-8", "replace").splitlines()
        except OSError:
            return ""
        return said[-1] if said else ""

    @property
    def attached_config(self) -> Path:
        """What attaching found out, read below ``honeypost.toml``, which wins."""
        return self.config / ATTACHED
