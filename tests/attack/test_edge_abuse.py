"""
A real edge under abuse: it answers others meanwhile, its memory stays bounded, and when the
abuse is over everything that it held is given back and its log is empty.

Loopback only, bounded in connections and bytes.  The allowances are three times what was
measured; a buffer that grows with what a client sends breaks them at once.
"""

from __future__ import annotations

import socket
import ssl
import struct
import time
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from support.certificates import trusting_client
from support.edge_process import address, running_edge, write_config
from support.waiting import until

CONFIG = """\
[site]
domains = ["example.org"]
hostname = "mail.example.org"
[listeners]
smtp = "127.0.0.1:0"
submission = "[::1]:0"
submissions = "[::1]:0"
lmtp = ""
policy = ""
lookup = ""
authpolicy = ""
[budgets]
connections_per_network = 390
message_bytes = 10000
"""

CROWD = 200
OWN_DESCRIPTORS = 8
"""Databases that the edge itself may open meanwhile, once a minute; each crowd is larger."""

ALLOWANCE_MIB = 64
"""More resident memory than before; the budget of all of Honeypost is 128 MiB."""
PATIENCE_SECONDS = 20.0
"""What somebody else may have to wait for banner and reply meanwhile."""
READY = b"220 mail.example.org ESMTP Postfix\r\n"
LOGIN = b"AUTH PLAIN " + b64encode(b"\0info@example.org\0wrong-guess") + b"\r\n"
MAIL = b"MAIL FROM:<a@b.example>\r\nRCPT TO:<info@example.org>\r\n"


class EdgeUnderTest:
    """The process and its listeners."""

    def __init__(self, process: Any, ready: dict[str, Any]) -> None:
        self.process, self.pid = process, int(ready["pid"])
        self.where = {name: address(bound[0]) for name, bound in ready["listeners"].items()}

    def connect(self, listener: str = "smtp") -> socket.socket:
        return socket.create_connection(self.where[listener], 10)

    @property
    def rss_mib(self) -> float:
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    @property
    def descriptors(self) -> int:
        return sum(1 for _ in Path(f"/proc/{self.pid}/fd").iterdir())

    def serves_others(self) -> None:
        """Be somebody else: banner and a reply come soon, over both families."""
        for listener in ("smtp", "submission"):
            began = time.monotonic()
            with self.connect(listener) as sock:
                assert sock.recv(100) == READY
                sock.sendall(b"NOOP\r\n")
                assert sock.recv(100) == b"250 2.0.0 Ok\r\n"
            assert time.monotonic() - began < PATIENCE_SECONDS


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EdgeUnderTest]:
    data = tmp_path_factory.mktemp("abuse") / "data"
    with running_edge(data, write_config(data, CONFIG)) as (process, ready):
        edge = EdgeUnderTest(process, ready)
        edge.serves_others()
        yield edge
        assert process.poll() is None
        process.terminate()
        assert process.stderr.read() == "", "the edge has something to say"
        assert process.wait(20) == 0


@pytest.fixture(autouse=True)
def _everything_is_given_back(edge: EdgeUnderTest) -> Iterator[None]:
    descriptors, memory = edge.descriptors, edge.rss_mib
    yield
    until(
        lambda: edge.descriptors <= descriptors + OWN_DESCRIPTORS,
        lambda: f"{edge.descriptors} descriptors, {descriptors} before",
    )
    assert edge.rss_mib - memory < ALLOWANCE_MIB
    edge.serves_others()


@contextmanager
def crowd(edge: EdgeUnderTest, listener: str, count: int = CROWD) -> Iterator[list[socket.socket]]:
    """Many connections at once."""
    with ExitStack() as stack:
        yield [stack.enter_context(edge.connect(listener)) for _ in range(count)]


def pour(clients: Sequence[socket.socket], data: bytes, rounds: int) -> None:
    """Send without ever reading, as much as the server takes."""
    for client in clients:
        client.setblocking(False)
    for _ in range(rounds):
        for client in clients:
            with suppress(BlockingIOError, ssl.SSLWantWriteError, ConnectionError):
                client.send(data)


def reset(client: socket.socket) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def client_hello() -> bytes:
    outgoing = ssl.MemoryBIO()
    with suppress(ssl.SSLWantReadError):
        trusting_client().wrap_bio(ssl.MemoryBIO(), outgoing).do_handshake()
    return outgoing.read()


def test_a_thousand_connections_that_come_and_go(edge: EdgeUnderTest) -> None:
    before = edge.rss_mib
    for number in range(1000):
        with edge.connect(("smtp", "submission", "submissions")[number % 3]) as sock:
            if number % 4 == 0 and number % 3 < 2:
                assert sock.recv(100) == READY
    assert edge.rss_mib - before < 8


def test_clients_that_ask_much_and_never_read(edge: EdgeUnderTest) -> None:
    """The longest reply for the shortest command: 23 bytes for each."""
    before = edge.rss_mib
    with crowd(edge, "smtp") as clients:
        pour(clients, b"EHLO x\r\n" * 2000, rounds=20)
        edge.serves_others()
        assert edge.rss_mib - before < ALLOWANCE_MIB


def test_the_same_within_tls(edge: EdgeUnderTest) -> None:
    before, context = edge.rss_mib, trusting_client()
    with crowd(edge, "submissions", 50) as clients, ExitStack() as stack:
        secured = [stack.enter_context(context.wrap_socket(client)) for client in clients]
        pour(secured, b"EHLO x\r\n" * 2000, rounds=10)
        edge.serves_others()
        assert edge.rss_mib - before < ALLOWANCE_MIB


@pytest.mark.parametrize("flood", [b"FOO\r\n" * 3000, b"NOOP\r\nRSET\r\n" * 2000, LOGIN * 200])
def test_pipelines_of_errors_junk_and_guesses(edge: EdgeUnderTest, flood: bytes) -> None:
    before = edge.rss_mib
    with crowd(edge, "smtp") as clients:
        pour(clients, flood, rounds=5)
        edge.serves_others()
        assert edge.rss_mib - before < ALLOWANCE_MIB


@pytest.mark.parametrize(
    ("begin", "filling"),
    [
        (b"BDAT 99999999999\r\n", bytes(65536)),
        (MAIL + b"BDAT 2000000000\r\n", b"y" * 65536),
        (MAIL.replace(b">\r", b"> SIZE=2147483648\r", 1) + b"DATA\r\n", bytes(65536)),
        (MAIL + b"DATA\r\n", b"\r" * 65536),
        (b"AUTH LOGIN\r\n", b"y" * 65536),
        (b"NOOP ", b"\r" * 65536),
        (b"", bytes(65536)),
    ],
)
def test_sizes_that_are_lies_and_lines_that_never_end(
    edge: EdgeUnderTest, begin: bytes, filling: bytes
) -> None:
    before = edge.rss_mib
    with crowd(edge, "smtp", 40) as clients:
        for client in clients:
            client.sendall(begin)
        pour(clients, filling, rounds=4)
        edge.serves_others()
        assert edge.rss_mib - before < ALLOWANCE_MIB


def test_handshakes_that_stop_half_way(edge: EdgeUnderTest) -> None:
    before, hello = edge.rss_mib, client_hello()
    with crowd(edge, "submissions") as clients:
        for number, client in enumerate(clients):
            client.sendall(hello[: (0, 5, 100, len(hello))[number % 4]])
        edge.serves_others()
        assert edge.rss_mib - before < ALLOWANCE_MIB


def test_renegotiation_again_and_again(edge: EdgeUnderTest) -> None:
    """A hello within TLS 1.2 is no way to cost us handshakes: the session goes on or ends."""
    context = trusting_client()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with edge.connect("submissions") as plain, context.wrap_socket(plain) as sock:
        assert sock.recv(100) == READY
        # A record that claims to be a handshake, in the middle of the session, in clear.
        socket.socket.sendall(sock, client_hello())
        with suppress(OSError):
            assert sock.recv(100) == b""


PHASES = {
    "connected": b"NO",
    "greeted": b"EHLO x\r\n",
    "in-mail": b"MAIL FROM:<a@b.example>\r\n",
    "in-a-question": MAIL,
    "in-data": MAIL + b"DATA\r\nabc\r\n",
    "in-chunk": MAIL + b"BDAT 5\r\nx",
    "in-auth": b"AUTH LOGIN\r\n",
    "in-a-refusal": LOGIN,
    "before-the-handshake": b"STARTTLS\r\n",
    "at-the-end": b"QUIT\r\n",
    "not-smtp": b"GET / HTTP/1.0\r\n",
}


@pytest.mark.parametrize("phase", PHASES)
def test_resets_in_every_phase(edge: EdgeUnderTest, phase: str) -> None:
    for number in range(20):
        client = edge.connect(("smtp", "submission")[number % 2])
        client.sendall(PHASES[phase])
        if number % 8 == 1:
            client.recv(100)
        reset(client)


def test_resets_in_every_part_of_a_handshake(edge: EdgeUnderTest) -> None:
    hello = client_hello()
    for number in range(30):
        client = edge.connect("submissions")
        client.sendall(hello[: number * 20])
        reset(client)
    for number in range(30):
        client = edge.connect("smtp")
        client.recv(100)
        client.sendall(b"STARTTLS\r\n")
        client.recv(100)
        client.sendall(hello[: number * 20])
        reset(client)
