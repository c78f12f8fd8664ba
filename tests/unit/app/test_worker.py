"""The worker as a process: ready, woken by a ring, done within two seconds of SIGTERM."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from honeypost.app import worker
from honeypost.app.worker import Findings, Ring, Worker, keep_looking, main
from honeypost.beside.names_service import NamesClient
from honeypost.config.schema import Config, Listeners, Observe, Paths, Site
from honeypost.config.secrets import create_if_missing, read
from honeypost.engine.traces import Trace
from honeypost.errors import StoreError
from honeypost.events import SenderJudged
from honeypost.model import Client, Envelope, Identity, Protocol, Recipient
from honeypost.ports import Reality
from honeypost.stores.findings import IntelView
from honeypost.stores.judgements import JudgementView
from support.costly_mail import NEEDLE
from support.storage import keep, make_store
from support.waiting import until, until_async

STOP_SECONDS = 2.0


@pytest.fixture
def paths(tmp_path):
    # Unix sockets have 108 bytes for their path.
    made = Paths(tmp_path)
    create_if_missing(made.secrets, os.urandom)
    return made


@pytest.fixture
def process(paths):
    started = subprocess.Popen(
        [sys.executable, "-m", "honeypost.app.worker", "--data", str(paths.data)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    yield started
    started.kill()
    started.communicate()


def stop(process) -> float:
    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0, process.stderr.read()
    return time.monotonic() - begun


async def test_ready_then_a_capture_then_the_end(process, paths):
    ready = json.loads(process.stdout.readline())
    assert ready["ready"] is True
    assert ready["pid"] == process.pid
    assert "memory" in ready["protections"]
    assert ready["names"] is False
    assert os.getpriority(os.PRIO_PROCESS, process.pid) == 0  # logins wait for real names
    store = make_store(paths.data / "edge")
    store.open()
    capture = await keep(store, b"To: a@b\r\n\r\n" + NEEDLE.encode())
    store.close()
    with IntelView(paths.intel) as intel:
        until(lambda: intel.finding(capture.id))
        assert [link.url for link in intel.links(capture.id)] == [NEEDLE]
        (entry,) = intel.entries()
        assert (entry.event.capture, entry.event.links) == (capture.id, 1)
    assert stop(process) < STOP_SECONDS
    assert not paths.bus.exists()


def test_a_second_worker_is_refused(process, paths, capsys):
    process.stdout.readline()
    assert main(["--data", str(paths.data)]) == 1
    assert "another process" in capsys.readouterr().err


def test_without_a_site_it_says_so(tmp_path, capsys):
    assert main(["--data", str(tmp_path), "--supervised"]) == 1
    assert "worker: " in capsys.readouterr().err


async def test_real_names_are_answered(paths):
    names = paths.data / "names"
    names.write_text("bob\n")
    config = Config(site=Site(domains=("example.org",), real_names=str(names)))
    running = Worker(config, read(paths.secrets), paths)
    await running.open()
    try:
        client = NamesClient(paths.names, 5.0)
        assert await client.reality("bob@example.org") is Reality.REAL
        assert await client.reality("zebulon@example.org") is Reality.UNKNOWN
    finally:
        await running.close()
    assert not paths.names.exists()


async def test_who_logged_in_is_real(paths, tmp_path):
    log = tmp_path / "mail.log"
    stamp = datetime.fromtimestamp(time.time() - 60, UTC).isoformat()
    log.write_text(
        f"{stamp} mail dovecot: imap-login: Login: user=<zebulon>, method=PLAIN, rip=192.0.2.7,"
        " lip=192.0.2.1, TLS, session=<x>\n"
    )
    (paths.data / "names").write_text("bob\n")
    site = Site(domains=("example.org",), real_names=str(paths.data / "names"))
    config = Config(site=site, observe=Observe(log=(str(log),)))
    for begun in range(2):  # the second time it was learned before
        running = Worker(config, read(paths.secrets), paths)
        await running.open()
        try:
            client = NamesClient(paths.names, 5.0)
            async with asyncio.timeout(10):
                while await client.reality("zebulon@example.org") is not Reality.REAL:
                    assert not begun
                    await asyncio.sleep(0.02)
            assert await client.reality("somebody-else@example.org") is Reality.UNKNOWN
        finally:
            await running.close()
        log.write_text("")


async def test_only_our_group_may_ring(paths):
    running = Worker(Config(), read(paths.secrets), paths)
    await running.open()
    try:
        assert paths.bus.stat().st_mode & 0o777 == 0o660
    finally:
        await running.close()


async def test_without_a_bell_it_looks_every_second(tmp_path, caplog):
    deep = Paths(tmp_path / ("x" * 120))
    create_if_missing(deep.secrets, os.urandom)
    running = Worker(Config(), read(deep.secrets), deep)
    await running.open()
    await running.close()
    assert "looking every 1 s" in caplog.text


async def test_a_ring_ends_the_wait(tmp_path):
    path = str(tmp_path / "bus")
    transport, ring = await asyncio.get_running_loop().create_datagram_endpoint(
        Ring, local_addr=path, family=socket.AF_UNIX
    )
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bell:
        bell.sendto(b"\n", path)
    async with asyncio.timeout(10):
        await ring.wait(60)
    await ring.wait(0.01)
    transport.close()


@pytest.mark.parametrize("turns", range(4))
async def test_who_is_cancelled_while_it_rings_ends(turns):
    ring = Ring()
    waiting = asyncio.create_task(ring.wait(60))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    ring.datagram_received(b"", None)
    for _ in range(turns):
        await asyncio.sleep(0)
    over = waiting.done()
    waiting.cancel()
    await asyncio.wait({waiting})
    assert over or waiting.cancelled()


async def test_a_look_that_fails_is_tried_again_and_seldom_logged(caplog):
    looks = []

    async def look():
        looks.append(1)
        if len(looks) == 150:
            raise KeyboardInterrupt
        raise StoreError("disk")

    async def wait(seconds):
        assert seconds == worker.LOOK_SECONDS

    with pytest.raises(KeyboardInterrupt):
        await keep_looking(look, wait)
    assert len(caplog.records) == 2


async def test_what_is_forgotten_is_read_again(tmp_path):
    class Intel:
        async def prune(self, before):
            return before

        async def forget(self, trace):
            return trace.text

    reread = []
    findings = Findings(Intel(), lambda: reread.append(1))
    assert await findings.prune(3.0) == 3.0
    assert reread == []
    assert await findings.forget(Trace("a@b.example")) == "a@b.example"
    assert reread == [1]


def test_it_opens_no_connection_to_any_network():
    source = Path(worker.__file__).read_text()
    assert "AF_INET" not in source
    assert "open_connection" not in source


async def test_senders_are_judged_where_there_is_a_late_bounce(paths):
    config = Config(listeners=Listeners(limbo="unix:/x"))
    store = make_store(paths.data / "edge")
    store.open()
    sender = Envelope(b"", (Recipient(b"nosuch@example.org"),), queue_id="Q")
    limbo = Identity("s", Client(""), "limbo", Protocol.LIMBO)
    capture = await keep(store, b"\r\n", to=sender, who=limbo)
    store.close()
    running = Worker(config, read(paths.secrets), paths)
    await running.open()
    view = JudgementView(paths.judgements)
    try:
        await until_async(lambda: view.judgement(capture.id, b"nosuch@example.org"))
    finally:
        await running.close()
    with IntelView(paths.intel) as intel:
        assert [entry.event.why for entry in intel.entries(kinds=(SenderJudged.kind(),))] == [
            "the null sender"
        ]
