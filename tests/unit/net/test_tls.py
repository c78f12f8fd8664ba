"""The TLS layer with real clients of OpenSSL."""

from __future__ import annotations

import asyncio
import ssl
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from honeypost.errors import ConfigError
from honeypost.events import TlsStarted
from honeypost.model import Protocol, Secret
from honeypost.net.driver import HANDSHAKE_SECONDS
from honeypost.net.tls import TlsLayer, server_context
from honeypost.proto.effects import Ask, Close, Send, StartTls
from honeypost.questions import LoginVerdict, MayLogin
from support.certificates import trusting_client
from support.net_parts import (
    LOOPBACKS,
    ScriptedCore,
    Stage,
    eventually,
    own_certificate,
    serving,
)

LOGIN = MayLogin(b"info", Secret(b"123456"), "PLAIN", Protocol.SUBMISSION, True)


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    return own_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def stage() -> Stage:
    return Stage()


class StartTlsCore(ScriptedCore):
    """Says hello, does STARTTLS when told, echoes; keeps what it holds and drops it as it must."""

    def __init__(self) -> None:
        super().__init__()
        self.on[b"STARTTLS\n"] = self._starttls
        self.on[b"ask"] = self._ask
        self.on[b"QUIT"] = [Send(b"bye"), Close()]
        self.at_answer = lambda _: [Send(b"answered")]

    def receive(self, data: bytes) -> Any:
        if data.startswith(b"STARTTLS\n"):
            self.calls.append(data)
            return self._starttls()
        return super().receive(data)

    def _starttls(self) -> Any:
        self.holding = True
        return [Send(b"220 ready\n"), StartTls()]

    def _ask(self) -> Any:
        self.holding = True
        return [Ask(LOGIN)]


async def in_clear(listener: Any) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection(*listener.sockets[0].getsockname()[:2])
    assert await reader.readline() == b"hello\n"
    return reader, writer


async def in_tls(
    listener: Any, client: ssl.SSLContext
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await in_clear(listener)
    writer.write(b"STARTTLS\n")
    assert await reader.readline() == b"220 ready\n"
    await writer.start_tls(client)
    return reader, writer


@pytest.mark.parametrize("where", LOOPBACKS)
async def test_starttls(stage: Stage, context: ssl.SSLContext, where: str) -> None:
    async with serving(stage.service(StartTlsCore, context=context), where) as listener:
        reader, writer = await in_tls(listener, trusting_client())
        writer.write(b"x")
        assert await reader.read(6) == b"echo x"
        writer.write(b"QUIT")
        assert await reader.read() == b"bye"
        writer.close()
        started = [event for event, _ in stage.journal.noted if isinstance(event, TlsStarted)]
        assert started == [TlsStarted("TLSv1.3", started[0].cipher)]
        assert started[0].cipher.startswith("TLS_")
        assert stage.cores[0].calls == ["open", b"STARTTLS\n", "secured", b"x", b"QUIT"]


@pytest.mark.parametrize("where", LOOPBACKS)
async def test_tls_from_the_first_byte(stage: Stage, context: ssl.SSLContext, where: str) -> None:
    service = stage.service(StartTlsCore, context=context, implicit_tls=True)
    async with serving(service, where) as listener:
        address = listener.sockets[0].getsockname()[:2]
        reader, writer = await asyncio.open_connection(*address, ssl=trusting_client())
        assert await reader.readline() == b"hello\n"
        writer.write(b"x" * 100_000)
        got = b""
        while len(got) < 100_000:
            got += await reader.read(65536)
        assert got.replace(b"echo ", b"") == b"x" * 100_000
        writer.close()
        await eventually(lambda: "eof" in stage.cores[0].calls)
        assert stage.cores[0].calls[0] == "open"


@pytest.mark.parametrize("injected", [b"x", b"RSET\n" * 1000])
async def test_what_came_before_the_handshake_does_not_survive_it(
    stage: Stage, context: ssl.SSLContext, injected: bytes
) -> None:
    async with serving(stage.service(StartTlsCore, context=context)) as listener:
        reader, writer = await in_clear(listener)
        writer.write(b"STARTTLS\n" + injected)
        assert await reader.readline() == b"220 ready\n"
        await writer.start_tls(trusting_client())
        writer.write(b"y")
        assert await reader.read(6) == b"echo y"
        calls = stage.cores[0].calls
        assert calls[calls.index("secured") :] == ["secured", b"y"]
        writer.close()


async def test_plaintext_sent_behind_the_220_ends_the_session(
    stage: Stage, context: ssl.SSLContext
) -> None:
    async with serving(stage.service(StartTlsCore, context=context)) as listener:
        reader, writer = await in_clear(listener)
        writer.write(b"STARTTLS\n")
        assert await reader.readline() == b"220 ready\n"
        writer.write(b"EHLO injected\r\nAUTH PLAIN\r\n")
        with pytest.raises(ConnectionResetError):  # not even an alert, like OpenSSL on a socket
            await reader.read()
        assert stage.cores[0].calls == ["open", b"STARTTLS\n", "eof"]
        writer.close()


@pytest.mark.parametrize(
    "garbage", [b"\x16\x03\x01\xff\xff" + b"\0" * 70_000, b"GET / HTTP/1.1\r\n\r\n", b"\0" * 5]
)
async def test_garbage_instead_of_a_client_hello_ends_the_session(
    stage: Stage, context: ssl.SSLContext, garbage: bytes
) -> None:
    service = stage.service(StartTlsCore, context=context, implicit_tls=True)
    async with serving(service) as listener:
        reader, writer = await asyncio.open_connection(*listener.sockets[0].getsockname())
        writer.write(garbage)
        with suppress(ConnectionResetError):  # what was sent behind the alert was never read
            await reader.read()
        await eventually(lambda: stage.journal.kinds[-1] == "session.closed")
        assert stage.cores[0].calls == ["eof"]
        writer.close()


async def test_a_handshake_that_never_ends_is_ended(stage: Stage, context: ssl.SSLContext) -> None:
    service = stage.service(StartTlsCore, context=context, implicit_tls=True)
    async with serving(service) as listener:
        reader, writer = await asyncio.open_connection(*listener.sockets[0].getsockname())
        await eventually(lambda: len(stage.cores) == 1)
        stage.timer.advance(HANDSHAKE_SECONDS)
        assert await reader.read() == b""
        writer.close()


async def test_a_done_handshake_stops_its_clock(stage: Stage, context: ssl.SSLContext) -> None:
    async with serving(stage.service(StartTlsCore, context=context)) as listener:
        reader, writer = await in_tls(listener, trusting_client())
        await eventually(lambda: "secured" in stage.cores[0].calls)
        stage.timer.advance(HANDSHAKE_SECONDS)
        writer.write(b"x")
        assert await reader.read(6) == b"echo x"
        writer.close()


async def test_what_comes_while_the_core_holds_is_read_afterwards(
    stage: Stage, context: ssl.SSLContext
) -> None:
    ready = asyncio.Event()

    async def slow() -> LoginVerdict:
        await ready.wait()
        return LoginVerdict()

    stage.director.decide = lambda _: slow()
    async with serving(stage.service(StartTlsCore, context=context)) as listener:
        reader, writer = await in_tls(listener, trusting_client())
        writer.write(b"ask")
        await eventually(lambda: len(stage.director.asked) == 1)
        writer.write(b"x")
        writer.write(b"y")
        await writer.drain()
        ready.set()
        got = b""
        while len(got) < 20:
            got += await reader.read(100)
        assert got in (b"answeredecho xecho y", b"answeredecho xy")
        writer.close()


async def test_a_client_that_says_close_notify_is_gone(
    stage: Stage, context: ssl.SSLContext
) -> None:
    async with serving(stage.service(StartTlsCore, context=context)) as listener:
        _, writer = await in_tls(listener, trusting_client())
        await eventually(lambda: "secured" in stage.cores[0].calls)
        writer.close()
        await eventually(lambda: stage.cores[0].calls[-1] == "eof")


async def test_a_client_that_closes_without_close_notify_is_gone(
    stage: Stage, context: ssl.SSLContext
) -> None:
    async with serving(stage.service(StartTlsCore, context=context)) as listener:
        _, writer = await in_tls(listener, trusting_client())
        writer.transport.abort()
        await eventually(lambda: stage.cores[0].calls[-1] == "eof")


@pytest.mark.parametrize(
    "version",
    [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3],
)
async def test_every_version_that_postfix_speaks(
    stage: Stage, context: ssl.SSLContext, version: ssl.TLSVersion
) -> None:
    client = trusting_client()
    client.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        client.minimum_version = client.maximum_version = version
    async with serving(stage.service(StartTlsCore, context=context)) as listener:
        reader, writer = await in_tls(listener, client)
        writer.write(b"x")
        assert await reader.read(6) == b"echo x"
        writer.close()


@pytest.mark.parametrize(
    "order",
    [
        ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384"),
        ("ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-GCM-SHA256"),
        ("AECDH-AES128-SHA", "ECDHE-ECDSA-AES256-GCM-SHA384"),
    ],
)
async def test_the_client_chooses_the_cipher(
    stage: Stage, context: ssl.SSLContext, order: tuple[str, str]
) -> None:
    client = trusting_client()
    client.set_ciphers(":".join(order) + ":@SECLEVEL=0")
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    async with serving(stage.service(StartTlsCore, context=context)) as listener:
        _, writer = await in_tls(listener, client)
        assert writer.get_extra_info("cipher")[0] == order[0]
        writer.close()


def test_one_ticket_and_no_order_of_our_own(context: ssl.SSLContext) -> None:
    assert context.num_tickets == 1
    assert not context.options & ssl.OP_CIPHER_SERVER_PREFERENCE


def test_a_key_of_another_certificate_is_a_problem_of_the_configuration(tmp_path: Path) -> None:
    own_certificate(tmp_path / "one")
    own_certificate(tmp_path / "other")
    with pytest.raises(ConfigError, match=r"tls\.certificate"):
        server_context(tmp_path / "one" / "certificate.pem", tmp_path / "other" / "key.pem")
    with pytest.raises(ConfigError, match="No such file"):
        server_context(tmp_path / "certificate.pem", tmp_path / "key.pem")


# The layer alone


@pytest.fixture
def pair(context: ssl.SSLContext) -> tuple[TlsLayer, Any]:
    layer = TlsLayer(context)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = trusting_client().wrap_bio(incoming, outgoing)
    while not layer.established:
        with suppress(ssl.SSLWantReadError):
            client.do_handshake()
        layer.feed(outgoing.read())
        layer.handshake()
        incoming.write(layer.take())
    return layer, (client, incoming, outgoing)


def test_before_the_handshake_there_is_no_cipher(context: ssl.SSLContext) -> None:
    assert TlsLayer(context).cipher == ""


def test_data_in_the_last_flight_of_the_handshake_is_not_lost(
    pair: tuple[TlsLayer, Any],
) -> None:
    layer, (client, _, outgoing) = pair
    client.write(b"early")
    layer.feed(outgoing.read())
    assert layer.read(4096) == b"early"
    assert layer.read(4096) == b""
    assert not layer.ended


def test_after_close_notify_there_is_no_more(pair: tuple[TlsLayer, Any]) -> None:
    layer, (client, _, outgoing) = pair
    client.write(b"last")
    with pytest.raises(ssl.SSLWantReadError):
        client.unwrap()
    layer.feed(outgoing.read())
    assert (layer.read(4096), layer.ended) == (b"last", False)
    assert (layer.read(4096), layer.ended) == (b"", True)


def test_a_broken_record_is_an_error_and_closing_afterwards_is_not(
    pair: tuple[TlsLayer, Any],
) -> None:
    layer, _ = pair
    layer.feed(b"\x17\x03\x03\x00\x20" + bytes(32))
    with pytest.raises(ssl.SSLError):
        layer.read(4096)
    layer.close()
