"""The operator hears of the first decoy, by mail through the host's own Postfix, and only once."""

from __future__ import annotations

import email
import time
from email.message import Message

import pytest

from honeypost.cli.alerted import collect
from honeypost.config.schema import Alerts, Paths
from support.dovecot_host import FAST
from support.honeypost import Honeypost
from support.mailhost import MailHost
from support.postfix_host import MX_PORT, SHORT_LIVES
from support.users import REAL
from support.waiting import until

pytestmark = pytest.mark.real

OPERATOR = "alice@example.org"
SETTINGS = {"to": [OPERATOR], "server": f"127.0.0.1:{MX_PORT}"}
SECONDS = 20.0
"""The worker looks every five."""


def inbox(host: MailHost) -> list[Message]:
    client = host.imap(OPERATOR, REAL[OPERATOR])
    try:
        count = int(client.select("INBOX", readonly=True)[1][0])
        raw = [client.fetch(str(number + 1), "(RFC822)")[1][0][1] for number in range(count)]
    finally:
        client.logout()
    return [email.message_from_bytes(each) for each in raw]


def sent(honeypost: Honeypost, kind: str) -> bool:
    """Does the status say that the mail about this went out?"""
    found = collect(Paths(honeypost.data).intel, Alerts(to=(OPERATOR,)), time.time())
    return [alert.mail for alert in found if alert.kind == kind] == ["sent"]


def test_the_first_decoy_is_told_once_and_a_killed_worker_repeats_nothing() -> None:
    with MailHost(dovecot_extra=FAST, postfix_settings=SHORT_LIVES) as host:
        host.until_sure()
        with Honeypost(host, alerts=SETTINGS) as honeypost:
            host.win("info@example.org", "123456")
            until(lambda: sent(honeypost, "decoy"), seconds=SECONDS)
            until(lambda: len(inbox(host)) == 1)
            (mail,) = inbox(host)
            assert mail["Return-Path"] == "<>"
            assert mail["Auto-Submitted"] == "auto-generated"
            assert mail["Subject"] == "[honeypost] mail.example.org: the first decoy was won"
            text = mail.get_payload()
            assert "info@example.org over imap, from 127.0.0.1" in text
            assert "123456" not in text

            honeypost.kill()
            flag = honeypost.data / "attach" / "disarmed"
            flag.parent.mkdir(exist_ok=True)
            flag.write_text("2026-03-01T12:00:00Z decoys are switched off: a script is gone\n")
            honeypost.start()
            host.win("sales@example.org", "123456")
            until(lambda: sent(honeypost, "disarmed"), seconds=SECONDS)
            until(lambda: len(inbox(host)) == 2)
            second = inbox(host)[1]
            assert second["Subject"].endswith("our part was taken out of the mail server")
            assert "decoys are switched off: a script is gone" in " ".join(
                second.get_payload().split()
            )
        assert len(inbox(host)) == 2
        assert not host.internet.messages
