"""A site with a late bounce: the recipe for a :class:`~support.mailhost.MailHost`, and its DNS."""

from __future__ import annotations

import contextlib
import re
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path

from honeypost.beside.postfix.limbo_config import LimboConfig, MailboxTable
from support.dns_server import DnsServer
from support.honeypost import Honeypost
from support.mailhost import MailHost
from support.postfix_host import HOSTNAME, MX_PORT
from support.users import DOMAIN

TOKEN = "qT7wk2Lz"
DNS_PORT = 5353
RESOLVER = f"127.0.0.1:{DNS_PORT}"
CLIENT = "127.0.0.25"
"""Where the honest sender's server stands."""

QUICK = {
    "maximal_queue_lifetime": "1h",
    "minimal_backoff_time": "1s",
    "maximal_backoff_time": "1s",
    "queue_run_delay": "1s",
}
"""A queue that tries again every second."""

ZONE: dict[tuple[str, str], list[str]] = {
    ("honest.test", "MX"): ["10 mx.honest.test."],
    ("honest.test", "TXT"): ['"v=spf1 ip4:127.0.0.25 ip6:fd00:9::25 -all"'],
    ("mx.honest.test", "A"): [CLIENT],
    ("plain.test", "MX"): ["10 mx.honest.test."],
    ("victim.test", "MX"): ["10 mx.victim.test."],
    ("victim.test", "TXT"): ['"v=spf1 ip4:192.0.2.99 -all"'],
    ("mx.victim.test", "A"): ["192.0.2.99"],
}


def virtual_site(base: Path) -> LimboConfig:
    """Virtual mailboxes in a table, delivered by Dovecot."""
    table = MailboxTable(f"texthash:{base}/mailboxes", f"lmtp:unix:{base}/dovecot-lmtp")
    return LimboConfig("private/dovecot-lmtpd", HOSTNAME, TOKEN, (DOMAIN,), (table,))


def system_site(base: Path) -> LimboConfig:
    """System users and aliases, delivered by local(8)."""
    return LimboConfig("private/dovecot-lmtpd", HOSTNAME, TOKEN, local=(DOMAIN,))


def name_server(
    host: MailHost, zone: Mapping[tuple[str, str], list[str]] | None = None
) -> DnsServer:
    """Answer inside the host's network."""
    bound = host.namespace.within(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    bound.bind(("127.0.0.1", DNS_PORT))
    return DnsServer(bound, ZONE if zone is None else zone)


def settings(delay_hours: float = 4.0, mode: str = "on") -> dict[str, object]:
    """Give the section of the configuration."""
    return {"mode": mode, "delay_hours": delay_hours, "nameservers": [RESOLVER]}


def switch(ours: Honeypost, mode: str) -> None:
    """Write the mode; it holds from the next start on."""
    text = ours.configuration.read_text()
    ours.configuration.write_text(re.sub(r'(\[late_bounce\]\nmode = )"\w+"', rf'\1"{mode}"', text))


def send(
    host: MailHost,
    sender: str,
    recipients: Sequence[str],
    text: bytes = b"Subject: a\r\n\r\nb\r\n",
    *,
    source: str = CLIENT,
    options: Sequence[str] = (),
) -> None:
    """Send a message from outside; every recipient must be accepted."""
    with contextlib.closing(host.smtp(port=MX_PORT, source=source)) as client:
        refused = client.sendmail(sender, recipients, text, rcpt_options=options)
        assert not refused
        client.quit()


def delivered(host: MailHost, user: str) -> list[bytes]:
    """Give the messages in a real user's mailbox."""
    return [path.read_bytes() for path in (host.base / "mail" / user / "Maildir/new").glob("*")]
