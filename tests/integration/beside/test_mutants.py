"""
Each safeguard taken away in turn: the harm that it prevents is then seen here.

So the tests that say "no harm" beside (named in each test) are known to be able to fail.
"""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from support.dovecot_host import FAST
from support.honeypost import Honeypost
from support.mailhost import LOOKUP_PORT, MailHost
from support.sinks import Lookup, RefusingSink, unix_socket
from support.waiting import until

pytestmark = pytest.mark.real
LISTED = "123456"
NO_DISCARD = ("default_action=DISCARD", "default_action=DUNNO")
"""Lets decoy mail pass the end of data without our policy service, so that the rest is seen."""

SPAM = b"Subject: offer\r\n\r\nbuy\r\n"


@contextmanager
def lookup(host):
    """A mind without any doubt: every listed password wins."""
    marker = f"user=abc123@{host.marker_domain}"
    made = Lookup(
        host.bound("127.0.0.1", LOOKUP_PORT), lambda _, secret: marker if secret == LISTED else ""
    )
    try:
        yield made
    finally:
        made.close()


def mutate_master(host, *changes):
    text = host.postfix.master()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    host.postfix._write("postfix/master.cf", text)
    host.postfix.reload()


def spam_as_decoy(host):
    with host.smtp(source="127.0.0.9") as client:
        client.login("info@example.org", LISTED)
        client.sendmail("me@attacker.test", ["one@outside.test"], SPAM)


@pytest.mark.parametrize("guard", [True, False], ids=["whole", "guard removed"])
def test_without_the_guard_a_real_user_becomes_a_decoy(guard):
    """Red without it: test_real_users, a real user with a listed password is refused."""
    with MailHost(dovecot_extra=FAST, guard=guard) as host, lookup(host):
        assert host.imap_login("alice@example.org", LISTED) is not guard


@pytest.mark.parametrize("whole", [True, False], ids=["whole", "FILTER removed"])
def test_without_the_filter_decoy_mail_leaves(whole):
    """Red without it: test_nothing_leaves, with everything up."""
    with MailHost(dovecot_extra=FAST) as host, lookup(host):
        if not whole:
            mutate_master(host, (f"FILTER decoy:unix:{host.sink}", "DUNNO"), NO_DISCARD)
        spam_as_decoy(host)
        if whole:
            until(lambda: not host.postfix.queued(), host.postfix.said)
            assert host.internet.messages == []
        else:
            until(lambda: host.internet.messages, host.postfix.said)


@pytest.mark.parametrize("whole", [True, False], ids=["whole", "notice cleanup removed"])
def test_without_the_notice_cleanup_a_bounce_leaves(whole):
    """Red without it: test_nothing_leaves, with our sink answering 550."""
    with MailHost(dovecot_extra=FAST) as host, lookup(host):
        removed = () if whole else (("  -o { cleanup_service_name = cleanup-dsn }\n", ""),)
        mutate_master(host, NO_DISCARD, *removed)
        refusing = RefusingSink(unix_socket(host.sink), after_body=False)
        try:
            spam_as_decoy(host)
            if whole:
                until(lambda: "discard: header" in host.postfix.said(), host.postfix.said)
                until(lambda: not host.postfix.queued(), host.postfix.said)
                assert host.internet.messages == []
            else:
                until(lambda: host.internet.messages, host.postfix.said)
                assert host.internet.messages[0][0].startswith(b"MAIL FROM:<>")
        finally:
            refusing.close()


@pytest.mark.parametrize("names", [True, False], ids=["whole", "real-name check removed"])
def test_without_the_check_of_real_names_a_near_miss_becomes_a_decoy(names):
    """Red without it: test_real_users, the near-misses of a real user with a listed password."""
    with MailHost(dovecot_extra=FAST) as host, Honeypost(host, names=names):
        assert not host.imap_login("alicee@example.org", "qwerty")
        assert host.imap_login("alicee@example.org", LISTED) is not names
