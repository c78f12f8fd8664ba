from __future__ import annotations

import os
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from honeypost.app import certificate
from honeypost.app.demo.dialogue import Address, Dialogue, HungUp, Reply, stuffed


@contextmanager
def server(
    *script: bytes, context: ssl.SSLContext | None = None, wrap_after: int = 0
) -> Iterator[tuple[Address, bytearray]]:
    """Say the first piece, then one more for each line (or finished message) that comes in."""
    heard = bytearray()
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(10)

    def serve() -> None:
        connection, _ = listening.accept()
        connection.settimeout(10)
        in_data = False
        try:
            for number, piece in enumerate(script):
                if context is not None and number == wrap_after:
                    connection = context.wrap_socket(connection, server_side=True)
                if number:
                    end = b"\r\n.\r\n" if in_data else b"\r\n"
                    line = bytearray()
                    while not line.endswith(end):
                        data = connection.recv(1)
                        if not data:
                            return
                        line += data
                    heard.extend(line)
                connection.sendall(piece)
                in_data = piece.startswith(b"354")
        finally:
            connection.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield Address("127.0.0.1", listening.getsockname()[1]), heard
    finally:
        listening.close()
        thread.join(10)


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    folder: Path = tmp_path_factory.mktemp("tls")
    certificate.create_if_missing(folder, "mail.example.org", time.time, os.urandom)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return context


@pytest.mark.parametrize(
    ("target", "source"), [("192.0.2.1", "127.0.0.1"), ("127.0.0.1", "192.0.2.1"), ("::2", "::1")]
)
def test_only_loopback(target: str, source: str) -> None:
    with pytest.raises(ValueError, match="is not a loopback address"):
        Dialogue(Address(target, 25), source)


def test_a_whole_mail() -> None:
    told: list[tuple[str, str]] = []
    replies = (b"220 mx\r\n", b"250-mx\r\n250-SIZE\r\n250 DSN\r\n", b"235 ok\r\n", b"250 ok\r\n", b"250 ok\r\n",
               b"354 go\r\n", b"250 2.0.0 queued\r\n", b"221 bye\r\n")  # fmt: skip
    with (
        server(*replies) as (target, heard),
        Dialogue(target, "127.9.9.9", lambda *said: told.append(said)) as talk,
    ):
        assert talk.greeting() == Reply(220, ("mx",))
        assert talk.say("EHLO x").lines == ("mx", "SIZE", "DSN")
        assert talk.login("a", "secret").positive
        assert talk.send("f@a", ["t@b"], b"x\r\n.dot\r\n").text == "2.0.0 queued"
        talk.quit()
    assert bytes(heard) == (
        b"EHLO x\r\nAUTH PLAIN AGEAc2VjcmV0\r\nMAIL FROM:<f@a>\r\nRCPT TO:<t@b>\r\nDATA\r\n"
        b"x\r\n..dot\r\n.\r\nQUIT\r\n"
    )
    assert ("C", "AUTH PLAIN a ******") in told
    assert "secret" not in str(told)


@pytest.mark.parametrize("refused_at", [0, 1, 2])
def test_a_refused_mail_stops_there(refused_at: int) -> None:
    answers = [b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n"]
    answers[refused_at] = b"451 later\r\n"
    with (
        server(b"220 mx\r\n", *answers[: refused_at + 1]) as (target, heard),
        Dialogue(target, "127.0.0.1") as talk,
    ):
        talk.greeting()
        assert talk.send("f@a", ["t@b"], b"x\r\n").code == 451
    assert heard.count(b"\r\n") == refused_at + 1


def test_starttls(tls: ssl.SSLContext) -> None:
    with (
        server(b"220 mx\r\n", b"220 ready\r\n", b"250 mx\r\n", context=tls, wrap_after=2) as (
            target,
            _,
        ),
        Dialogue(target, "127.0.0.1") as talk,
    ):
        talk.greeting()
        talk.starttls()
        assert talk.say("EHLO x").positive


def test_tls_from_the_first_byte(tls: ssl.SSLContext) -> None:
    with (
        server(b"220 mx\r\n", context=tls) as (target, _),
        Dialogue(target, "127.0.0.1", tls=True) as talk,
    ):
        assert talk.greeting().code == 220


def test_a_server_without_starttls() -> None:
    with server(b"220 mx\r\n", b"502 no\r\n") as (target, _), Dialogue(target, "127.0.0.1") as talk:
        talk.greeting()
        with pytest.raises(HungUp, match="no STARTTLS"):
            talk.starttls()


@pytest.mark.parametrize("said", [b"", b"220-half", b"hello\r\n", b"220 " + b"x" * 70_000])
def test_what_is_not_smtp(said: bytes) -> None:
    with server(said) as (target, _), Dialogue(target, "127.0.0.1") as talk, pytest.raises(HungUp):
        talk.greeting()


def test_quit_where_nobody_is_left() -> None:
    with server(b"220 mx\r\n") as (target, _), Dialogue(target, "127.0.0.1") as talk:
        talk.greeting()
        talk.quit()


def test_dots_at_the_very_beginning() -> None:
    assert stuffed(b".\r\n..\r\na.\r\n") == b"..\r\n...\r\na.\r\n"
