"""
A whole mail host in a folder and a network namespace: Dovecot, Postfix, us, and an "internet".

The attaching of a site is another matter; here the harness writes the configuration, from the
same generators.  Nothing of the machine is changed and nothing is left behind.
"""

from __future__ import annotations

import imaplib
import os
import poplib
import shutil
import smtplib
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from honeypost.beside.containment import AttachedContainment
from honeypost.beside.dovecot.chain import DecoyChain
from honeypost.beside.manifest import record_attachment
from honeypost.beside.postfix.containment_config import ContainmentConfig
from honeypost.beside.postfix.limbo_config import LimboConfig
from honeypost.config.schema import Paths
from honeypost.config.secrets import create_if_missing
from support.certificates import make_certificate, trusting_client
from support.dovecot_host import DECOY_UID, DovecotHost
from support.folders import short_folder
from support.mail_clients import ImapClient, Pop3Client, SmtpClient, plain
from support.namespace import Namespace
from support.postfix_host import (
    HOSTNAME,
    INTERNET_PORT,
    MX_PORT,
    SUBMISSION_PORT,
    SUBMISSIONS_PORT,
    PostfixHost,
)
from support.sinks import Internet
from support.users import KINDS
from support.waiting import until

LOOKUP_PORT, REPORT_PORT = 2740, 2730
KEY = "test-script-key"


@dataclass
class MailHost:
    """
    Everything but our own processes, which a test adds.

    :param kind: of the real users' database: passwd-file, pam, sql.
    """

    kind: str = "passwd-file"
    attached: bool = True
    """With decoy chain and containment; else the site as it was before."""
    dovecot_extra: str = ""
    postfix_settings: Mapping[str, str] = field(default_factory=dict)
    guard: bool = True
    late_bounce: Callable[[Path], LimboConfig] | None = None
    """Gives the recipe of the late bounce for a host in that folder, when there is one."""
    network: Callable[[], Namespace] = Namespace
    """Makes the host's network; the stock one has no way out."""

    def __enter__(self) -> Self:
        self.base = short_folder()
        try:
            self._build()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _build(self) -> None:
        self.namespace = self.network()
        make_certificate(self.base / "cert.pem", self.base / "key.pem", HOSTNAME)
        self.users = KINDS[self.kind](self.base)
        self.sink, self.policy = self.base / "lmtp", self.base / "policy"
        self.manifest = self.base / "containment.json"
        self.data = self.base / "data"
        secrets = create_if_missing(Paths(self.data).secrets, os.urandom)
        self.marker_domain, self.header = secrets.marker_domain, secrets.header
        self.containment = ContainmentConfig(
            self.marker_domain, self.header, f"unix:{self.sink}", f"unix:{self.policy}"
        )
        self.chain = DecoyChain(
            directory=self.base / "lua",
            url=f"http://127.0.0.1:{LOOKUP_PORT}/lookup",
            key=KEY,
            marker_domain=self.marker_domain,
            uid=DECOY_UID,
            gid=DECOY_UID,
            home=self.base / "decoys",
            deny=self.users.deny,
        )
        self.limbo = self.late_bounce(self.base) if self.late_bounce else None
        self.dovecot = DovecotHost(
            self.base,
            self.namespace,
            self.users,
            self.chain if self.attached else None,
            report_url=f"http://127.0.0.1:{REPORT_PORT}/",
            extra=self.dovecot_extra,
            guard=self.guard,
        )
        self.postfix = PostfixHost(
            self.base,
            self.namespace,
            self.containment if self.attached else None,
            settings=self.postfix_settings,
            limbo=self.limbo,
        )
        self.internet = Internet(self.bound("127.0.0.1", INTERNET_PORT))
        self.dovecot.start()
        self.record()
        self.postfix.start()

    def record(self) -> None:
        """Write the manifest of what stands in Postfix's files now."""
        record_attachment(
            self.manifest,
            postfix_directory=self.postfix.directory,
            queue_directory=self.postfix.queue,
        )

    def attach(self) -> None:
        """Attach (again): our configuration, its manifest, a reload, until nothing is doubted."""
        self.postfix.write_configuration()
        self.record()
        self.postfix.reload()
        self.until_sure()

    def until_sure(self) -> None:
        """Wait until every process of Postfix runs what was attached."""
        containment = AttachedContainment(self.manifest)
        until(lambda: not containment.doubt(), containment.doubt)

    def close(self) -> None:
        for part in ("postfix", "dovecot"):
            if hasattr(self, part):
                getattr(self, part).stop()
        for part in ("internet", "namespace"):
            if hasattr(self, part):
                getattr(self, part).close()
        shutil.rmtree(self.base, ignore_errors=True)

    # Clients

    def bound(self, address: str, port: int) -> socket.socket:
        """Make a socket bound to an address inside."""
        made = self.namespace.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((address, port))
        return made

    def smtp(
        self, *, address: str = "127.0.0.1", port: int = SUBMISSION_PORT, source: str = ""
    ) -> smtplib.SMTP:
        """Give a client after EHLO and, on submission, STARTTLS."""
        client = SmtpClient(self.namespace, source, wrapped=port == SUBMISSIONS_PORT)
        client.connect(address, port)
        client.ehlo("client.test")
        if port == SUBMISSION_PORT:
            client.starttls(context=trusting_client())
            client.ehlo("client.test")
        return client

    def win(self, login: str, password: str = "123456") -> None:
        """Guess until the account is a decoy's: one wrong secret, then the right one."""
        assert not self.imap_login(login, "qwerty")
        assert self.imap_login(login, password)

    def smtp_login(self, login: str, password: str, **where: str) -> tuple[int, bytes]:
        """Try AUTH PLAIN on submission; gives the reply."""
        with self.smtp(**where) as client:
            return client.docmd("AUTH", f"PLAIN {plain(login, password)}")

    def imap_login(self, login: str, password: str, **where: str) -> bool:
        """Try LOGIN over IMAP."""
        return ImapClient(self.namespace, **where).lets_in(login, password)

    def imap(self, login: str, password: str) -> imaplib.IMAP4:
        """Give a logged-in IMAP client."""
        client = ImapClient(self.namespace)
        client.login(login, password)
        return client

    def pop3_login(self, login: str, password: str, **where: str) -> bool:
        """Try USER and PASS."""
        client = Pop3Client(self.namespace, **where)
        try:
            client.user(login)
            client.pass_(password)
            return True
        except poplib.error_proto:
            return False
        finally:
            client.close()

    def deliver(self, sender: str, recipient: str, text: bytes) -> None:
        """Send mail from outside through the MX."""
        with self.smtp(port=MX_PORT) as client:
            client.sendmail(sender, [recipient], text)
