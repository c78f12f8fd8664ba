"""Folders of tests whose daemons run as users of their own."""

from __future__ import annotations

import tempfile
from pathlib import Path


def short_folder() -> Path:
    """Make a folder that every user may enter; unix sockets need its name short (107 bytes)."""
    folder = Path(tempfile.mkdtemp(prefix="hp-", dir="/tmp"))
    folder.chmod(0o755)
    return folder
