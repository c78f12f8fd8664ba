"""What the client sees of a decoy: nothing of the marker, nothing of anybody's mail."""

from __future__ import annotations

import pytest

from support.dovecot_host import DECOY_UID
from support.postfix_host import SUBMISSIONS_PORT
from support.users import REAL
from support.waiting import until

pytestmark = pytest.mark.real
DECOY, PASSWORD = "office@example.org", "123456"


@pytest.fixture(scope="module", autouse=True)
def _won(host, honeypost):
    host.win(DECOY, PASSWORD)


@pytest.mark.parametrize(
    "sender", ["alice@example.org", DECOY, "", "x@attacker.test", "nobody@example.org"]
)
def test_no_reply_of_submission_names_the_marker(host, honeypost, sender):
    before, said = len(honeypost.captures()), []
    with host.smtp(source="127.0.0.9") as client:
        client.login(DECOY, PASSWORD)
        said.append(client.mail(sender))  # alice's address is owned by alice
        said += [client.rcpt(to) for to in ("a@outside.test", "nosuch@example.org", "bad address")]
        said += [client.docmd(verb) for verb in ("VRFY bob", "HELP", "NOOP", "EXPN x")]
        said.append(client.data(b"Subject: t\r\n\r\nb\r\n"))
    codes = [code for code, _ in said]
    assert (codes[0], codes[1], codes[-1]) == (250, 250, 250)
    told = repr(said).lower()
    assert host.marker_domain not in told
    assert host.header.lower() not in told
    assert "decoy" not in told
    until(lambda: len(honeypost.captures()) > before, host.postfix.said)


def test_submissions_over_tls_is_contained_too(host, honeypost):
    before = len(honeypost.captures())
    with host.smtp(port=SUBMISSIONS_PORT, source="127.0.0.9") as client:
        client.login(DECOY, PASSWORD)
        client.sendmail("x@attacker.test", ["a@outside.test"], b"Subject: t\r\n\r\nb\r\n")
    until(lambda: len(honeypost.captures()) > before, host.postfix.said)
    assert host.internet.messages == []


def test_a_message_in_chunks_is_contained_too(host, honeypost):
    before = len(honeypost.captures())
    with host.smtp(source="127.0.0.9") as client:
        client.login(DECOY, PASSWORD)
        client.mail("x@attacker.test")
        client.rcpt("a@outside.test")
        text = b"Subject: t\r\n\r\nb\r\n"
        client.send(b"BDAT %d LAST\r\n%b" % (len(text), text))
        code, reply = client.getreply()
    assert code == 250
    assert b"queued as" in reply
    until(lambda: len(honeypost.captures()) > before, host.postfix.said)
    assert host.internet.messages == []


def test_the_mailbox_is_its_own_and_nobody_elses(host):
    host.deliver("friend@outside.test", "alice@example.org", b"Subject: private\r\n\r\nhi\r\n")
    mailbox = host.imap(DECOY, PASSWORD)
    try:
        assert mailbox.select() == ("OK", [b"0"])
        _, folders = mailbox.list()
        assert all(b"alice" not in folder for folder in folders)
        for name in ('"../alice@example.org"', '"~alice/INBOX"', '"/etc"'):
            assert mailbox.create(name)[0] == "NO"
        _, quota = mailbox.status("INBOX", "(MESSAGES)")
        assert host.marker_domain.encode() not in repr([folders, quota]).encode()
    finally:
        mailbox.shutdown()
    homes = list((host.base / "decoys").iterdir())
    assert [home.stat().st_uid for home in homes] == [DECOY_UID]
    real = host.imap("alice@example.org", REAL["alice@example.org"])
    try:
        until(lambda: int(real.select()[1][0]) >= 1, host.postfix.said)
    finally:
        real.shutdown()


@pytest.mark.parametrize(("service", "answer"), [("imap", "succeeded"), ("sieve", "failed")])
def test_services_other_than_mail_are_refused(host, service, answer):
    """A decoy seen by sieve or Dovecot's own submission would not be contained."""
    done = host.namespace.run(
        "doveadm", "-c", host.base / "dovecot.conf", "auth", "test",
        "-x", f"service={service}", "-x", "rip=127.0.0.9", DECOY, PASSWORD, check=False,
    )  # fmt: skip
    assert f"auth {answer}" in done.stdout + done.stderr
