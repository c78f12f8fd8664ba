"""
What is random per site, in one file (``DATA/site.json``).

Mode 0600, or 0640 where root owns it: then it is the package's, whose processes are users of
their own in one group.

Made once and never changed: every keyed choice (which names exist, how many failures an
account takes) hangs on it, and a site that forgets it answers its attackers differently
tomorrow.  The file appears whole or not at all; when two processes make it at the same time,
both end up with the same one.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

from honeypost.config.durable import sync_folder
from honeypost.config.schema import SiteSecrets
from honeypost.errors import ConfigError, ConfigProblem

KEY_BYTES = 32
SITE_BYTES = 8
MARKER_LENGTH = 8
HEADER_LENGTH = 7
FILE_BYTES_MAX = 4096
LOWER = "abcdefghijklmnopqrstuvwxyz0123456789"
Chance = Callable[[int], bytes]
"""So many random bytes; ``os.urandom`` in production."""

ALNUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + LOWER

_SHAPES = {
    "site": re.compile(rf"[0-9a-f]{{{2 * SITE_BYTES}}}"),
    "key": re.compile(rf"[0-9a-f]{{{2 * KEY_BYTES}}}"),
    "marker_domain": re.compile(rf"[a-z0-9]{{{MARKER_LENGTH}}}\.invalid"),
    "header": re.compile(rf"X-[A-Za-z0-9]{{{HEADER_LENGTH}}}"),
}


def create_if_missing(path: Path, chance: Chance) -> SiteSecrets:
    """
    Give the site's secrets, made now when there are none; durable when this returns.

    The folder is made too, with mode 0700.

    :raises ConfigError: when a file is there and unusable.
    """
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_once(path, _encoded(_fresh(chance)), chance)
    return read(path)


def read(path: Path) -> SiteSecrets:
    """
    Read the site's secrets.

    :raises ConfigError: when the file is missing, open to others (to the group, too, unless
        root owns it) or not what we wrote.
    """
    try:
        with path.open("rb") as file:
            state = os.fstat(file.fileno())
            data = file.read(FILE_BYTES_MAX)
    except OSError as error:
        raise _unusable(path, "file", f"cannot be read: {error.strerror}") from None
    mode = stat.S_IMODE(state.st_mode)
    if mode & (0o037 if state.st_uid == 0 else 0o077):
        raise _unusable(path, "mode", f"is open to others ({mode:04o}); chmod 600 {path}")
    return _decoded(path, data)


def _fresh(chance: Chance) -> SiteSecrets:
    return SiteSecrets(
        site=chance(SITE_BYTES).hex(),
        key=chance(KEY_BYTES),
        marker_domain=f"{_word(LOWER, MARKER_LENGTH, chance)}.invalid",
        header=f"X-{_word(ALNUM, HEADER_LENGTH, chance)}",
    )


def _word(alphabet: str, length: int, chance: Chance) -> str:
    """Draw a word; bytes beyond a multiple of the alphabet are drawn again, so none is likelier."""
    usable = 256 - 256 % len(alphabet)
    word = ""
    while len(word) < length:
        word += "".join(alphabet[byte % len(alphabet)] for byte in chance(length) if byte < usable)
    return word[:length]


def _encoded(secrets: SiteSecrets) -> bytes:
    content = {
        "site": secrets.site,
        "key": secrets.key.hex(),
        "marker_domain": secrets.marker_domain,
        "header": secrets.header,
    }
    return json.dumps(content, indent=1).encode() + b"\n"


def _decoded(path: Path, data: bytes) -> SiteSecrets:
    try:
        content: Any = json.loads(data)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise _unusable(path, "file", "is not the JSON object that honeypost wrote")
    for key, shape in _SHAPES.items():
        value = content.get(key)
        if not isinstance(value, str) or not shape.fullmatch(value):
            raise _unusable(path, key, "is missing or damaged; restore the file from a backup")
    return SiteSecrets(
        site=content["site"],
        key=bytes.fromhex(content["key"]),
        marker_domain=content["marker_domain"],
        header=content["header"],
    )


def _write_once(path: Path, data: bytes, chance: Chance) -> None:
    """Put the file there in one step; one that appeared meanwhile stays."""
    draft = path.with_name(f".{path.name}.{chance(8).hex()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        # link, not rename: rename would replace the file of a process that was faster.
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
    sync_folder(path.parent)


def _unusable(path: Path, key: str, reason: str) -> ConfigError:
    return ConfigError([ConfigProblem(str(path), key, reason)])
