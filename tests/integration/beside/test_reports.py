"""What the real Dovecot reports of each login, after it answered: seen, and never waited for."""

from __future__ import annotations

import pytest

from support.users import REAL
from support.waiting import until

pytestmark = pytest.mark.real
ALICE = "alice@example.org"
DECOY, PASSWORD = "info@example.org", "123456"


def told(honeypost, login, *, success):
    """Give the reports on a login, once there is one with that outcome."""
    found = []

    def there():
        found[:] = [
            entry
            for entry in honeypost.journal("login.reported")
            if entry.event.login == login.encode() and entry.event.success is success
        ]
        return found

    until(there, lambda: repr(honeypost.journal("login.reported")))
    return found


def test_a_real_login_is_reported_with_its_client_and_without_its_secret(host, honeypost):
    assert host.imap_login(ALICE, REAL[ALICE], source="127.0.3.1")
    entry = told(honeypost, ALICE, success=True)[-1]
    assert entry.who.client.address == "127.0.3.1"
    assert entry.event.service == "imap"
    assert entry.event.decoy is False
    stored = b"".join(p.read_bytes() for p in host.data.rglob("*") if p.is_file())
    assert REAL[ALICE].encode() not in stored


def test_a_refused_login_is_reported_over_submission_and_ipv6(host, honeypost):
    host.namespace.add("fd00:9::8")
    with (
        host.smtp(address="::1", source="fd00:9::8") as client,
        pytest.raises(OSError, match="535"),
    ):
        client.login(ALICE, "no-such-secret")
    entry = told(honeypost, ALICE, success=False)[-1]
    assert entry.who.client.address == "fd00:9::8"
    assert entry.event.service == "smtp"


def test_a_decoys_login_is_reported_as_such(host, honeypost):
    host.win(DECOY, PASSWORD)
    with host.smtp(source="127.0.0.9") as client:
        client.login(DECOY, PASSWORD)
    until(
        lambda: any(e.event.decoy and e.event.success for e in honeypost.journal("login.reported")),
        lambda: repr(honeypost.journal("login.reported")),
    )
