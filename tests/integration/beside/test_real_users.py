"""
Real users notice nothing: with us running, hung and killed; over passwd-file, PAM and SQL.

``HONEYPOST_PROOF=1`` makes 3,006 rounds of it (as `make proof` does), else 153.
"""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.dovecot_host import FAST
from support.honeypost import Honeypost
from support.mailhost import MailHost
from support.users import KINDS, REAL
from support.waiting import until

pytestmark = pytest.mark.real
ROUNDS = 334 if os.environ.get("HONEYPOST_PROOF") else 17
AT_ONCE = 4
LISTED = "123456"
SLOWEST_SECONDS = 4.0
"""For one login while guesses hang beside it; PAM takes 2 s of it at the peak (facts)."""


@pytest.fixture(scope="module", params=sorted(KINDS))
def site(request):
    with MailHost(kind=request.param, dovecot_extra=FAST) as host, Honeypost(host) as honeypost:
        yield host, honeypost


def live(host, number):
    """One round of a user's day: log in twice, send to a colleague; gives the worst wait."""
    login, password = list(REAL.items())[number % len(REAL)]
    colleague = list(REAL)[(number + 1) % len(REAL)]
    address, source = ("127.0.0.1", f"127.0.7.{number % 250 + 1}") if number % 2 else ("::1", "")
    worst = 0.0
    with host.smtp(address=address, source=source) as client:
        before = time.monotonic()
        client.login(login, password)
        worst = max(worst, time.monotonic() - before)
        text = f"Subject: round {number}\r\n\r\nhi\r\n".encode()
        assert client.sendmail(login, [colleague], text) == {}
    before = time.monotonic()
    assert host.imap_login(login, password)
    assert host.pop3_login(login, password)
    return max(worst, time.monotonic() - before)


def mails(host):
    """How much is in the real mailboxes together."""
    count = 0
    for login, password in REAL.items():
        mailbox = host.imap(login, password)
        count += int(mailbox.select()[1][0])
        mailbox.shutdown()
    return count


def guesses(host):
    """Guessers at work beside: nobody, decoys-to-be and real names with listed passwords."""
    for login in ("ines@example.org", "support@example.org", "alice@example.org"):
        host.imap_login(login, LISTED)


@pytest.mark.proof
@pytest.mark.parametrize("state", ["running", "hung", "killed"])
def test_real_users_log_in_send_and_receive(site, state):
    host, honeypost = site
    if state == "hung":
        honeypost.hang()
    if state == "killed":
        honeypost.kill()
    before = mails(host)
    try:
        with ThreadPoolExecutor(AT_ONCE + 1) as pool:
            guessing = pool.submit(lambda: [guesses(host) for _ in range(3)])
            waits = list(pool.map(lambda number: live(host, number), range(ROUNDS)))
            guessing.result()
        until(lambda: mails(host) == before + ROUNDS, host.postfix.said, seconds=60)
    finally:
        if state == "hung":
            honeypost.wake()
        if state == "killed":
            honeypost.start()
    assert len(waits) == ROUNDS
    assert max(waits) < SLOWEST_SECONDS


@pytest.mark.parametrize("near", ["alice", "alcie", "alicee", "alice+x", "ALICE"])
def test_a_real_user_with_a_listed_password_is_refused_and_no_decoy(site, near):
    host, honeypost = site
    for password in ("qwerty", LISTED, "letmein", LISTED):
        assert not host.imap_login(f"{near}@example.org", password)
    code, text = host.smtp_login(f"{near}@example.org", LISTED)
    assert (code, text[:39]) == (535, b"5.7.8 Error: authentication failed: (re")
    assert all("ali" not in e.event.account for e in honeypost.journal("decoy.adopted"))


def test_with_the_user_database_down_nobody_becomes_a_decoy(site):
    host, honeypost = site
    adopted = len(honeypost.journal("decoy.adopted"))
    host.users.break_it()
    try:
        # Dovecot keeps a database open; a new auth process finds that it is gone.
        host.dovecot.stop()
        host.dovecot.start()
        for password in ("qwerty", "letmein", LISTED):
            for login in ("alice@example.org", "service@example.org", "nobody@example.org"):
                assert not host.imap_login(login, password)
        assert len(honeypost.journal("decoy.adopted")) == adopted
    finally:
        host.users.mend_it()
        host.dovecot.stop()
        host.dovecot.start()
    assert host.imap_login("alice@example.org", REAL["alice@example.org"])


def test_a_hung_lookup_costs_a_guess_its_limit_once_and_then_nothing(site):
    host, honeypost = site
    until(lambda: won(host, "contact@example.org"), host.dovecot.said, seconds=20)
    honeypost.hang()
    try:
        first = seconds(host)
        then = [seconds(host) for _ in range(4)]
    finally:
        honeypost.wake()
    assert first < 0.6 + 0.9  # the script's limit and Dovecot's tick for failures
    assert max(then) < 0.9
    until(lambda: host.imap_login("contact@example.org", LISTED), host.dovecot.said, seconds=20)


def won(host, login):
    """Guess once more; after a test that hung us the script asks nobody for 5 s."""
    return not host.imap_login(login, "qwerty") and host.imap_login(login, LISTED)


def seconds(host):
    before = time.monotonic()
    assert not host.imap_login("contact@example.org", LISTED)
    return time.monotonic() - before
