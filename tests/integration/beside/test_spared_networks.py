"""Who logs in from a network that is to be spared (a webmail's host) never gets a decoy."""

from __future__ import annotations

import pytest

from honeypost.events import LoginRefused
from support.honeypost import Honeypost

pytestmark = pytest.mark.real
WEBMAIL, STRANGER = "127.0.7.7", "127.0.8.8"
LISTED = ("letmein", "123456", "sunshine")


@pytest.fixture(scope="module")
def honeypost(host):
    with Honeypost(host, failures=1, spared=("127.0.7.0/24", "::1/128")) as made:
        yield made


def test_a_webmail_gets_no_decoy_and_leaves_no_trace(host, honeypost):
    host.until_sure()
    for secret in LISTED:
        assert host.smtp_login("info@example.org", secret, source=WEBMAIL)[0] == 535
        assert not host.imap_login("info@example.org", secret, source=WEBMAIL)
    assert host.smtp_login("info@example.org", LISTED[0], source=STRANGER)[0] == 535
    assert host.smtp_login("info@example.org", LISTED[1], source=STRANGER)[0] == 235
    assert host.smtp_login("info@example.org", LISTED[1], source=WEBMAIL)[0] == 535
    refused = honeypost.journal(LoginRefused.kind())
    assert {entry.who.client.address for entry in refused} == {STRANGER}
