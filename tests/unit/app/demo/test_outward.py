from __future__ import annotations

import os
import socket
from pathlib import Path

from honeypost.app.demo.outward import opened_outwards

ME = os.getpid()


def test_a_client_of_ours_is_not_outwards() -> None:
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        with socket.create_server((host, 0), family=family) as listening:
            port = listening.getsockname()[1]
            with socket.create_connection((host, port)) as client:
                accepted, _ = listening.accept()
                with accepted:
                    own = f"{client.getsockname()[1]:04X} -> "
                    found = opened_outwards([ME], [port])
                    assert len([each for each in found if own in each]) == 1
                    assert not [each for each in found if f"{port:04X} -> " in each]


def test_a_socket_that_could_ask_for_names_is_outwards() -> None:
    before = opened_outwards([ME], [])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.connect(("127.0.0.1", 53))
        assert any(each.startswith("udp") for each in opened_outwards([ME], []) - before)
    assert opened_outwards([ME], []) <= before


def test_processes_that_are_gone_or_odd(tmp_path: Path) -> None:
    assert opened_outwards([1], [], tmp_path) == frozenset()
    descriptors = tmp_path / "2" / "fd"
    descriptors.mkdir(parents=True)
    (descriptors / "0").write_text("no link")
    (descriptors / "1").symlink_to("pipe:[7]")
    assert opened_outwards([2], [], tmp_path) == frozenset()
