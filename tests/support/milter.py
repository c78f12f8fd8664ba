"""
A mail filter of the test's own, in the protocol that Postfix speaks to milters (version 6).

It answers "go on" to everything but what a test names, and keeps what it saw.  Format: four bytes
of length, one of command, the rest; learnt from Postfix's ``src/milter/milter8.c`` by its dialogue.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Mapping, Sequence

from support.sinks import Server

CONNECT, MAIL, RCPT, END = b"C", b"M", b"R", b"E"
GO_ON, REJECT, LATER, DISCARD, DIE = b"c", b"r", b"t", b"d", b""
"""Answers; the last is the end of the connection without one."""

ADD_HEADER, INSERT_HEADER, ADD_RECIPIENT, HOLD = b"h", b"i", b"+", b"q"
"""Changes, to be given before the answer to END."""

_SILENT = (b"D", b"A", b"K")
"""Commands that have no answer: macros, abort, another connection."""
_EVERY_CHANGE = 0x1FF


class Milter(Server):
    """``seen`` holds (command, data) in order; ``answers`` may be changed between messages."""

    def __init__(self, listening: socket.socket) -> None:
        self.seen: list[tuple[bytes, bytes]] = []
        self.answers: Mapping[bytes, Sequence[bytes]] = {}
        super().__init__(listening)

    def macros(self, command: bytes) -> dict[bytes, bytes]:
        """Give the macros that came before the last command of that kind."""
        sent = [data[1:] for kind, data in self.seen if kind == b"D" and data[:1] == command]
        words = sent[-1].split(b"\0")
        return dict(zip(words[::2], words[1::2], strict=False))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            (length,) = struct.unpack("!I", await reader.readexactly(4))
            packet = await reader.readexactly(length)
            command, data = packet[:1], packet[1:]
            if command == b"Q":
                return
            self.seen.append((command, data))
            if command == b"O":
                _write(writer, b"O" + struct.pack("!III", 6, _EVERY_CHANGE, 0))
            elif command not in _SILENT:
                for answer in self.answers.get(command, (GO_ON,)):
                    if answer == DIE:
                        return
                    _write(writer, answer)


def _write(writer: asyncio.StreamWriter, packet: bytes) -> None:
    writer.write(struct.pack("!I", len(packet)) + packet)


def header(name: str, value: str, index: int | None = None) -> bytes:
    """Give the change that adds a header at the end, or inserts it at an index."""
    text = name.encode() + b"\0" + value.encode() + b"\0"
    return ADD_HEADER + text if index is None else INSERT_HEADER + struct.pack("!I", index) + text
