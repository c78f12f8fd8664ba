"""A body on its way to the store."""

from __future__ import annotations

import pytest

from honeypost.errors import StoreError
from honeypost.net.reception import Reception
from support.net_parts import TableDirector


@pytest.fixture
def director() -> TableDirector:
    return TableDirector()


def test_bytes_go_to_the_body(director: TableDirector) -> None:
    reception = Reception(director)
    reception.open()
    reception.write(b"a")
    reception.write(b"b")
    body = reception.hand_over()
    assert body is director.bodies[0]
    assert bytes(director.bodies[0].data) == b"ab"
    reception.abandon()
    assert not director.bodies[0].abandoned


def test_what_finds_no_room_is_dropped_and_the_body_freed(director: TableDirector) -> None:
    director.body_limit = 3
    reception = Reception(director)
    reception.open()
    reception.write(b"abc")
    assert not reception.full
    reception.write(b"d")
    reception.write(b"e")
    assert reception.full
    assert director.bodies[0].abandoned
    assert reception.hand_over() is None


@pytest.mark.parametrize("error", [StoreError("broken"), OSError(28, "No space left on device")])
def test_a_store_that_gives_no_body_is_full(director: TableDirector, error: Exception) -> None:
    director.spool_error = error
    reception = Reception(director)
    reception.open()
    reception.write(b"a")
    assert reception.full


def test_a_new_body_begins_empty(director: TableDirector) -> None:
    director.body_limit = 1
    reception = Reception(director)
    reception.open()
    reception.write(b"too long")
    reception.open()
    assert not reception.full
    reception.open()
    assert director.bodies[1].abandoned
