"""Dovecot's side is spoken by a scripted server; the real one is asked in tests/integration."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress

import pytest

from honeypost.beside.cannot_tell import CannotTell
from honeypost.beside.dovecot import userdb
from honeypost.beside.dovecot.userdb import UserDatabase


@asynccontextmanager
async def dovecot(path, *, users=(), answer=None, listing=None):
    """Serve an auth-userdb socket; ``answer`` replaces the reply to each question."""
    asked, connections = [], set()

    async def serve(reader, writer):
        connections.add(asyncio.current_task())
        writer.write(b"VERSION\t1\t1\nSPID\t77\n")
        while line := await reader.readline():
            verb, number, *rest = line.decode().rstrip("\n").split("\t")
            if verb == "USER":
                asked.append(rest[0])
                known = f"USER\t{number}\t{rest[0]}\tuid=1\n"
                usual = known if rest[0] in users else f"NOTFOUND\t{number}\n"
                writer.write(usual.encode() if answer is None else answer)
            if verb == "LIST":
                writer.write(listing)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_unix_server(serve, path)
    try:
        yield asked
    finally:
        server.close()
        async with asyncio.timeout(5):
            await asyncio.gather(*connections, return_exceptions=True)


async def test_finds_a_name_among_many(tmp_path):
    async with dovecot(tmp_path / "s", users={"bob"}):
        database = UserDatabase(str(tmp_path / "s"))
        assert await database.any_of(["alice", "bob"]) is True
        assert await database.any_of(["alice", "carol"]) is False
        assert await database.any_of([]) is False


async def test_asks_each_name_once_and_more_than_one_batch(tmp_path):
    names = [f"n{number}" for number in range(userdb.PIPELINED + 7)]
    async with dovecot(tmp_path / "s") as asked:
        assert await UserDatabase(str(tmp_path / "s")).any_of(names * 2) is False
    assert asked == names


@pytest.mark.parametrize("answer", [b"FAIL\t1\treason=x\n", b"HELLO\n", b""])
async def test_whatever_is_no_clear_answer_is_never_nobody(tmp_path, answer):
    async with dovecot(tmp_path / "s", answer=answer):
        question = UserDatabase(str(tmp_path / "s")).any_of(["bob"])
        with pytest.raises((CannotTell, TimeoutError)):
            await asyncio.wait_for(question, 0.2)


async def test_a_closed_connection_cannot_tell(tmp_path):
    async def hang_up(_reader, writer):
        writer.close()

    server = await asyncio.start_unix_server(hang_up, tmp_path / "s")
    with pytest.raises(CannotTell):
        await UserDatabase(str(tmp_path / "s")).any_of(["bob"])
    server.close()


async def test_a_line_without_end_cannot_tell(tmp_path):
    async with dovecot(tmp_path / "s", answer=b"x" * (2 * userdb.LINE_BYTES) + b"\n"):
        with pytest.raises(CannotTell):
            await UserDatabase(str(tmp_path / "s")).any_of(["bob"])


async def test_no_socket_cannot_tell(tmp_path):
    with pytest.raises(CannotTell, match="No such file"):
        await UserDatabase(str(tmp_path / "none")).any_of(["bob"])


async def test_lists_names_in_lower_case(tmp_path):
    async with dovecot(tmp_path / "s", listing=b"LIST\t1\tBob\nLIST\t1\tal\nDONE\t1\t\n"):
        assert await UserDatabase(str(tmp_path / "s")).listed() == {"bob", "al"}


async def test_a_database_that_cannot_list_says_so(tmp_path):
    async with dovecot(tmp_path / "s", listing=b"DONE\t1\tfail\n"):
        assert await UserDatabase(str(tmp_path / "s")).listed() is None


@pytest.mark.parametrize("listing", [b"LIST\t1\n", b"WHAT\t1\n"])
async def test_a_listing_that_makes_no_sense_cannot_tell(tmp_path, listing):
    async with dovecot(tmp_path / "s", listing=listing):
        with pytest.raises(CannotTell):
            await UserDatabase(str(tmp_path / "s")).listed()


async def test_a_listing_has_a_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(userdb, "LISTED_NAMES", 1)
    async with dovecot(tmp_path / "s", listing=b"LIST\t1\ta\nLIST\t1\tb\nDONE\t1\t\n"):
        with pytest.raises(CannotTell):
            await UserDatabase(str(tmp_path / "s")).listed()
