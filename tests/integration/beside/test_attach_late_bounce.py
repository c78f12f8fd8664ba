"""
The late bounce and the caps, switched on and off on a host as Debian makes it.

Only how they come and go; what the late bounce does is shown in test_late_bounce.py.
"""

from __future__ import annotations

import json

import pytest

from support.late_bounce import RESOLVER, name_server
from support.mail_clients import SmtpClient
from support.stock_host import OUTSIDE, OWN_CONFIGURATION, StockHost
from support.users import DOMAIN, REAL
from support.waiting import until

pytestmark = pytest.mark.real
ALICE, HONEST = next(iter(REAL)), "anna@honest.test"
ZONE = {
    ("honest.test", "MX"): ["10 mx.honest.test."],
    ("honest.test", "TXT"): [f'"v=spf1 ip4:{OUTSIDE[0]} -all"'],
}


@pytest.fixture(scope="module")
def site():
    with StockHost("sql") as made:
        yield made


def switch(host, late_bounce, penalties="observe"):
    text = f'{OWN_CONFIGURATION}\n[penalties]\nmode = "{penalties}"\n'
    text += f'[late_bounce]\nmode = "{late_bounce}"\nnameservers = ["{RESOLVER}"]\n'
    (host.etc / "honeypost/honeypost.toml").write_text(text)


def rcpt(host, *names):
    """Send from outside; gives the reply to each recipient."""
    with SmtpClient(host.namespace, OUTSIDE[0], wrapped=False) as client:
        client.connect("127.0.0.1", 2525)
        client.ehlo("mx.honest.test")
        client.mail(HONEST)
        codes = [client.rcpt(name)[0] for name in names]
        if 250 in codes:
            client.data(b"Subject: hello\r\n\r\nhello\r\n")
        return codes


def postfix(host):
    return [(host.etc / "postfix" / name).read_text() for name in ("main.cf", "master.cf")]


def waiting(host):
    listed = host.run("postqueue", "-j").stdout.splitlines()
    return [r["address"] for line in listed for r in json.loads(line)["recipients"]]


def test_switched_on_and_off_while_decoys_stand(site):
    switch(site, "off")
    before = site.hashes()
    site.drive("attach")
    plain = postfix(site)
    assert rcpt(site, f"nosuch1@{DOMAIN}") == [550]

    switch(site, "on", "on")
    shown = site.honeypost("attach").stdout
    assert "+limbo" in shown
    assert "+smtpd_client_connection_count_limit = 25" in shown
    assert postfix(site) == plain
    assert "failed" not in site.drive("attach")
    assert site.honeypost("mode").stdout == "deceive, with caps and late bounce\n"
    assert rcpt(site, f"nosuch1@{DOMAIN}", ALICE) == [250, 250]
    until(lambda: waiting(site) == [f"nosuch1@{DOMAIN}"], site.said)

    switch(site, "off", "on")
    refused = site.drive("attach")["failed"]
    assert f"from {HONEST} to nosuch1@{DOMAIN}" in refused
    assert "--waiting tell" in refused
    assert rcpt(site, f"nosuch2@{DOMAIN}") == [550]
    assert "limbo" in site.run("postconf", "-h", "transport_maps").stdout
    site.drive("change_waiting_deleted")
    assert waiting(site) == []
    assert site.honeypost("mode").stdout == "deceive, with caps\n"
    switch(site, "off")
    site.drive("attach")
    assert postfix(site) == plain
    site.drive("detach")
    assert site.hashes() == before
    assert site.internet.messages == []


def test_killed_at_any_moment_it_is_undone(site):
    switch(site, "on", "on")
    before = site.hashes()
    results = site.drive("killed")
    assert "unknown names are accepted" in results
    assert {moment: [-9, [], True] for moment in results} == results
    assert site.hashes() == before


def test_detaching_tells_whom_it_owes_a_bounce_before_the_routes_go(site):
    switch(site, "on")
    before = site.hashes()
    site.drive("attach")
    server = name_server(site, ZONE)
    with site.deceiving():
        assert rcpt(site, f"nosuch3@{DOMAIN}") == [250]
        until(lambda: waiting(site), site.said)
        refused = site.honeypost("detach", check=False)
        assert refused.returncode == 1
        assert f"to nosuch3@{DOMAIN}" in refused.stderr
        told = site.honeypost("detach", "--waiting", "tell")
        assert "proven senders got the bounce" in told.stderr
    server.close()
    assert site.hashes() == before
    until(lambda: site.internet.messages, site.said)
    ((sender, recipients, text),) = site.internet.messages
    assert b"<>" in sender
    assert HONEST.encode() in recipients[0]
    assert f"550 5.1.1 <nosuch3@{DOMAIN}> User doesn't exist".encode() in text
