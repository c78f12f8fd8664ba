"""Root becomes another user for a while, and root again."""

from __future__ import annotations

import os

import pytest

from honeypost.beside.acting import acting_as

NOBODY = 65534


def rights() -> tuple[int, int, list[int]]:
    return os.geteuid(), os.getegid(), os.getgroups()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can take another user's place")
def test_user_group_and_groups_change_and_come_back() -> None:
    before = rights()
    with acting_as(NOBODY, NOBODY, [4]):
        assert rights() == (NOBODY, NOBODY, [4])
    assert rights() == before
    with pytest.raises(ZeroDivisionError), acting_as(NOBODY, NOBODY, []):
        raise ZeroDivisionError
    assert rights() == before
