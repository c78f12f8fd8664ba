"""
What a real user does on a mail host, each action timed by a clock of its own.

Logins over IMAP, POP3 and submission; mail from outside to a mailbox, to a colleague and to the
outside; over IPv4 and IPv6 in turn.  When a message arrived is said by Postfix itself (``delay=``
in its log), and that it did is looked up in the mailboxes and at the "internet".
"""

from __future__ import annotations

import contextlib
import imaplib
import poplib
import re
import smtplib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from support.mailhost import MailHost
from support.postfix_host import MX_PORT
from support.users import REAL
from support.waiting import until

LOGINS = ("IMAP", "POP3", "submission")
DELIVERIES = ("from outside", "to a colleague", "to the outside")
FAMILIES = 2
LONG_IDS = {"enable_long_queue_ids": "yes"}
"""For Postfix: short ids come again within minutes, and two messages would be taken for one."""
_PROBLEMS = (OSError, smtplib.SMTPException, imaplib.IMAP4.error, poplib.error_proto)
_QUEUED = re.compile(rb"queued as (\w+)")
_OUTCOME = re.compile(r": (\w+): to=<[^>]*>, .*?delay=([\d.]+), .*?status=(\w+)")
_OWN_ID = re.compile(rb"(?im)^message-id: <([^>@]+)@day\.test>")


@dataclass(frozen=True, slots=True)
class Wait:
    """One action of a real user."""

    action: str
    seconds: float
    refused: str = ""
    """Why, in words; ``""`` when it went well."""


class Day:
    """The users of one host."""

    def __init__(self, host: MailHost) -> None:
        self._host = host
        self._read = len(host.postfix.said())
        self._lock = threading.Lock()
        self._handed_in: dict[str, tuple[str, str]] = {}
        """Action and our own id of each message, by Postfix's queue id."""

    def log_in(self, number: int) -> Wait:
        """Log in once; the number chooses the way, the address family and the user."""
        way, address, (login, password) = _chosen(number, LOGINS)
        act = {
            "IMAP": lambda: self._host.imap_login(login, password, address=address),
            "POP3": lambda: self._host.pop3_login(login, password, address=address),
            "submission": lambda: self._submission(address, login, password),
        }[way]
        return _timed(f"log in over {way}", act)

    def hand_in(self, number: int) -> Wait:
        """Send one message; :meth:`arrived` follows it."""
        way, address, (login, password) = _chosen(number, DELIVERIES)
        colleague = list(REAL)[(list(REAL).index(login) + 1) % len(REAL)]

        def act() -> bool:
            if way == "from outside":
                with self._host.smtp(port=MX_PORT, address=address) as client:
                    return self._sent(client, way, number, "someone@outside.test", login)
            recipient = colleague if way == "to a colleague" else "someone@outside.test"
            with self._host.smtp(address=address) as client:
                client.login(login, password)
                return self._sent(client, way, number, login, recipient)

        return _timed(f"send {way}", act)

    def arrived(self, seconds: float = 60.0) -> list[Wait]:
        """Wait until all that was handed in is delivered; how long each took, by Postfix's clock."""
        took: dict[str, float] = {}

        def all_there() -> bool:
            for queue_id, delay, status in _OUTCOME.findall(
                self._host.postfix.said()[self._read :]
            ):
                if status == "sent":
                    took[queue_id] = float(delay)
            return took.keys() >= self._handed_in.keys()

        with contextlib.suppress(AssertionError):  # told below, message by message
            until(all_there, seconds=seconds)
        kept, waits = self._kept(), []
        for queue_id, (way, own_id) in self._handed_in.items():
            refused = "" if queue_id in took else f"not delivered: {queue_id}"
            refused = refused or ("" if own_id in kept else f"sent, and not there: {queue_id}")
            waits.append(Wait(f"arrive {way}", took.get(queue_id, seconds), refused))
        self._handed_in.clear()
        return waits

    def _submission(self, address: str, login: str, password: str) -> bool:
        return self._host.smtp_login(login, password, address=address)[0] == 235

    def _sent(
        self, client: smtplib.SMTP, way: str, number: int, sender: str, recipient: str
    ) -> bool:
        own_id = f"{number}-{time.monotonic_ns()}"
        client.mail(sender)
        client.rcpt(recipient)
        text = f"Message-ID: <{own_id}@day.test>\r\nSubject: {way}\r\n\r\nhello\r\n"
        code, said = client.data(text.encode())
        if queued := _QUEUED.search(said):
            with self._lock:
                self._handed_in[queued[1].decode()] = (way, own_id)
        return code == 250 and queued is not None

    def _kept(self) -> set[str]:
        texts = [text for _, _, text in self._host.internet.messages]
        texts += [
            path.read_bytes()
            for folder in ("new", "cur")
            for path in self._host.base.glob(f"mail/*/Maildir/{folder}/*")
        ]
        return {found[1].decode() for text in texts if (found := _OWN_ID.search(text))}


def _chosen(number: int, ways: tuple[str, ...]) -> tuple[str, str, tuple[str, str]]:
    number, way = divmod(number, len(ways))
    number, family = divmod(number, FAMILIES)
    users = list(REAL.items())
    return ways[way], ("127.0.0.1", "::1")[family], users[number % len(users)]


def _timed(action: str, act: Callable[[], bool]) -> Wait:
    begun = time.monotonic()
    try:
        refused = "" if act() else "refused"
    except _PROBLEMS as problem:
        refused = repr(problem)
    return Wait(action, time.monotonic() - begun, refused)
