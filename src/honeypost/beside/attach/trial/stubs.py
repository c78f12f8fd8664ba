"""
Stand-ins for our own listeners, to be whatever a trial needs them to be: well, hung, dead, garbage.

They belong to the trial alone; our own daemons are not asked, running or not.
"""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

SOCKET_SECONDS = 30.0
"""Longest wait on one connection; a trial as a whole takes less than twice that."""

REQUEST_BYTES = 64 * 1024
"""Longest request or message that is read."""

_LENGTH = re.compile(rb"(?i)content-length: *(\d+)")


class Mood(StrEnum):
    """How the lookup listener answers."""

    WELL = "well"
    HUNG = "hung"
    """Takes the connection and never answers."""
    GARBAGE = "garbage"
    DEAD = "dead"
    """Does not listen."""


class Served:
    """A listening socket with a thread for each connection; they end with the process."""

    def __init__(self, listening: socket.socket) -> None:
        self._listening = listening
        listening.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def serve(self, connection: socket.socket) -> None:
        """Talk to one client."""
        raise NotImplementedError

    def close(self) -> None:
        """Listen no more; a unix socket's name goes too."""
        name = self._listening.getsockname()
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        if isinstance(name, str) and name:
            Path(name).unlink(missing_ok=True)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                connection, _ = self._listening.accept()
                connection.settimeout(SOCKET_SECONDS)
                threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError, ValueError):
            self.serve(connection)


class Lookup(Served):
    """
    Our lookup listener.

    :param answer: gives the body for a form that was sent, ``""`` for "no".
    """

    def __init__(self, listening: socket.socket, answer: Callable[[bytes], str]) -> None:
        self.asked = 0
        self.mood = Mood.WELL
        self._answer = answer
        super().__init__(listening)

    def serve(self, connection: socket.socket) -> None:
        stream = connection.makefile("rb")
        while head := _head(stream):
            if b"100-continue" in head.lower() and self.mood is Mood.WELL:
                connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.asked += 1
            if self.mood is Mood.HUNG:
                connection.recv(REQUEST_BYTES, socket.MSG_WAITALL)
                return
            if self.mood is Mood.GARBAGE:
                connection.sendall(b"\0\xff garbage\r\n\r\n" * 50)
                return
            length = _LENGTH.search(head)
            connection.sendall(self._reply(stream.read(int(length[1]) if length else 0)))

    def _reply(self, form: bytes) -> bytes:
        body = self._answer(form).encode()
        status = b"200 OK" if body else b"204 No Content"
        return b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body)


class Sink(Served):
    """Our LMTP listener; ``messages`` holds what came."""

    def __init__(self, listening: socket.socket) -> None:
        self.messages: list[bytes] = []
        super().__init__(listening)

    def serve(self, connection: socket.socket) -> None:
        stream, recipients = connection.makefile("rb"), 0
        connection.sendall(b"220 trial LMTP\r\n")
        while line := stream.readline(REQUEST_BYTES):
            verb = line[:4].upper()
            recipients = 0 if verb == b"MAIL" else recipients + (verb == b"RCPT")
            if verb == b"DATA":
                connection.sendall(b"354 go\r\n")
                self.messages.append(_until_dot(stream))
                connection.sendall(b"250 2.0.0 ok\r\n" * recipients)
            elif verb == b"LHLO":
                connection.sendall(b"250-trial\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 DSN\r\n")
            else:
                connection.sendall(b"250 2.0.0 ok\r\n")


class Policy(Served):
    """Our policy listener; has no objection to anything."""

    def serve(self, connection: socket.socket) -> None:
        stream = connection.makefile("rb")
        while line := stream.readline(REQUEST_BYTES):
            if line == b"\n":
                connection.sendall(b"action=DUNNO\n\n")


def on_loopback(port: int = 0) -> socket.socket:
    """Make a socket on a loopback port, of the kernel's choice when none is given."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind(("127.0.0.1", port))
    return made


def at(path: Path) -> socket.socket:
    """Make a unix socket that everybody may connect to."""
    path.unlink(missing_ok=True)
    made = socket.socket(socket.AF_UNIX)
    made.bind(str(path))
    path.chmod(0o666)
    return made


def free_ports(number: int) -> list[int]:
    """Ask the kernel for loopback ports that are free now."""
    made = [on_loopback() for _ in range(number)]
    ports = [int(each.getsockname()[1]) for each in made]
    for each in made:
        each.close()
    return ports


def _head(stream: BinaryIO) -> bytes:
    head = b""
    while line := stream.readline(REQUEST_BYTES):
        head += line
        if line == b"\r\n" or len(head) > REQUEST_BYTES:
            return head
    return b""


def _until_dot(stream: BinaryIO) -> bytes:
    text = b""
    while line := stream.readline(REQUEST_BYTES):
        if line == b".\r\n":
            break
        text += line
    return text
