"""
The segments and records themselves: what leaves together, in which pieces, and how it ends.

A client that takes single reads, a scanner that counts packets or looks for RST sees these.
Compared are, segment by segment, all bytes in clear, and types and lengths of TLS records.

Not compared: input of more than 4096 bytes at once.  On a loopback Postfix's buffer grows
with the segment size there; over a network's 1460 bytes it does not.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from support.certificates import trusting_client
from support.our_server import OurServer
from support.real_postfix import RealPostfix, connect
from support.smtp_peers import SocketPeer, Step, normalised, script
from support.smtp_scripts import RIGHT, TO_KNOWN, WRONG
from support.waiting import until
from support.wire import Wire

pytestmark = pytest.mark.real

FAMILIES = {"IPv4": "127.0.0.1", "IPv6": "::1"}
HALF_CLOSE, RESET, CLOSE_NOTIFY, CLOSE, WAIT = (
    "half-close",
    "reset",
    "close_notify",
    "close",
    "wait",
)
"""How the client ends; ``WAIT`` leaves it to the server."""

PIPELINED = "".join(f"{line}\r\n" for line in (*TO_KNOWN, "DATA")).encode()
MAIL, KNOWN_TOO = (f"{line}\r\n".encode() for line in TO_KNOWN)
EHLO = b"EHLO x\r\n"
QUIT = b"QUIT\r\n"
AUTH = f"AUTH PLAIN {WRONG}\r\nNOOP\r\nAUTH PLAIN {RIGHT}\r\n".encode()
UNKNOWN = b"RCPT TO:<nobody@example.org>\r\n"


@dataclass(frozen=True)
class Case:
    """One dialogue; ``steps`` wait for their replies, so that each is one read of the server."""

    steps: list[Step] = field(default_factory=list)
    end: str = WAIT
    service: str = "mx"
    tls: ssl.TLSVersion | None = None


IN_CLEAR: dict[str, Case] = {
    "banner-alone": Case([Step(QUIT)]),
    "one-reply-one-segment": Case(script("EHLO x", "QUIT")),
    "pipelined-replies-together": Case([Step(EHLO), Step(PIPELINED, 3), Step(b"x\r\n.\r\nQUIT\r\n", 2)]),
    "two-messages": Case([Step(PIPELINED, 3), Step(b"x\r\n.\r\n" + PIPELINED, 4), Step(b"y\r\n.\r\nQUIT\r\n", 2)]),
    "refused-between": Case([Step(MAIL + UNKNOWN + KNOWN_TOO + UNKNOWN + b"DATA\r\n", 5), Step(b".\r\nQUIT\r\n", 2)]),
    "logins-in-a-pipeline": Case([Step(EHLO + AUTH, 4), Step(QUIT)]),
    "refusals-that-take-time": Case([Step(EHLO + AUTH, 4), Step(QUIT)], service="slow"),
    "vrfy": Case([Step(b"VRFY known@example.org\r\nVRFY nobody@example.org\r\nNOOP\r\nQUIT\r\n", 4)]),
    "chunks": Case([Step(PIPELINED.replace(b"DATA\r\n", b"BDAT 3\r\nabcBDAT 0 LAST\r\n") + QUIT, 5)]),
    "more-than-a-buffer": Case([Step(EHLO * 30, 30), Step(QUIT)]),
    "replies-that-cost-seconds": Case([Step(b"FOO\r\n" * 11 + b"NOOP\r\n", 12), Step(QUIT)]),
    "too-many-errors": Case([Step(b"FOO\r\n" * 25, 21)], service="hasty"),
    "timeout": Case([Step(EHLO), Step(b"", 1)], service="hasty"),
    "behind-quit": Case([Step(QUIT + b"NOOP\r\n")]),
    "http": Case([Step(b"GET / HTTP/1.0\r\nHost: x\r\n\r\n")]),
    "http-with-much-behind": Case([Step(b"GET / HTTP/1.0\r\n" + b"X: y\r\n" * 1000)]),
    "starttls-with-plaintext-behind": Case([Step(EHLO), Step(b"STARTTLS\r\nNOOP\r\nQUIT\r\n")], HALF_CLOSE),
    "silent-half-close": Case([], HALF_CLOSE),
    "half-close-in-a-command": Case([Step(b"NOO", 0)], HALF_CLOSE),
    "half-close-in-data": Case([Step(PIPELINED + b"abc\r\n", 3)], HALF_CLOSE),
    "half-close-in-chunk": Case([Step(PIPELINED.replace(b"DATA", b"BDAT 9") + b"abc", 2)], HALF_CLOSE),
    "half-close-in-auth": Case([Step(b"AUTH LOGIN\r\n")], HALF_CLOSE),
    "all-at-once-then-half-close": Case([Step(EHLO + PIPELINED + b"x\r\n.\r\nQUIT\r\n", 0)], HALF_CLOSE),
    "questions-then-half-close": Case([Step(EHLO + AUTH + PIPELINED, 0)], HALF_CLOSE, "slow"),
    "reset": Case([Step(EHLO)], RESET),
    "reset-in-data": Case([Step(PIPELINED, 3)], RESET),
}  # fmt: skip

GARBAGE: dict[str, bytes] = {
    "http": b"GET / HTTP/1.0\r\n\r\n",
    "smtp": b"EHLO x\r\n",
    "zeros": bytes(40),
    "too-long-a-record": b"\x16\x03\x01\xff\xff" + bytes(70_000),
    "ssl-3": bytes.fromhex("16030000310100002d0300") + b"r" * 32 + bytes.fromhex("000006000a000500040100"),
    "ssl-2": bytes.fromhex("802e0100020015000000100100800200800300800400800500800600400700c0") + b"c" * 16,
    "half-a-hello": bytes.fromhex("160301020001"),
    "alert": bytes.fromhex("15030100020228"),
    "data": bytes.fromhex("1703030005") + b"abcde",
    "nothing": b"",
}  # fmt: skip


def end(peer: SocketPeer, how: str) -> None:
    """Have the client end as it is told."""
    sock = peer.socket
    if how == HALF_CLOSE:
        socket.socket.shutdown(sock, socket.SHUT_WR)  # an SSLSocket's own says nothing in TLS
    elif how == CLOSE_NOTIFY:
        assert isinstance(sock, ssl.SSLSocket)
        # The server's never comes: later versions of Python raise then, 3.11.2 does not.
        with contextlib.suppress(ssl.SSLEOFError):
            sock.unwrap()
    elif how == RESET:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()


def client_context(version: ssl.TLSVersion) -> ssl.SSLContext:
    context = trusting_client()
    context.minimum_version = context.maximum_version = version
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


def records(segment: bytes | str) -> object:
    """Give type and length of each TLS record in a segment."""
    if isinstance(segment, str):
        return segment
    found, at = [], 0
    while at + 5 <= len(segment):
        length = int.from_bytes(segment[at + 3 : at + 5])
        found.append((segment[at], length))
        at += 5 + length
    return found, len(segment) - at


def on_the_wire(side: RealPostfix | OurServer, case: Case, host: str) -> list[bytes | str]:
    """Play a case and give what the server sent, banner first."""
    port = side.ports[case.service]
    context = client_context(case.tls) if case.tls else None
    with Wire(port) as wire:
        peer = SocketPeer(port, host, context=context if case.service == "submissions" else None)
        me = peer.socket.getsockname()[1]
        peer.read(1)
        if context and case.service != "submissions":
            peer.step(Step(b"STARTTLS\r\n"))
            peer.secure(context)
        for step in case.steps:
            peer.step(step)
        end(peer, case.end)
        if case.end != RESET:
            until(lambda: wire.ended(me), f"{side}: no end")
        peer.socket.close()
    return wire.segments(me)


def in_clear(side: RealPostfix | OurServer, case: Case, host: str) -> list[bytes | str]:
    said = on_the_wire(side, case, host)
    return [part if isinstance(part, str) else normalised(part) for part in said]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("name", IN_CLEAR)
def test_the_same_segments(real: RealPostfix, ours: OurServer, name: str, family: str) -> None:
    case, host = IN_CLEAR[name], FAMILIES[family]
    with ThreadPoolExecutor() as both:
        theirs, said = both.map(lambda side: in_clear(side, case, host), (real, ours))
    assert said == theirs


@pytest.mark.parametrize("how", [WAIT, HALF_CLOSE, CLOSE_NOTIFY])
@pytest.mark.parametrize("version", ["TLSv1", "TLSv1_1", "TLSv1_2", "TLSv1_3"])
@pytest.mark.parametrize("service", ["mx", "submissions"])
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_the_same_records(
    real: RealPostfix, ours: OurServer, service: str, version: str, how: str
) -> None:
    """Handshake, tickets, replies, close_notify or none: all in the same records."""
    steps = [Step(EHLO), Step(EHLO * 30, 30), *([Step(QUIT)] if how == WAIT else [])]
    case = Case(steps, how, service, ssl.TLSVersion[version])
    theirs, said = (
        [records(part) for part in on_the_wire(side, case, FAMILIES["IPv6"])]
        for side in (real, ours)
    )
    assert said == theirs


def test_a_timeout_in_tls_ends_alike(real: RealPostfix, ours: OurServer) -> None:
    case = Case([Step(EHLO), Step(b"", 1)], WAIT, "hasty", ssl.TLSVersion.TLSv1_2)
    theirs, said = (
        [records(part) for part in on_the_wire(side, case, FAMILIES["IPv4"])]
        for side in (real, ours)
    )
    assert said == theirs


@pytest.mark.parametrize("service", ["mx", "submissions"])
@pytest.mark.parametrize("name", GARBAGE)
def test_the_same_end_for_what_is_no_handshake(
    real: RealPostfix, ours: OurServer, name: str, service: str
) -> None:
    def answer(side: RealPostfix | OurServer) -> list[bytes | str]:
        with Wire(side.ports[service]) as wire:
            sock = connect(side.ports[service], FAMILIES["IPv6"])
            me = sock.getsockname()[1]
            if service != "submissions":
                sock.recv(4096)
                sock.sendall(b"STARTTLS\r\n")
                sock.recv(4096)
            sock.sendall(GARBAGE[name])
            if name in ("half-a-hello", "nothing"):
                sock.shutdown(socket.SHUT_WR)
            until(lambda: wire.ended(me), "no end")
            sock.close()
        return wire.segments(me)

    assert answer(ours) == answer(real)
