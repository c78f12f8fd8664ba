"""The bell that the worker hears."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from honeypost.app.bus import LOOK_AGAIN, PAUSE_SECONDS, Bell
from honeypost.events import SessionOpened
from honeypost.ports import Entry
from support.net_parts import Wind

ENTRY = Entry("0", 0.0, SessionOpened(), None)


def test_many_events_ring_once_in_a_while(tmp_path: Path) -> None:
    timer = Wind()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as worker:
        worker.bind(str(tmp_path / "bus"))
        worker.setblocking(False)
        bell = Bell(tmp_path / "bus", timer)
        for _ in range(100):
            bell.write([ENTRY])
        with pytest.raises(BlockingIOError):
            worker.recv(10)
        timer.advance(PAUSE_SECONDS)
        assert worker.recv(10) == LOOK_AGAIN
        with pytest.raises(BlockingIOError):
            worker.recv(10)
        bell.write([ENTRY])
        bell.close()
        assert worker.recv(10) == LOOK_AGAIN


def test_without_a_worker_nothing_happens(tmp_path: Path) -> None:
    timer = Wind()
    bell = Bell(tmp_path / "bus", timer)
    bell.write([ENTRY])
    timer.advance(PAUSE_SECONDS)
    bell.close()


def test_a_worker_that_hangs_does_not_hold_us_up(tmp_path: Path) -> None:
    timer = Wind()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as worker:
        worker.bind(str(tmp_path / "bus"))
        bell = Bell(tmp_path / "bus", timer)
        for _ in range(1000):
            bell.write([ENTRY])
            timer.advance(PAUSE_SECONDS)
        bell.close()
