"""
What to do about a store that cannot be used, in one sentence for the operator.

Real mail needs none of our stores, so the first thing to say is that there is no hurry.  A
damaged database is never thrown away by us: what is in it may be all that there is.
"""

from __future__ import annotations

import getpass
from pathlib import Path

from honeypost.errors import StoreBusy, StoreCorrupt, StoreError, StoreFull


def with_mend(error: StoreError, path: Path, without_it: str) -> str:
    """
    Say what is wrong with the database at ``path``, and the mend.

    :param without_it: what happens when it is moved away.
    """
    match error:
        case StoreBusy():
            return str(error)
        case StoreFull():
            return f"{error}; make room on the disk of {path.parent}"
        case StoreCorrupt():
            mend = f"restore {path} from a backup, or move it away: {without_it}"
        case _:
            mend = f"{path} must be a file that {getpass.getuser()} may read and write"
    return f"{error}; real mail does not need it; {mend}"
