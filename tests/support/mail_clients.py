"""Python's own mail clients, speaking from inside a test's network namespace."""

from __future__ import annotations

import base64
import imaplib
import poplib
import smtplib

from support.certificates import trusting_client
from support.dovecot_host import IMAP_PORT, POP3_PORT
from support.namespace import Namespace


def plain(login: str, password: str) -> str:
    """Give the initial response of AUTH PLAIN."""
    return base64.b64encode(f"\0{login}\0{password}".encode()).decode()


class SmtpClient(smtplib.SMTP):
    """A client that is not connected yet; with ``wrapped`` it begins with a handshake."""

    def __init__(self, namespace: Namespace, source: str, *, wrapped: bool) -> None:
        self._namespace, self._source, self._wrapped = namespace, source, wrapped
        super().__init__(local_hostname="client.test", timeout=30)
        self._host = "mail.example.org"  # what starttls() names, not whom we connect to

    def _get_socket(self, host, port, timeout):
        made = self._namespace.connect(host, port, source=self._source, timeout=timeout)
        return trusting_client().wrap_socket(made) if self._wrapped else made


class ImapClient(imaplib.IMAP4):
    """A client that is connected."""

    def __init__(
        self,
        namespace: Namespace,
        *,
        address: str = "127.0.0.1",
        source: str = "",
        port: int = IMAP_PORT,
    ) -> None:
        self._namespace, self._source = namespace, source
        super().__init__(address, port, timeout=30)

    def _create_socket(self, timeout):
        return self._namespace.connect(self.host, self.port, source=self._source, timeout=timeout)

    def lets_in(self, login: str, password: str) -> bool:
        """Try LOGIN and hang up."""
        try:
            return self.login(login, password)[0] == "OK"
        except imaplib.IMAP4.error:
            return False
        finally:
            self.shutdown()


class Pop3Client(poplib.POP3):
    """A client that is connected."""

    def __init__(
        self, namespace: Namespace, *, address: str = "127.0.0.1", source: str = ""
    ) -> None:
        self._namespace, self._source = namespace, source
        super().__init__(address, POP3_PORT, timeout=30)

    def _create_socket(self, timeout):
        return self._namespace.connect(self.host, self.port, source=self._source, timeout=timeout)
