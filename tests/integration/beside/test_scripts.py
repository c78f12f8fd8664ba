"""The two scripts in the real Dovecot: what they may never do, whatever they are told."""

from __future__ import annotations

import pytest

from conftest import program
from support.dovecot_host import FAST
from support.mailhost import KEY, LOOKUP_PORT, MailHost
from support.sinks import Lookup
from support.users import REAL

pytestmark = pytest.mark.real
LISTED = "123456"
ALICE = "alice@example.org"


@pytest.fixture(scope="module")
def site():
    """A host whose lookup answers what the test puts into the list."""
    program("dovecot")
    with MailHost(dovecot_extra=FAST) as host:
        answers = [""]
        lookup = Lookup(host.bound("127.0.0.1", LOOKUP_PORT), lambda *_: answers[0])
        yield host, lookup, answers
        lookup.close()


def test_a_marker_user_is_let_in_as_told(site):
    host, lookup, answers = site
    answers[0] = f"user=abc123@{host.marker_domain}"
    assert host.imap_login("info@example.org", LISTED)
    asked = lookup.asked[-1]
    assert asked["user"] == "info@example.org"
    assert asked["password"] == LISTED
    assert asked["service"] == "imap"
    assert asked["rip"] == "127.0.0.1"
    assert int(asked["rport"]) > 0
    assert asked["mech"] == "PLAIN"


@pytest.mark.parametrize(
    "answer",
    [
        f"user={ALICE}",
        "user=root",
        "user=abc123@other.invalid",
        "user=../../x@{marker}",
        "user=a.b@{marker}",
        "user=ABC@{marker}",
        "user=@{marker}",
        "user=abc123@{marker}\nuser=x@{marker}",
        "user=abc123@{marker} uid=0",
        "user=" + "a" * 65 + "@{marker}",
        "ok",
        "\0\xff",
    ],
)
def test_nobody_but_a_marker_user_is_ever_let_in(site, answer):
    host, _, answers = site
    answers[0] = answer.format(marker=host.marker_domain)
    assert not host.imap_login("info@example.org", LISTED)


def test_odd_passwords_arrive_as_typed(site):
    host, lookup, answers = site
    answers[0] = ""
    for password in ("a&b=c%41+ d", "pässwört", "x" * 500, '"\\'):
        host.smtp_login("info@example.org", password)
        assert lookup.asked[-1]["password"] == password


def test_the_key_is_sent_and_real_users_never_are(site):
    host, lookup, _ = site
    before = len(lookup.asked)
    assert host.imap_login(ALICE, REAL[ALICE])
    assert not host.imap_login(ALICE, LISTED)
    assert len(lookup.asked) == before
    assert KEY in (host.chain.directory / "decoy-settings.lua").read_text()


@pytest.mark.parametrize("settings", [None, "", "return 7", "return {", "error('x')"])
def test_without_settings_nobody_is_let_in_and_real_users_are(site, settings):
    """A script that does not load would kill every login at the next reload."""
    host, _, answers = site
    answers[0] = f"user=abc123@{host.marker_domain}"
    path = host.chain.directory / "decoy-settings.lua"
    path.unlink() if settings is None else path.write_text(settings)
    host.dovecot.stop()
    host.dovecot.start()
    try:
        assert host.imap_login(ALICE, REAL[ALICE])
        assert not host.imap_login("info@example.org", LISTED)
    finally:
        path.write_text(host.chain.settings())
        host.dovecot.stop()
        host.dovecot.start()
