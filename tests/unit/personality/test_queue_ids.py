"""Queue ids pass the tests that attackers make: clock, inodes, order."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest

from honeypost.personality.queue_ids import IN_FLIGHT_MAX, QueueIds, queue_id

KEY = b"k" * 32
NOW = 1_700_000_000.0


def chance(seed: bytes = b"") -> Callable[[int], bytes]:
    state = [seed]

    def draw(count: int) -> bytes:
        state[0] = hashlib.sha256(state[0]).digest()
        return state[0][:count]

    return draw


def inode(name: str) -> int:
    return int(name[5:], 16)


@pytest.mark.parametrize(
    ("now", "name"),
    [(NOW, "0000020C113"), (NOW + 0.999999, "F423F20C113"), (NOW + 0.5, "7A12020C113")],
)
def test_begins_with_the_microsecond(now: float, name: str) -> None:
    assert queue_id(now, 0x20C113) == name


def test_microseconds_are_those_of_the_arrival() -> None:
    ids = QueueIds(KEY, chance())
    for step in range(200):
        now = NOW + step * 0.0371
        assert abs(int(ids(now)[:5], 16) - int(now * 1_000_000) % 1_000_000) <= 1


def test_inodes_are_near_each_other_and_differ_while_messages_wait() -> None:
    ids = QueueIds(KEY, chance())
    inodes = [inode(ids(NOW + step / 1000)) for step in range(100)]
    assert len(set(inodes)) == 100
    assert inodes == sorted(inodes)
    assert max(inodes) - min(inodes) <= 100 * 16


def test_a_quiet_queue_uses_its_inode_again() -> None:
    ids = QueueIds(KEY, chance())
    assert len({inode(ids(NOW + step * 10)) for step in range(20)}) == 1


def test_a_busy_queue_comes_back_to_low_inodes() -> None:
    ids = QueueIds(KEY, chance())
    burst = [inode(ids(NOW + step / 100)) for step in range(50)]
    assert inode(ids(NOW + 60)) == min(burst)


def test_two_in_one_session_differ() -> None:
    ids = QueueIds(KEY, chance())
    assert ids(NOW) != ids(NOW + 0.2)


def test_the_queue_stays_where_it_is_and_is_elsewhere_at_another_site() -> None:
    first = inode(QueueIds(KEY, chance(b"a"))(NOW))
    assert inode(QueueIds(KEY, chance(b"b"))(NOW)) == first
    assert inode(QueueIds(b"o" * 32, chance(b"a"))(NOW)) != first


def test_what_is_remembered_is_bounded() -> None:
    ids = QueueIds(KEY, chance())
    inodes = {inode(ids(NOW)) for _ in range(IN_FLIGHT_MAX + 500)}
    assert len(inodes) == IN_FLIGHT_MAX
