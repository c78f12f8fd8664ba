"""
One SMTP connection of a scripted attacker.

Blocking sockets on purpose: a script reads from top to bottom.  Both ends must be loopback
addresses, checked before a socket is made, so nothing here can be turned on anybody.
"""

from __future__ import annotations

import socket
import ssl
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from types import TracebackType
from typing import Self

SECONDS_MAX = 15.0
"""Longest wait for one reply; a refused login takes 2 s by default."""
REPLY_BYTES_MAX = 64 * 1024
READ_BYTES = 4096

Heard = Callable[[str, str], None]
"""Told what was said (``C`` or ``S``) and heard, one line each; secrets are left out."""


@dataclass(frozen=True, slots=True)
class Address:
    """A listener of ours, or where an attacker comes from (port 0)."""

    host: str
    port: int = 0


@dataclass(frozen=True, slots=True)
class Reply:
    """One SMTP reply, RFC 5321, section 4.2."""

    code: int
    lines: tuple[str, ...]

    @property
    def positive(self) -> bool:
        """Is it a 2xx or 3xx?"""
        return self.code < 400  # noqa: PLR2004 - 4xx and 5xx are the refusals

    @property
    def text(self) -> str:
        """The last line, as a person would quote it."""
        return self.lines[-1]


class HungUp(ConnectionError):
    """The server closed the connection or said something that is not SMTP."""


class Dialogue:
    """
    Talk to a decoy from a chosen loopback address; use it in a ``with`` block.

    :raises ValueError: when either end is not a loopback address.
    """

    def __init__(
        self, target: Address, source: str, heard: Heard = lambda *_: None, *, tls: bool = False
    ) -> None:
        for end in (target.host, source):
            if not ip_address(end).is_loopback:
                raise ValueError(f"{end} is not a loopback address")
        self._heard = heard
        self._unread = b""
        self._socket: socket.socket = socket.create_connection(
            (target.host, target.port), SECONDS_MAX, (source, 0)
        )
        if tls:
            self._handshake()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._socket.close()

    def greeting(self) -> Reply:
        """Read the banner."""
        return self._read()

    def say(self, command: str, shown: str = "") -> Reply:
        """Send one command and read its reply; ``shown`` stands for it on the screen."""
        self._heard("C", shown or command)
        self._socket.sendall(command.encode() + b"\r\n")
        return self._read()

    def starttls(self) -> None:
        """Go on encrypted; the certificate is not looked at, as bots do not."""
        if not self.say("STARTTLS").positive:
            raise HungUp("no STARTTLS here")
        self._handshake()

    def login(self, login: str, secret: str) -> Reply:
        """AUTH PLAIN with an initial response, RFC 4954, section 4."""
        token = b64encode(f"\0{login}\0{secret}".encode()).decode()
        return self.say(f"AUTH PLAIN {token}", f"AUTH PLAIN {login} {'*' * len(secret)}")

    def send(self, sender: str, recipients: Sequence[str], body: bytes) -> Reply:
        """Send a message (CRLF line ends); dots are stuffed here, RFC 5321, section 4.5.2."""
        for command in (f"MAIL FROM:<{sender}>", *(f"RCPT TO:<{who}>" for who in recipients)):
            reply = self.say(command)
            if not reply.positive:
                return reply
        reply = self.say("DATA")
        if not reply.positive:
            return reply
        self._heard("C", f"({len(body)} bytes)")
        self._socket.sendall(stuffed(body) + b".\r\n")
        return self._read()

    def quit(self) -> None:
        """Part in peace; a server that is gone already is no matter."""
        try:
            self.say("QUIT")
        except OSError:
            return

    def _handshake(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self._unread = b""
        self._socket = context.wrap_socket(self._socket)

    def _read(self) -> Reply:
        lines: list[str] = []
        while True:
            line = self._line()
            lines.append(line[4:])
            if not line[:3].isdigit():
                raise HungUp(f"not an SMTP reply: {line!r}")
            if line[3:4] != "-":
                self._heard("S", line)
                return Reply(int(line[:3]), tuple(lines))

    def _line(self) -> str:
        while b"\r\n" not in self._unread:
            data = self._socket.recv(READ_BYTES)
            if not data or len(self._unread) + len(data) > REPLY_BYTES_MAX:
                raise HungUp("the server closed the connection")
            self._unread += data
        line, self._unread = self._unread.split(b"\r\n", 1)
        return line.decode("ascii", "backslashreplace")


def stuffed(body: bytes) -> bytes:
    r"""
    Double the dots at the beginnings of lines.

    >>> stuffed(b"a\r\n.b\r\n")
    b'a\r\n..b\r\n'
    """
    return b"\r\n".join(
        b"." + line if line.startswith(b".") else line for line in body.split(b"\r\n")
    )
