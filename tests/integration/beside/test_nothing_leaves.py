"""
Nothing a decoy sends leaves, in whatever state our side is; the "internet" counts.

Each state has a host whose queue expires within seconds, so that notices are due.
"""

from __future__ import annotations

import pytest

from support.dovecot_host import FAST
from support.honeypost import Honeypost
from support.mailhost import LOOKUP_PORT, MailHost
from support.postfix_host import SHORT_LIVES
from support.sinks import Lookup, RefusingSink, unix_socket
from support.users import REAL
from support.waiting import until

pytestmark = pytest.mark.real
DECOY, PASSWORD = "info@example.org", "123456"
MESSAGES = 5
EVERY_NOTICE = ["NOTIFY=SUCCESS,FAILURE,DELAY"]
ALICE = "alice@example.org"


@pytest.fixture
def host():
    with MailHost(dovecot_extra=FAST, postfix_settings=SHORT_LIVES) as made:
        yield made


def spam(client):
    """Send to outside and to a real local user, asking for every notice there is."""
    for number in range(MESSAGES):
        client.mail("me@attacker.test", ["RET=FULL"])
        for to in ("one@outside.test", "bob@example.org", "two@elsewhere.test"):
            assert client.rcpt(to, EVERY_NOTICE)[0] == 250
        code, text = client.data(f"Subject: {number}\r\n\r\nbuy\r\n".encode())
        assert code == 250
        assert text.startswith(b"2.0.0 Ok: queued as ")


def settled(host):
    """The queue is empty: everything was delivered, discarded or given up."""
    until(lambda: not host.postfix.queued(), host.postfix.said, seconds=30)
    return host.postfix.said()


def control(host):
    """The counter counts: a real user's mail to outside arrives there."""
    before = len(host.internet.messages)
    with host.smtp(source="127.0.0.7") as client:
        client.login(ALICE, REAL[ALICE])
        client.sendmail(ALICE, ["friend@outside.test"], b"Subject: hello\r\n\r\nhi\r\n")
    until(lambda: len(host.internet.messages) > before, host.postfix.said)
    return before


def bobs_mail(host):
    mailbox = host.imap("bob@example.org", REAL["bob@example.org"])
    try:
        return int(mailbox.select()[1][0])
    finally:
        mailbox.shutdown()


@pytest.fixture
def session(host):
    """A decoy session, won from a stand-in so that our own processes may be in any state."""
    marker = f"user=abc123@{host.marker_domain}"
    lookup = Lookup(
        host.bound("127.0.0.1", LOOKUP_PORT),
        lambda _, password: marker if password == PASSWORD else "",
    )
    try:
        with host.smtp(source="127.0.0.9") as client:
            client.login(DECOY, PASSWORD)
            yield client
    finally:
        lookup.close()


def test_with_everything_up(host):
    with Honeypost(host) as honeypost:
        host.win(DECOY)
        with host.smtp(source="127.0.0.9") as client:
            client.login(DECOY, PASSWORD)
            spam(client)
        until(lambda: len(honeypost.captures()) == MESSAGES, host.postfix.said)
        settled(host)
        assert bobs_mail(host) == 0
        assert control(host) == 0


def test_with_our_sink_dead_until_the_queue_expires(host):
    """Policy says yes, the sink is gone: so the notice is due, and is discarded."""
    with Honeypost(host) as honeypost:
        host.win(DECOY)
        host.sink.unlink()
        with host.smtp(source="127.0.0.9") as client:
            client.login(DECOY, PASSWORD)
            spam(client)
        said = settled(host)
        assert honeypost.captures() == []
    assert said.count("status=expired, returned to sender") == MESSAGES
    assert said.count("discard: header") >= MESSAGES
    assert bobs_mail(host) == 0
    assert control(host) == 0


@pytest.mark.parametrize("after_body", [False, True], ids=["at RCPT", "after the body"])
def test_with_our_sink_answering_550(host, after_body):
    with Honeypost(host):
        host.win(DECOY)
        refusing = RefusingSink(unix_socket(host.sink), after_body=after_body)
        try:
            with host.smtp(source="127.0.0.9") as client:
                client.login(DECOY, PASSWORD)
                spam(client)
            said = settled(host)
        finally:
            refusing.close()
    assert refusing.refused == 3 * MESSAGES
    assert said.count("status=bounced") == 3 * MESSAGES
    assert said.count("discard: header") >= MESSAGES
    assert bobs_mail(host) == 0
    assert control(host) == 0


@pytest.mark.parametrize("state", ["killed", "hung"])
def test_with_all_of_us_dead_or_hung(host, state):
    with Honeypost(host) as honeypost:
        host.win(DECOY)
        with host.smtp(source="127.0.0.9") as client:
            client.login(DECOY, PASSWORD)
            honeypost.kill() if state == "killed" else honeypost.hang()
            spam(client)
        said = settled(host)
        assert said.count("discard: END-OF-MESSAGE") == MESSAGES
        assert bobs_mail(host) == 0
        assert control(host) == 0


def test_a_lone_success_notice_is_discarded_as_well(host, session):
    """A sink that takes the mail but announces no DSN makes Postfix write "relayed"."""
    taking = _Taking(unix_socket(host.sink))
    policy = _Yes(unix_socket(host.policy))
    try:
        spam(session)
        said = settled(host)
    finally:
        taking.close()
        policy.close()
    assert "sender delivery status notification" in said
    assert said.count("discard: ") >= MESSAGES
    assert control(host) == 0


class _Taking(RefusingSink):
    """Takes all, without DSN."""

    def __init__(self, listening) -> None:
        super().__init__(listening, after_body=True)

    async def serve(self, reader, writer):
        recipients = 0
        writer.write(b"220 sink LMTP\r\n")
        while line := await reader.readline():
            verb = line[:4].upper()
            recipients = 0 if verb == b"MAIL" else recipients + (verb == b"RCPT")
            if verb == b"DATA":
                writer.write(b"354 go\r\n")
                await reader.readuntil(b"\r\n.\r\n")
                writer.write(b"250 ok\r\n" * recipients)
            else:
                writer.write(b"250 ok\r\n")


class _Yes(RefusingSink):
    """A policy service that lets everything pass."""

    def __init__(self, listening) -> None:
        super().__init__(listening, after_body=True)

    async def serve(self, reader, writer):
        while await reader.readuntil(b"\n\n"):
            writer.write(b"action=DUNNO\n\n")
