"""
What PAM asks for a service: the modules of its ``auth`` lines, ``@include`` and the like followed.

Only whether a password fits is PAM's business; whether a *name* exists we learn from NSS.  So
a module that knows people whom NSS does not show must be found by name.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePath

from honeypost.beside.survey.site import PamService
from honeypost.beside.survey.tables import file_text

INCLUDES = 10
"""Files within files that are followed."""

_KINDS = frozenset({"auth", "-auth"})
_FOLLOWED = frozenset({"include", "substack"})


def read_pam(directory: Path, name: str) -> PamService:
    """
    Read one service; PAM takes ``other`` where there is no file of that name (pam.d(5)).

    :param directory: ``/etc/pam.d``.
    """
    used = name if (directory / name).is_file() else "other"
    try:
        return PamService(name, tuple(_modules(directory, used, INCLUDES)))
    except (OSError, RecursionError) as error:
        return PamService(name, (), str(error))


def _modules(directory: Path, name: str, depth: int) -> Iterator[str]:
    text = file_text(directory / name)
    if text is None:
        raise OSError(f"{directory / name} cannot be read")
    if depth == 0:
        raise RecursionError(f"{directory / name} is included more than {INCLUDES} deep")
    for line in text.replace("\\\n", " ").splitlines():
        words = _words(line.partition("#")[0])
        match words:
            case ["@include", other]:
                yield from _modules(directory, other, depth - 1)
            case [kind, control, other, *_] if kind in _KINDS and control in _FOLLOWED:
                yield from _modules(directory, other, depth - 1)
            case [kind, _, module, *_] if kind in _KINDS:
                yield PurePath(module).name


def _words(line: str) -> list[str]:
    """Split a line; a control in brackets is one word."""
    head, bracket, rest = line.partition("[")
    if not bracket:
        return line.split()
    control, _, tail = rest.partition("]")
    return [*head.split(), control.strip() or "[]", *tail.split()]
