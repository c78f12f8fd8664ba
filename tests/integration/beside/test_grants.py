"""
No decoy login is granted while the containment is missing, older or altered; and who was let
in before sends nothing out either.
"""

from __future__ import annotations

import shutil
import time
from contextlib import ExitStack

import pytest

from honeypost.beside.containment import AttachedContainment
from honeypost.beside.postfix.instance import list_children
from support.postfix_host import SUBMISSION_PORT
from support.waiting import until

pytestmark = pytest.mark.real
DECOY, PASSWORD = "info@example.org", "123456"
SPAM = b"Subject: offer\r\n\r\nbuy\r\n"


@pytest.fixture(scope="module")
def _won(host, honeypost):
    host.win(DECOY, PASSWORD)


@pytest.fixture
def session(host, _won):
    """Somebody logged in as the decoy while all was well; everything is mended afterwards."""
    host.attach()
    with host.smtp(source="127.0.0.9") as client:
        client.login(DECOY, PASSWORD)
        yield client
    host.attach()
    assert host.imap_login(DECOY, PASSWORD)
    assert host.internet.messages == []


def goes_nowhere(host, client):
    """The client is told that its mail is queued; it is discarded before it is."""
    before = host.postfix.said().count("discard: END-OF-MESSAGE")
    client.mail("x@attacker.test")
    assert [client.rcpt(to)[0] for to in ("a@outside.test", "bob@example.org")] == [250, 250]
    code, text = client.data(SPAM)
    assert (code, text[:22]) == (250, b"2.0.0 Ok: queued as " + text[20:22])
    until(lambda: host.postfix.said().count("discard: END-OF-MESSAGE") > before)
    until(lambda: not host.postfix.queued(), host.postfix.said)
    assert host.internet.messages == []


def stopped(host):
    """No grant over any protocol, and somebody can read why."""
    assert AttachedContainment(host.manifest).doubt()
    code, _ = host.smtp_login(DECOY, PASSWORD)
    return code == 535 and not host.imap_login(DECOY, PASSWORD)


def replace_by_template(host):
    host.postfix._write("postfix/main.cf", host.postfix.main(contained=False))


def replace_by_backup(host):
    backup = host.base / "main.cf.backup"
    backup.write_text(host.postfix.main(contained=False))
    shutil.copystat(host.postfix.directory / "main.cf", backup)
    shutil.copy2(backup, host.postfix.directory / "main.cf")


def postconf_e(host):
    host.postfix.postconf("-e", "smtpd_banner=hello")


@pytest.mark.parametrize("alter", [replace_by_template, replace_by_backup, postconf_e])
@pytest.mark.parametrize("reloaded", [False, True], ids=["on disk", "reloaded"])
def test_an_altered_main_cf_stops_grants_and_open_sessions_send_nothing(
    host, session, alter, reloaded
):
    alter(host)
    if reloaded:
        host.postfix.reload()
    assert stopped(host)
    goes_nowhere(host, session)


@pytest.mark.parametrize("contained", [True, False], ids=["more", "template"])
def test_an_altered_master_cf_stops_grants_and_open_sessions_send_nothing(host, session, contained):
    master = host.postfix.master(contained=contained) + "2599 inet n - n - - smtpd\n"
    host.postfix._write("postfix/master.cf", master)
    host.postfix.reload()
    assert stopped(host)
    goes_nowhere(host, session)


def test_an_smtpd_that_loaded_another_file_stops_grants_until_it_is_gone(host, session):
    replace_by_template(host)
    with host.smtp(source="127.0.0.8"):  # this smtpd has read the template
        host.postfix._write("postfix/main.cf", host.postfix.main())
        host.record()
        host.postfix.reload()
        assert stopped(host)
        assert "smtpd[" in AttachedContainment(host.manifest).doubt()


def test_a_file_put_back_without_a_reload_stops_grants(host, session):
    replace_by_template(host)
    host.postfix._write("postfix/main.cf", host.postfix.main())
    assert stopped(host)
    assert "may have loaded an older" in AttachedContainment(host.manifest).doubt()


def test_a_missing_manifest_stops_grants(host, session):
    host.manifest.unlink()
    assert stopped(host)


def test_without_postfix_there_is_no_grant(host, session):
    host.postfix.stop()
    try:
        until(lambda: "does not run" in AttachedContainment(host.manifest).doubt())
        assert not host.imap_login(DECOY, PASSWORD)
    finally:
        host.postfix.start()


def test_a_grant_is_checked_within_five_milliseconds_beside_a_hundred_sessions(host, session):
    with ExitStack() as sessions:
        for number in range(95):
            connected = host.namespace.connect(
                "127.0.0.1", SUBMISSION_PORT, source=f"127.8.0.{number + 1}"
            )
            sessions.callback(connected.close)
        containment = AttachedContainment(host.manifest)
        master = int((host.postfix.queue / "pid/master.pid").read_text())
        until(lambda: len(list_children(master)) > 95)
        taken = []
        for _ in range(21):
            before = time.thread_time()
            assert containment.doubt() == ""
            taken.append(time.thread_time() - before)
    assert taken[0] < 0.01  # all are new to it
    assert sorted(taken)[10] < 0.002


def test_the_turn_to_doubt_and_back_is_noted(honeypost):
    stops = honeypost.journal("grants.stopped")
    resumed = honeypost.journal("grants.resumed")
    assert stops
    assert resumed
    assert all(entry.event.reason for entry in stops)
