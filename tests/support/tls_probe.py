"""
A TLS client that only says hello: what a scanner (JARM, testssl) learns from the answer.

The hello is written by hand, so that it can offer what no library would: one cipher, one
group, old versions, none in common.
"""

from __future__ import annotations

import os
import socket
import struct
from dataclasses import dataclass

ALERT, HANDSHAKE = 21, 22
SERVER_HELLO, CERTIFICATE, KEY_EXCHANGE, HELLO_DONE = 2, 11, 12, 14
TLS_1_0, TLS_1_1, TLS_1_2, TLS_1_3 = 0x0301, 0x0302, 0x0303, 0x0304
SUPPORTED_VERSIONS, KEY_SHARE = 43, 51
RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
"""The "random" that makes a ServerHello a HelloRetryRequest (RFC 8446, 4.1.3)."""

GROUPS = (29, 23, 30, 25, 24, 256, 257, 258, 259, 260)
"""X25519, P-256, X448, P-521, P-384, ffdhe2048 to ffdhe8192."""
SIGNATURES = (
    0x0403,
    0x0503,
    0x0603,
    0x0807,
    0x0804,
    0x0805,
    0x0806,
    0x0401,
    0x0501,
    0x0601,
    0x0201,
)


@dataclass(frozen=True)
class Hello:
    """What is offered."""

    version: int = TLS_1_2
    """The highest."""
    ciphers: tuple[int, ...] = ()
    groups: tuple[int, ...] = GROUPS
    signatures: tuple[int, ...] = SIGNATURES
    share: int | None = None
    """TLS 1.3: the group to send a (made up) share of; ``None``: none, the server has to ask."""
    more: tuple[tuple[int, bytes], ...] = ()
    """Further extensions: number and body."""
    session: bytes = b""

    def encode(self) -> bytes:
        extensions = [
            (10, _vector(struct.pack(f"!{len(self.groups)}H", *self.groups))),
            (11, b"\1\0"),
            (13, _vector(struct.pack(f"!{len(self.signatures)}H", *self.signatures))),
            *self.more,
        ]
        if self.version == TLS_1_3:
            share = (
                b"" if self.share is None else struct.pack("!HH", self.share, 32) + os.urandom(32)
            )
            extensions += [(SUPPORTED_VERSIONS, b"\2\3\4"), (KEY_SHARE, _vector(share))]
        body = struct.pack("!H", min(self.version, TLS_1_2)) + os.urandom(32)
        body += bytes([len(self.session)]) + self.session
        body += _vector(struct.pack(f"!{len(self.ciphers)}H", *self.ciphers)) + b"\1\0"
        body += _vector(
            b"".join(struct.pack("!H", kind) + _vector(data) for kind, data in extensions)
        )
        message = b"\1" + len(body).to_bytes(3) + body
        return struct.pack("!BHH", HANDSHAKE, TLS_1_0, len(message)) + message


def _vector(data: bytes) -> bytes:
    return struct.pack("!H", len(data)) + data


def answer(sock: socket.socket, hello: Hello) -> dict[str, object]:
    """Say hello and tell what came back; empty when the server just closed."""
    sock.sendall(hello.encode())
    told: dict[str, object] = {}
    stream = sock.makefile("rb")
    messages = b""
    while HELLO_DONE not in told and "alert" not in told and len(head := stream.read(5)) == 5:
        kind, _version, length = struct.unpack("!BHH", head)
        body = stream.read(length)
        if kind == ALERT:
            told["alert"] = tuple(body)
        elif kind == HANDSHAKE:
            messages += body
            messages = _take(messages, told)
            if told.get("version") == TLS_1_3 or told.get("retry"):
                break  # the rest is encrypted, or waits for another hello
    stream.close()
    told.pop(HELLO_DONE, None)
    return told


def _take(messages: bytes, told: dict[str, object]) -> bytes:
    while len(messages) >= 4 and len(messages) >= 4 + (size := int.from_bytes(messages[1:4])):
        kind, body, messages = messages[0], messages[4 : 4 + size], messages[4 + size :]
        if kind == SERVER_HELLO:
            told.update(_server_hello(body))
        elif kind == CERTIFICATE:
            told["certificates"] = body
        elif kind == KEY_EXCHANGE:
            told["exchange"] = _exchange(body, told)
        elif kind == HELLO_DONE:
            told[HELLO_DONE] = True
    return messages


def _server_hello(body: bytes) -> dict[str, object]:
    version, end = int.from_bytes(body[:2]), 35 + body[34]
    cipher, compression = struct.unpack("!HB", body[end : end + 3])
    told: dict[str, object] = {
        "version": version,
        "cipher": cipher,
        "compression": compression,
        "session": body[34],
        "retry": body[2:34] == RETRY,
    }
    extensions, rest = [], body[end + 5 :]
    while rest:
        kind, size = struct.unpack("!HH", rest[:4])
        extensions.append(
            (kind, rest[4 : 4 + size][:2] if kind == KEY_SHARE else rest[4 : 4 + size])
        )
        if kind == SUPPORTED_VERSIONS:
            told["version"] = int.from_bytes(rest[4:6])
        rest = rest[4 + size :]
    told["extensions"] = extensions
    return told


def _exchange(body: bytes, told: dict[str, object]) -> object:
    """Name the group (curve, or prime and generator) and the way of signing."""
    if body[0] == 3:  # named curve
        point = body[3]
        return body[:3], point, body[4 + point : 6 + point]
    values, rest = [], body
    for _ in range(3):
        size = int.from_bytes(rest[:2])
        values.append(rest[2 : 2 + size])
        rest = rest[2 + size :]
    return values[0], values[1], len(values[2]), rest[:2]
