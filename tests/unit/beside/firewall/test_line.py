"""The edge's side: queues, tells everything anew, and never waits."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from honeypost.beside.firewall import line as lines
from honeypost.beside.firewall.line import QUEUE, FirewallLine
from honeypost.engine.penalties import Standing
from support.waiting import until_async


@asynccontextmanager
async def serving(path, answer: Callable[[StreamReader, StreamWriter], Awaitable[None]]):
    """Somebody at the helper's place."""

    async def serve(reader: StreamReader, writer: StreamWriter) -> None:
        try:
            await answer(reader, writer)
        finally:
            writer.transport.abort()

    server = await asyncio.start_unix_server(serve, path)
    try:
        yield
    finally:
        server.close()


class Line:
    """A line that runs, with what stands."""

    def __init__(self, path) -> None:
        self.line = FirewallLine(path, retry_seconds=0.01)
        self.standing: list[Standing] = []

    async def __aenter__(self):
        self._task = asyncio.ensure_future(self.line.run(lambda: self.standing))
        return self

    async def __aexit__(self, *_):
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


async def test_orders_arrive_and_packets_are_counted(helper, nft, tmp_path):
    nft.count(42)
    async with Line(tmp_path / "s") as running:
        await until_async(lambda: running.line.packets == 42)
        assert running.line.trouble == ""
        running.line.impose("192.0.2.7", 60)
        running.line.lift("192.0.2.8")
        await until_async(lambda: any("192.0.2.8" in run for run in nft.told))
        assert any("192.0.2.7 timeout 60s" in run for run in nft.told)
        assert running.line.refused == 0


async def test_what_stands_is_told_when_the_helper_comes(nft, tmp_path, helper):
    await helper.close()
    async with Line(tmp_path / "s") as running:
        running.line.impose("192.0.2.9", 60)
        running.line.lift("192.0.2.8")
        running.standing = [Standing(f"192.0.2.{number}", 50) for number in range(1, 6)]
        await until_async(lambda: "does not answer" in running.line.trouble)
        await helper.open(tmp_path / "s")
        await until_async(lambda: not running.line.trouble)
    told = next(run for run in nft.told if "element" in run)
    assert "192.0.2.5 timeout 50s" in told
    assert "delete element inet honeypost v4 { 192.0.2.8 }" in told
    assert "192.0.2.9" not in told, "what stands is known better by who keeps it"


async def test_what_stands_is_told_again_after_the_helper_ended_the_connection(
    helper, nft, tmp_path
):
    async with Line(tmp_path / "s") as running:
        await until_async(lambda: not running.line.trouble)
        running.standing = [Standing("192.0.2.7", 50)]
        nft.break_on("element", "list")
        running.line.impose("192.0.2.7", 50)
        await until_async(lambda: running.line.refused)
        nft.break_on()
        await until_async(lambda: any("192.0.2.7 timeout 50s" in run for run in nft.told))


async def test_a_helper_that_hangs_is_left(tmp_path, monkeypatch):
    monkeypatch.setattr(lines, "ANSWER_SECONDS", 0.05)

    async def hang(reader, _writer):
        await reader.read()

    async with serving(tmp_path / "s", hang), Line(tmp_path / "s") as running:
        await until_async(lambda: "it took too long" in running.line.trouble)
        assert running.line.trouble


async def test_answers_that_are_none_are_passed_over(tmp_path):
    async def babble(reader, writer):
        while await reader.readline():
            writer.write(b"count many\n")

    async with serving(tmp_path / "s", babble), Line(tmp_path / "s") as running:
        await until_async(lambda: not running.line.trouble)
        assert running.line.packets == 0


async def test_an_endless_answer_is_no_answer(tmp_path):
    async def rave(reader, writer):
        await reader.readline()
        writer.write(b"x" * 10_000)
        await reader.read()

    async with serving(tmp_path / "s", rave), Line(tmp_path / "s") as running:
        await until_async(lambda: "does not answer" in running.line.trouble)


async def test_orders_that_wait_are_bounded(tmp_path):
    line = FirewallLine(tmp_path / "s")
    for number in range(2 * QUEUE):
        line.impose("192.0.2.7", 1 + number)
    assert len(line._waiting) == QUEUE


async def test_many_orders_go_in_bursts(helper, nft, tmp_path, monkeypatch):
    monkeypatch.setattr(lines, "BURST", 2)
    async with Line(tmp_path / "s") as running:
        await until_async(lambda: not running.line.trouble)
        for number in range(1, 6):
            running.line.impose(f"192.0.2.{number}", 60)
        await until_async(lambda: any("192.0.2.5" in run for run in nft.told))
        assert sum("element" in run for run in nft.told) >= 3


@pytest.mark.parametrize("there", [True, False])
async def test_to_clear_needs_no_helper(helper, nft, tmp_path, *, there):
    path = tmp_path / ("s" if there else "none")
    await FirewallLine(path).clear()
    assert any("flush set" in run for run in nft.told) is there
