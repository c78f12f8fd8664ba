"""Orders in, transactions out; nobody else is heard and nothing else is done."""

import asyncio
import os

import pytest

from honeypost.beside.firewall import server as serving
from honeypost.beside.firewall.nft import Nft
from honeypost.beside.firewall.server import READ_BYTES, FirewallServer
from honeypost.errors import FirewallError
from support.waiting import until_async


async def say(path, *pieces: bytes) -> bytes:
    """Send, and read until the helper ends the connection or has answered every line."""
    reader, writer = await asyncio.open_unix_connection(path)
    for piece in pieces:
        writer.write(piece)
    wanted, said = b"".join(pieces).count(b"\n"), b""
    async with asyncio.timeout(5):
        while said.count(b"\n") < wanted and (more := await reader.read(4096)):
            said += more
    writer.transport.abort()
    return said


async def ended(path, sent: bytes) -> bytes:
    """Send, and read until the helper ends the connection."""
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(sent)
    try:
        async with asyncio.timeout(5):
            return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.transport.abort()


async def test_it_makes_its_table_and_obeys(helper, nft, tmp_path):
    assert "add table inet honeypost" in nft.told[0]
    nft.count(42)
    assert await say(tmp_path / "s", b"add 192.0.2.7 60\nclear\ncount\n") == b"ok\nok\ncount 42\n"
    assert "192.0.2.7 timeout 60s" in nft.told[1]
    assert "flush set" in nft.told[1]


async def test_orders_may_come_in_pieces(helper, tmp_path):
    pieces = (b"add 192.0", b".2.7 6", b"0\nremove ", b"192.0.2.7\n")
    assert await say(tmp_path / "s", *pieces) == b"ok\nok\n"


async def test_many_orders_are_few_transactions(helper, nft, tmp_path):
    lines = b"".join(b"add 192.0.2.%d 60\n" % number for number in range(200))
    assert await say(tmp_path / "s", lines) == b"ok\n" * 200
    assert len(nft.told) < 5


@pytest.mark.parametrize(
    ("garbage", "said"),
    [
        (b"flush ruleset\n", b"no order is unknown\n"),
        (b"add 0.0.0.0/0 60\n", b"no penalty cannot be on 0.0.0.0/0\n"),
        (b"GET / HTTP/1.1\r\n\r\n", b"no order is unknown\nno order is unknown\n"),
        (b"x" * 200 + b"\n", b"no is too long\n"),
        (b"\x00\xff\n", b"no order is not ASCII\n"),
        (b"x" * 2 * READ_BYTES, b""),
    ],
)
async def test_garbage_ends_the_connection_and_does_nothing(helper, nft, tmp_path, garbage, said):
    assert await ended(tmp_path / "s", garbage) == said
    assert len(nft.told) == 1
    assert await say(tmp_path / "s", b"count\n") == b"count 0\n"


async def test_sound_orders_before_garbage_are_obeyed(helper, nft, tmp_path):
    assert await ended(tmp_path / "s", b"add 192.0.2.7 60\nx\n") == b"ok\nno order is unknown\n"
    assert "192.0.2.7" in nft.told[1]


async def test_another_user_is_not_heard(nft, tmp_path):
    stranger = FirewallServer(Nft(str(nft.program)), (25,), {os.geteuid() + 1})
    await stranger.open(tmp_path / "t")
    assert await ended(tmp_path / "t", b"clear\n") == b""
    await stranger.close()
    assert len(nft.told) == 1


async def test_connections_are_bounded(helper, tmp_path, monkeypatch):
    monkeypatch.setattr(serving, "CLIENTS", 1)
    _, first = await asyncio.open_unix_connection(tmp_path / "s")
    first.write(b"clear\n")
    await until_async(lambda: helper._clients)
    assert await ended(tmp_path / "s", b"clear\n") == b""
    first.transport.abort()


async def test_an_order_that_the_kernel_refuses_is_told(helper, nft, tmp_path):
    nft.break_on("192.0.2.7")
    assert await say(tmp_path / "s", b"add 192.0.2.7 60\n") == b"no nft: Error: no 192.0.2.7\n"
    assert await say(tmp_path / "s", b"add 192.0.2.8 60\n") == b"ok\n"


async def test_a_counter_that_is_none_is_told(helper, nft, tmp_path):
    (nft.folder / "counter").write_text("{}")
    assert (await ended(tmp_path / "s", b"count\n")).startswith(b"no nft shows no counter")


async def test_a_table_that_somebody_flushed_is_made_again_and_the_edge_told(helper, nft, tmp_path):
    nft.break_on("element", "counter")
    said = await ended(tmp_path / "s", b"add 192.0.2.7 60\n")
    assert said == b"no nft: Error: no element\n"
    nft.break_on()
    (nft.folder / "counter").write_text("gone")
    await ended(tmp_path / "s", b"count\n")
    assert sum("add set" in run for run in nft.told) == 2


async def test_a_table_of_another_version_is_replaced(nft, tmp_path):
    class Fussy(Nft):
        async def apply(self, text: str) -> None:
            if "add set" in text and not any("delete table" in run for run in nft.told):
                raise FirewallError("nft: another set")
            await super().apply(text)

    made = FirewallServer(Fussy(str(nft.program)), (25,), {os.geteuid()})
    await made.open(tmp_path / "s")
    await made.close()
    assert "delete table" in nft.told[0]
    assert "add set" in nft.told[1]


async def test_without_a_table_it_does_not_begin(nft, tmp_path):
    nft.break_on("table")
    with pytest.raises(FirewallError):
        await FirewallServer(Nft(str(nft.program)), (25,), {0}).open(tmp_path / "s")
    assert not (tmp_path / "s").exists()


async def test_a_dead_helpers_socket_is_replaced_and_the_own_taken_along(nft, tmp_path):
    (tmp_path / "s").write_text("left over")
    made = FirewallServer(Nft(str(nft.program)), (25,), {os.geteuid()})
    await made.close()
    await made.open(tmp_path / "s")
    assert (tmp_path / "s").is_socket()
    await made.close()
    assert not (tmp_path / "s").exists()


async def test_a_socket_that_cannot_be_made_is_told(nft, tmp_path):
    with pytest.raises(OSError, match="No such file"):
        await FirewallServer(Nft(str(nft.program)), (25,), {0}).open(tmp_path / "none" / "s")
