"""Listening sockets."""

from __future__ import annotations

import asyncio
import socket
import stat
from pathlib import Path

import pytest

from honeypost.config.endpoints import Endpoint, endpoint
from honeypost.config.schema import Listeners
from honeypost.model import Client
from honeypost.net.listener import bind, bind_all, where
from support.net_parts import Stage, eventually, serving


def off(**on: str) -> Listeners:
    return Listeners(**(dict.fromkeys(Listeners.__dataclass_fields__, "") | on))


@pytest.mark.parametrize("wanted", ["127.0.0.1:0", "[::1]:0"])
def test_port_zero_is_shown_as_the_one_that_was_chosen(wanted: str) -> None:
    with bind(endpoint(wanted)) as bound:
        shown = where(bound)
        assert shown.startswith(wanted.removesuffix("0"))
        assert endpoint(shown).port == bound.getsockname()[1] != 0


def test_an_ipv6_socket_leaves_ipv4_alone() -> None:
    with bind(Endpoint("::", 0)) as six:
        port = six.getsockname()[1]
        with bind(Endpoint("0.0.0.0", port)) as four:
            assert four.getsockname()[1] == port


def test_a_taken_address_is_an_error() -> None:
    with bind(endpoint("127.0.0.1:0")) as bound, pytest.raises(OSError, match="in use"):
        bind(endpoint(where(bound)))


async def test_a_unix_socket_is_open_to_who_may_enter_the_folder(tmp_path: Path) -> None:
    path = tmp_path / "policy"
    stage = Stage()
    async with serving(stage.service(), f"unix:{path}") as listener:
        assert where(listener.sockets[0]) == f"unix:{path}"
        assert stat.S_IMODE(path.stat().st_mode) == 0o666
        reader, writer = await asyncio.open_unix_connection(path)
        assert await reader.readline() == b"hello\n"
        assert stage.journal.noted[0][1].client == Client("")
        writer.close()


def test_the_socket_of_a_killed_process_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "policy"
    bind(Endpoint(path=str(path))).close()
    assert path.exists()
    with bind(Endpoint(path=str(path)), 0o600) as bound:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
        assert where(bound) == f"unix:{path}"


def test_a_served_socket_and_a_file_are_not_replaced(tmp_path: Path) -> None:
    path, file = tmp_path / "policy", tmp_path / "file"
    file.write_text("mine")
    with bind(Endpoint(path=str(path))), pytest.raises(OSError, match="in use"):
        bind(Endpoint(path=str(path)))
    with pytest.raises(OSError, match="in use"):
        bind(Endpoint(path=str(file)))
    assert file.read_text() == "mine"


def test_a_socket_that_cannot_be_asked_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "datagram"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        other.bind(str(path))
        with pytest.raises(OSError, match="in use"):
            bind(Endpoint(path=str(path)))
    assert path.exists()


def test_all_that_is_wanted_is_bound() -> None:
    bound = bind_all(off(smtp="127.0.0.1:0 [::1]:0", submission="127.0.0.1:0"))
    try:
        assert {name: len(each) for name, each in bound.items()} == {"smtp": 2, "submission": 1}
    finally:
        for each in bound.values():
            for one in each:
                one.close()


def test_when_one_cannot_be_bound_none_stays() -> None:
    with bind(endpoint("127.0.0.1:0")) as taken, bind(endpoint("127.0.0.1:0")) as probe:
        free = where(probe)
        probe.close()
        with pytest.raises(OSError, match="in use"):
            bind_all(off(smtp=free, submission=where(taken)))
        bind(endpoint(free)).close()


async def test_stopping_ends_sessions_and_refuses_new_ones() -> None:
    stage = Stage()
    async with serving(stage.service()) as listener:
        address = listener.sockets[0].getsockname()
        reader, writer = await asyncio.open_connection(*address)
        await reader.readline()
        listener.stop()
        assert await reader.read() == b""
        await eventually(lambda: not listener.service.connections)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(*address)
        writer.close()
