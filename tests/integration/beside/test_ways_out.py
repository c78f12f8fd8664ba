"""
Ways out of a decoy, each tried on the same real Postfix and Dovecot: nothing leaves.

Unlike the other hosts this one has a way out to everywhere (``support.counting_firewall``) and a
stock ``default_transport``, so what is not contained really goes, by DNS, to the address it
names.  After each way the queue is empty, and then no message may have arrived anywhere and no
packet may have left but questions to the resolver; those are listed at the end.
"""

from __future__ import annotations

from collections import Counter

import pytest

from conftest import program
from support.counting_firewall import OutsideNamespace, World, asks_names
from support.dovecot_host import FAST
from support.honeypost import Honeypost
from support.mailhost import MailHost
from support.users import REAL
from support.waiting import until
from support.ways_out import (
    ALICE,
    DECOY,
    LONG,
    PASSWORD,
    SHORT,
    SIZE_LIMIT,
    WAYS,
    Stage,
    backup,
    waits,
)

pytestmark = pytest.mark.real

SITE = {
    "default_transport": "smtp",
    "disable_dns_lookups": "no",
    "smtp_host_lookup": "dns",
    "smtpd_peername_lookup": "yes",
    "virtual_alias_maps": "inline:{{postmaster@example.org=alice@example.org},{out@example.org=friend@outside.test}}",
    "always_bcc": "archive@archive.test",
    "message_size_limit": str(SIZE_LIMIT),
    **SHORT,
    "minimal_backoff_time": "1s",
    "maximal_backoff_time": "1s",
    "queue_run_delay": "1s",
}
"""A site with a way out, a copy of all mail sent outside, and a queue that is tried at once."""


@pytest.fixture(scope="module")
def stage():
    program("nft")
    with (
        MailHost(dovecot_extra=FAST, postfix_settings=SITE, network=OutsideNamespace) as host,
        World(host.namespace) as world,
        Honeypost(host) as honeypost,
    ):
        assert not host.imap_login(DECOY, "qwerty")
        # On a busy machine the script may give up on us and ask nobody for five seconds.
        until(lambda: host.imap_login(DECOY, PASSWORD), host.dovecot.said, seconds=60)
        yield Stage(host, honeypost, world)


@pytest.fixture(scope="module")
def tried():
    return []


def left(stage) -> Counter:
    """Packets that left and are no questions to the resolver."""
    gone = stage.host.namespace.gone()
    return Counter({where: packets for where, packets in gone.items() if not asks_names(where)})


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.id)
def test_nothing_leaves(stage, tried, way):
    stage.live(way.lives)
    captured, before = len(stage.honeypost.captures()), (list(stage.world.messages), left(stage))
    way.run(stage)
    until(
        lambda: len(stage.honeypost.captures()) >= captured + way.captured, stage.host.postfix.said
    )
    stage.settled()
    assert (stage.world.messages, left(stage)) == before, way.words
    assert stage.host.internet.messages == []
    tried.append(way.id)


def test_a_real_users_mail_does_leave(stage, tried):
    """The control, on the same host and counter; and what all ways together came to."""
    messages, packets = len(stage.world.messages), left(stage)
    names = stage.host.namespace.gone() - packets
    with stage.host.smtp(source="127.0.0.7") as client:
        client.login(ALICE, REAL[ALICE])
        client.sendmail(
            ALICE, ["friend@outside.test", "x@[203.0.113.77]"], b"Subject: a\r\n\r\nb\r\n"
        )
    until(lambda: len(stage.world.messages) >= 2, stage.host.postfix.said)
    control = left(stage)
    assert ("203.0.113.77", "tcp", 25) in control
    print(
        f"\nmeasured: {len(tried)} ways, {messages} messages, {packets.total()} packets but DNS"
        f" ({shown(names)}); a real user's one mail: {len(stage.world.messages)} messages,"
        f" {control.total()} packets"
    )
    assert len(tried) == len(WAYS) >= 30
    assert (messages, packets) == (0, Counter())


def test_gap_a_restored_backup_tells_the_sender_once_waiting_mail_expires(stage):
    """A gap that the manual states: what waits loses its transport, and nobody detaches."""
    stage.live(LONG)
    told = len(stage.world.messages)
    with stage.no_sink():
        waits(stage)
        stage.host.postfix.set(SHORT)
        backup(stage)
        stage.host.postfix.reload()
        until(lambda: len(stage.world.messages) > told, stage.host.postfix.said)
    told_to = b"".join(stage.world.messages[told][1])
    assert told_to.startswith(b"RCPT TO:<me@attacker.test>"), told_to


def test_detaching_leaves_a_real_users_waiting_mail_that_quotes_a_decoy(stage):
    """Only the login that Postfix noted tells a decoy's mail, after a restored backup as well."""
    stage.host.postfix.set({**LONG, "defer_transports": "smtp"})
    stage.host.attach()
    quoting = f"Subject: a\r\n\r\nsasl_username=x@{stage.host.marker_domain}\r\n".encode()
    with stage.host.smtp(source="127.0.0.8") as client, stage.no_sink():
        client.login(ALICE, REAL[ALICE])
        client.sendmail(ALICE, ["friend@outside.test"], quoting)
        client.quit()
        until(stage.host.postfix.queued)
        real = set(stage.host.postfix.queued())
        waits(stage)
        assert set(stage.host.postfix.queued()) > real
        backup(stage)
        stage.host.postfix.reload()
        stage.clear()
    assert set(stage.host.postfix.queued()) == real


def shown(gone) -> str:
    """List destinations with their packets."""
    listed = (f"{a} {protocol}/{port}: {n}" for (a, protocol, port), n in sorted(gone.items()))
    return ", ".join(listed) or "none"
