from __future__ import annotations

import asyncio
import socket
import stat

import pytest

from honeypost.beside import names_service
from honeypost.beside.names_service import NamesClient, NamesService
from honeypost.ports import Reality


class Names:
    def __init__(self):
        self.asked, self.hangs = [], None

    async def reality(self, account):
        self.asked.append(account)
        if self.hangs is not None:
            await self.hangs.wait()
        return Reality.REAL if account.startswith("bob@") else Reality.UNKNOWN


@pytest.fixture
async def served(tmp_path):
    names, path = Names(), tmp_path / "names.sock"
    service = NamesService(names)
    await service.listen(path)
    yield names, path
    await service.close()


async def test_the_client_gives_the_services_answer(served):
    _, path = served
    client = NamesClient(path, 1.0)
    assert await client.reality("bob@example.org") is Reality.REAL
    assert await client.reality("info@example.org") is Reality.UNKNOWN


async def test_the_socket_is_ours_and_our_groups(served):
    _, path = served
    assert stat.S_IMODE(path.stat().st_mode) == 0o660


async def test_a_connection_may_ask_many_times(served):
    _, path = served
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(b"bob@example.org\ninfo@example.org\nnot askable@x\n\xff@x\n")
    assert [await reader.readline() for _ in range(4)] == [
        b"real\n", b"unknown\n", b"unsure\n", b"unknown\n",
    ]  # fmt: skip
    writer.close()


async def test_a_question_without_end_is_cut_off(served):
    _, path = served
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(b"b" * (names_service.LINE_BYTES * 3))
    assert await reader.read() == b""
    writer.close()


async def test_an_idle_connection_is_closed(served, monkeypatch):
    monkeypatch.setattr(names_service, "IDLE_SECONDS", 0.01)
    reader, writer = await asyncio.open_unix_connection(served[1])
    assert await reader.read() == b""
    writer.close()


async def test_one_client_too_many_is_closed(served, monkeypatch):
    monkeypatch.setattr(names_service, "CLIENTS", 1)
    _, path = served
    first = await asyncio.open_unix_connection(path)
    first[1].write(b"bob@example.org\n")
    assert await first[0].readline() == b"real\n"
    assert await NamesClient(path, 1.0).reality("bob@example.org") is Reality.UNSURE
    first[1].close()


async def test_a_dead_worker_is_unsure(tmp_path):
    assert await NamesClient(tmp_path / "none", 1.0).reality("bob@x.org") is Reality.UNSURE


async def test_a_slow_worker_is_unsure(served):
    names, path = served
    names.hangs = asyncio.Event()
    assert await NamesClient(path, 0.02).reality("bob@example.org") is Reality.UNSURE
    names.hangs.set()


async def test_a_stopped_worker_is_unsure(tmp_path):
    path = tmp_path / "names.sock"
    with socket.socket(socket.AF_UNIX) as nobody_accepts:
        nobody_accepts.bind(str(path))
        nobody_accepts.listen(0)
        for _ in range(3):  # the backlog fills up: then even connecting fails
            assert await NamesClient(path, 0.02).reality("bob@x.org") is Reality.UNSURE


async def test_an_answer_that_is_none_is_unsure(tmp_path):
    async def serve(reader, writer):
        await reader.readline()
        writer.write(b"maybe\n")
        writer.close()

    server = await asyncio.start_unix_server(serve, tmp_path / "s")
    assert await NamesClient(tmp_path / "s", 1.0).reality("bob@x.org") is Reality.UNSURE
    server.close()


async def test_what_cannot_be_asked_is_unsure(served):
    names, path = served
    assert await NamesClient(path, 1.0).reality("a b@x") is Reality.UNSURE
    assert names.asked == []


async def test_a_dead_workers_socket_is_replaced(tmp_path):
    path = tmp_path / "names.sock"
    with socket.socket(socket.AF_UNIX) as old:
        old.bind(str(path))
    service = NamesService(Names())
    await service.listen(path)
    assert await NamesClient(path, 1.0).reality("bob@x.org") is Reality.REAL
    await service.close()


async def test_a_place_that_cannot_be_bound_is_an_error(tmp_path):
    with pytest.raises(OSError):
        await NamesService(Names()).listen(tmp_path / "no" / "names.sock")


async def test_closing_what_never_listened_does_nothing():
    await NamesService(Names()).close()
