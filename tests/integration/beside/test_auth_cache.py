"""Dovecot's auth cache, which many sites have on, answers for nobody who is a decoy."""

from __future__ import annotations

import pytest

from support.dovecot_host import FAST
from support.mailhost import LOOKUP_PORT, MailHost
from support.sinks import Lookup
from support.users import REAL
from support.waiting import until

pytestmark = pytest.mark.real
DECOY, PASSWORD = "info@example.org", "123456"


@pytest.fixture(scope="module")
def host():
    with MailHost(dovecot_extra=f"{FAST}auth_cache_size = 1M\n") as made:
        yield made


@pytest.fixture
def answers(host):
    """What our end says, changed by the test."""
    said = [f"user=abc123@{host.marker_domain}"]
    lookup = Lookup(host.bound("127.0.0.1", LOOKUP_PORT), lambda *_: said[0])
    yield said
    lookup.close()


def test_a_grant_is_never_repeated_from_the_cache(host, answers):
    for _ in range(2):
        assert host.smtp_login(DECOY, PASSWORD)[0] == 235
        assert host.imap_login(DECOY, PASSWORD)
    answers[0] = ""  # the containment is in doubt from now on
    assert host.smtp_login(DECOY, PASSWORD)[0] == 535
    assert not host.imap_login(DECOY, PASSWORD)


def test_what_the_cache_is_given_for_the_password_lets_nobody_in(host, answers):
    login = "sales@example.org"
    assert host.imap_login(login, PASSWORD)
    answers[0] = ""
    assert not host.imap_login(login, "-" * 80)


def test_an_outage_is_not_remembered(host):
    login = "office@example.org"
    assert host.smtp_login(login, PASSWORD)[0] == 535  # nobody listens
    said = f"user=abc124@{host.marker_domain}"
    lookup = Lookup(host.bound("127.0.0.1", LOOKUP_PORT), lambda *_: said)
    try:
        until(lambda: host.smtp_login(login, PASSWORD)[0] == 235)
    finally:
        lookup.close()


def test_real_users_have_their_cache_as_before(host, answers):
    alice = "alice@example.org"
    for _ in range(3):
        assert host.imap_login(alice, REAL[alice])
    assert not host.imap_login(alice, PASSWORD)
