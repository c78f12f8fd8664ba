"""
Doing something as the user whose folder it is.

The package gives each process a user of its own, and the operator is root.  A file that root
made in a process's folder could not be written by that process any more; a link that a broken
process left there would lead root astray.  So root takes that user's place before it writes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from honeypost.beside.acting import acting_as


@contextmanager
def acting_as_owner(folder: Path) -> Iterator[None]:
    """
    Be the owner of a folder for a while; changes nothing unless we are root and it is not root's.

    See :func:`~honeypost.beside.acting.acting_as`.

    :raises OSError: there is no such folder.
    """
    state = folder.lstat()
    if os.geteuid() != 0 or state.st_uid == 0:
        yield
        return
    with acting_as(state.st_uid, state.st_gid, []):
        yield
