"""The edge as a process, and its parts put together."""

from __future__ import annotations

import asyncio
import json
import os
import smtplib
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from honeypost.app.edge import main, parse
from honeypost.app.edge_parts import Edge
from honeypost.config.load import load
from honeypost.config.schema import Paths
from honeypost.config.secrets import create_if_missing, read
from honeypost.errors import ConfigError, UsageError
from honeypost.events import LoginRefused, SessionClosed, SessionOpened
from honeypost.net.listener import bind_all
from honeypost.stores.view import JournalView
from support.certificates import trusting_client
from support.edge_process import (
    OFF,
    address,
    clean_environment,
    running,
    running_edge,
    write_config,
)
from support.net_parts import eventually

ON = """
[listeners]
smtp = "127.0.0.1:0 [::1]:0"
submission = "127.0.0.1:0"
submissions = "[::1]:0"
policy = "unix:{data}/policy"
lookup = "127.0.0.1:0"
authpolicy = "127.0.0.1:0"
lmtp = "127.0.0.1:0"
[beside]
script_key = "s3cret"
[decoys]
refusal_seconds = 0
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def config(data: Path) -> Path:
    return write_config(data, ON.format(data=data))


def login(where: str, *, tls: bool) -> int:
    host, port = address(where)
    trusting = trusting_client()
    if tls:
        client: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=10, context=trusting)
    else:
        client = smtplib.SMTP(host, port, timeout=10)
        client.starttls(context=trusting)
    with client, pytest.raises(smtplib.SMTPAuthenticationError) as refused:
        client.login("info@example.org", "nonsense-of-mine")
    return refused.value.smtp_code


def exchange(where: str, data: bytes) -> bytes:
    """Send and read until the end."""
    with socket.socket(socket.AF_UNIX if where.startswith("unix:") else socket.AF_INET) as client:
        client.settimeout(10)
        client.connect(where.removeprefix("unix:") if "unix:" in where else address(where))
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        got = b""
        while piece := client.recv(4096):
            got += piece
    return got


def test_every_listener_answers_in_an_empty_network(data: Path, config: Path) -> None:
    with running_edge(data, config, "--isolate") as (process, ready):
        assert ready["ready"] is True
        assert ready["pid"] == process.pid
        where = ready["listeners"]
        assert set(where) == {
            *("smtp", "submission", "submissions", "policy", "lookup", "authpolicy", "lmtp")
        }
        for each in where["smtp"]:
            with socket.create_connection(address(each), 10) as client:
                assert client.recv(100) == b"220 mail.example.org ESMTP Postfix\r\n"
        assert login(where["submission"][0], tls=False) == 535
        assert login(where["submissions"][0], tls=True) == 535
        policy = b"request=smtpd_access_policy\nsasl_username=alice@example.org\n\n"
        assert exchange(where["policy"][0], policy) == b"action=DUNNO\n\n"
        form = b"user=info%40example.org&service=imap&rip=192.0.2.7&password=123456"
        asked = b"POST / HTTP/1.1\r\nHost: x\r\nX-Key: s3cret\r\nContent-Length: %d\r\n\r\n%s"
        # Nothing is attached, so nothing may be granted; asked it may be.
        assert exchange(where["lookup"][0], asked % (len(form), form)).startswith(b"HTTP/1.1 204")
        assert b" 403 " in exchange(where["lookup"][0], b"POST / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b'"status":0' in exchange(where["authpolicy"][0], asked % (2, b"{}"))
        with socket.create_connection(address(where["lmtp"][0]), 10) as client:
            assert client.recv(100).startswith(b"220 ")
        status = json.loads((data / "edge" / "status.json").read_text())
        assert status["connections_limit"] == 400
    assert process.returncode == 0, process.stderr.read()
    assert not (data / "policy").exists()
    assert not (data / "edge" / "status.json").exists()
    with JournalView(Paths(data).journal) as view:
        events = [entry.event for entry in view.entries()]
    refused = [event for event in events if isinstance(event, LoginRefused)]
    assert {event.service for event in refused} == {"imap", "submission", "submissions"}
    opened = sum(isinstance(event, SessionOpened) for event in events)
    assert opened == sum(isinstance(event, SessionClosed) for event in events) == 4


def test_sockets_that_were_passed_are_served_and_no_others(data: Path, config: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        bound.set_inheritable(True)
        command = (data, config, f"--fd=smtp={bound.fileno()}")
        with running_passing(bound, *command) as (_, ready):
            assert ready["listeners"] == {"smtp": [f"127.0.0.1:{bound.getsockname()[1]}"]}


def running_passing(bound: socket.socket, data: Path, config: Path, option: str) -> Any:
    command = ("-m", "honeypost.app.edge", "--data", str(data), "--config", str(config), option)
    return running(command, pass_fds=(bound.fileno(),), env=clean_environment())


# In this process


@pytest.fixture
def parts(data: Path, config: Path) -> Iterator[Edge]:
    loaded = load(config, {})
    sockets = bind_all(loaded.listeners)
    yield Edge(loaded, read(Paths(data).secrets), Paths(data), sockets)
    for bound in sockets.values():
        for each in bound:
            each.close()


async def test_what_was_guessed_before_is_remembered(parts: Edge, data: Path) -> None:
    parts.open()
    await parts.listen()
    host, port = address(f"127.0.0.1:{parts.sockets['smtp'][0].getsockname()[1]}")
    reader, writer = await asyncio.open_connection(host, port)
    await reader.readline()
    report = parts.report()
    assert report["connections"] == 1
    assert report["events"] == {"session.opened": 1}
    assert "names no attached containment" in report["doubt"]
    writer.close()
    await eventually(lambda: parts.report()["connections"] == 0)
    await parts.close()
    assert len(parts.tasks) == 0


async def test_what_could_not_be_opened_leaves_nothing_open(parts: Edge, data: Path) -> None:
    (data / "tls" / "key.pem").write_text("no key")
    with pytest.raises(ConfigError, match=r"tls\.certificate"):
        parts.open()
    await parts.close()
    again = Edge(parts.config, read(parts.paths.secrets), parts.paths, {})
    again.store.open()  # the lock is free
    again.store.close()


async def test_a_socket_of_an_unknown_name_is_a_usage_error(parts: Edge) -> None:
    parts.sockets = {"imap4": []}
    parts.open()
    with pytest.raises(UsageError, match="imap4"):
        await parts.listen()
    await parts.close()


def test_an_end_that_asks_for_a_key_needs_one(data: Path) -> None:
    data.mkdir()
    config = load(None, {})
    for name in ("lookup", "authpolicy"):
        with pytest.raises(ConfigError, match=r"beside\.script_key"):
            Edge(config, read(write_secrets(data)), Paths(data), {name: []})


def write_secrets(data: Path) -> Path:
    create_if_missing(data / "site.json", os.urandom)
    return data / "site.json"


def test_problems_are_one_line_and_an_exit_code(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in OFF:
        monkeypatch.setenv(f"HONEYPOST__LISTENERS__{name.upper()}", "")
    assert main(["--data", str(tmp_path)]) == 1
    assert "site.json" in capfd.readouterr().err
    assert main(["--data", str(tmp_path), "--fd", "smtp"]) == 2
    assert "name=descriptor" in capfd.readouterr().err


def test_without_a_folder_there_is_nothing_to_do() -> None:
    with pytest.raises(SystemExit) as ended:
        parse([])
    assert ended.value.code == 2
