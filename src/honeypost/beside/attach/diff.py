"""One unified diff of all that an attachment changes, with the keys left out."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from pathlib import Path

from honeypost.beside.attach.plan import Plan, PlannedFile

HIDDEN = "********"


def unified(plan: Plan, read: Callable[[Path], str | None]) -> str:
    """
    Give the diff from what stands there to what would, ``""`` when nothing would change.

    :param read: gives the text of a file, ``None`` when there is none.
    """
    text = "".join(line for file in plan.files for line in _lines(file, read(file.path)))
    for secret in plan.secrets:
        text = text.replace(secret, HIDDEN)
    return text


def _lines(file: PlannedFile, before: str | None) -> Iterator[str]:
    after = file.content.decode("utf-8", "surrogateescape")
    if file.hidden:
        after = f"({len(after.splitlines())} lines that hold a password are not shown)\n"
    changes = difflib.unified_diff(
        (before or "").splitlines(keepends=True),
        after.splitlines(keepends=True),
        "/dev/null" if before is None else str(file.path),
        str(file.path),
    )
    for line in changes:
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
