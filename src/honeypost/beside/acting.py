"""Having another user's rights for a while, as only root can."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager


@contextmanager
def acting_as(user: int, group: int, groups: Sequence[int]) -> Iterator[None]:
    """
    Be this user, in these groups; then root again, whatever happened.

    All threads of the process change with us, so nothing else may go on meanwhile.
    """
    own_group, own_groups = os.getegid(), os.getgroups()
    os.setgroups(groups)
    os.setegid(group)
    os.seteuid(user)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(own_group)
        os.setgroups(own_groups)
