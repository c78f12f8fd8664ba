"""A small SMTP client for trial and probes: EHLO, STARTTLS, AUTH PLAIN, one message."""

from __future__ import annotations

import base64
import socket
import ssl
from typing import Self

from honeypost.beside.attach.failure import AttachFailed

SECONDS = 20.0
LINE_BYTES = 4096
REPLY_LINES = 100


class SmtpClient:
    """
    One session with a server on loopback.

    :param source: address of this host to come from, ``""`` for the kernel's choice.
    :raises AttachFailed: no connection, or an answer that is none.
    """

    def __init__(self, address: str, port: int, *, wrapped: bool = False, source: str = "") -> None:
        self._where = f"{address}:{port}"
        try:
            origin = (source, 0) if source else None
            self._socket = socket.create_connection((address, port), SECONDS, origin)
            if wrapped:
                self._wrap()
        except OSError as error:
            raise AttachFailed(f"no SMTP session at {self._where}: {error}") from None
        self._stream = self._socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()
        self._socket.close()

    def greet(self) -> str:
        """Hear the banner, say EHLO, take STARTTLS where it is offered; gives the capabilities."""
        self._expect(220, "")
        offered = self._expect(250, "EHLO trial.invalid")
        if "STARTTLS" in offered and not isinstance(self._socket, ssl.SSLSocket):
            self._expect(220, "STARTTLS")
            self._wrap()
            self._stream = self._socket.makefile("rb")
            offered = self._expect(250, "EHLO trial.invalid")
        return offered

    def come_from(self, address: str) -> None:
        """Be a client of another address from now on (XCLIENT, Postfix's XCLIENT_README)."""
        written = f"IPV6:{address}" if ":" in address else address
        self._expect(220, f"XCLIENT ADDR={written} NAME=[UNAVAILABLE]")
        self._expect(250, "EHLO trial.invalid")

    def log_in(self, name: str, password: str) -> None:
        """Log in by AUTH PLAIN."""
        response = base64.b64encode(f"\0{name}\0{password}".encode()).decode()
        self._expect(235, f"AUTH PLAIN {response}", shown="AUTH PLAIN")

    def send(self, sender: str, recipients: list[str], text: str, *, notify: bool) -> str:
        """Send one message, with every DSN request where they are offered; gives the last reply."""
        self._expect(250, f"MAIL FROM:<{sender}>")
        extra = " NOTIFY=SUCCESS,FAILURE,DELAY" if notify else ""
        for recipient in recipients:
            self._expect(250, f"RCPT TO:<{recipient}>{extra}")
        self._expect(354, "DATA")
        return self._expect(250, f"{text}\r\n.", shown="the message")

    def command(self, line: str) -> tuple[int, str]:
        """Say a line (``""``: nothing) and hear the reply."""
        try:
            if line:
                self._socket.sendall(f"{line}\r\n".encode())
            return self._reply()
        except OSError as error:
            raise AttachFailed(f"SMTP at {self._where}: {error}") from None

    def _expect(self, code: int, line: str, *, shown: str = "") -> str:
        got, text = self.command(line)
        if got != code:
            raise AttachFailed(f"SMTP at {self._where} says {text.strip()!r} to {shown or line!r}")
        return text

    def _reply(self) -> tuple[int, str]:
        text = ""
        for _ in range(REPLY_LINES):
            line = self._stream.readline(LINE_BYTES).decode("utf-8", "replace")
            text += line
            if line[3:4] != "-":
                break
        return (int(text[:3]) if text[:3].isdigit() else 0), text

    def _wrap(self) -> None:
        context = ssl.create_default_context()
        context.check_hostname = False  # loopback, and the certificate is the host's own affair
        context.verify_mode = ssl.CERT_NONE
        self._socket = context.wrap_socket(self._socket)
