"""
``honeypost attach`` on a host as Debian makes it: shown, tried, applied, and taken off.

The trial, the command line and our own processes run once, over PAM; what may go wrong in between
is shown on a second host, without the trial.
"""

from __future__ import annotations

import contextlib
import imaplib
import sqlite3
import time
from pathlib import Path

import pytest

from honeypost.beside.attach.trial.stubs import Policy, at
from honeypost.config.schema import Paths
from honeypost.stores.reader import SegmentReader
from support.stock_host import DISABLED, OUTSIDE, StockHost
from support.users import DOMAIN, REAL
from support.waiting import until

pytestmark = pytest.mark.real
GUARD = Path(__file__).resolve().parents[3] / "packaging/guard/guard"
NAME, PASSWORD = next(iter(REAL.items()))
LOCAL = NAME.partition("@")[0]
GUESSES = ("qwerty", "123456")
DECOY, GUESSER = f"sales@{DOMAIN}", OUTSIDE[0]


@pytest.fixture(scope="module")
def site():
    with StockHost("sql") as made:
        yield made


@pytest.fixture(scope="module")
def attached(site):
    """The same host, attached; tests in between leave it so."""
    before = site.hashes()
    site.drive("attach")
    yield site
    site.drive("detach")
    assert site.hashes() == before


def real_user_is_fine(host, login=NAME):
    return host.imap_login(login, PASSWORD) and host.smtp_login(login, PASSWORD) == 235


def test_attached_by_the_command_a_decoy_is_won_and_nothing_is_left_after():
    with StockHost("pam") as host:
        before = host.hashes()
        shown = host.honeypost("attach")
        assert "+++ /etc/postfix/master.cf" in shown.stdout
        assert "+++ /etc/dovecot/conf.d/99-honeypost.conf" in shown.stdout
        assert host.hashes() == before

        refused = host.honeypost("attach", "--apply", check=False)
        assert refused.returncode == 2
        assert "no log was looked at yet" in refused.stderr
        assert host.hashes() == before

        assert "attached" in host.honeypost("attach", "--apply", "--force", timeout=240).stdout
        assert host.honeypost("mode").stdout == "deceive\n"
        with host.deceiving():
            secret = decoy_is_won_and_contained(host)
            session = host.imap(DECOY, secret, source=GUESSER)
            said = host.honeypost("detach")
            assert "1 mailbox sessions of decoys were ended" in said.stderr
            assert b"BYE" in session.readline()
            session.shutdown()
        assert host.honeypost("mode").stdout == "observe\n"
        assert host.hashes() == before
        assert real_user_is_fine(host, LOCAL)


def decoy_is_won_and_contained(host):
    assert real_user_is_fine(host, LOCAL)
    assert not host.imap_login(LOCAL, "123456", source=GUESSER)
    secret = until(lambda: guessed(host), host.said)
    with host.submission(GUESSER) as client:
        client.login(DECOY, secret)
        client.sendmail("x@attacker.test", ["a@outside.test", NAME], b"Subject: run\r\n\r\nbuy\r\n")
    segments = SegmentReader(Paths(host.data).segments)
    until(lambda: list(segments.captures()), host.said)
    assert not host.internet.messages
    with host.submission() as client:
        client.login(LOCAL, PASSWORD)
        client.sendmail(NAME, ["b@outside.test"], b"Subject: real\r\n\r\nhello\r\n")
    until(lambda: host.internet.messages, host.said)
    assert NAME.encode() in host.internet.messages[0][0]
    return secret


def guessed(host):
    """Give the secret that opens the decoy; which of them wins depends on which is counted first."""
    opens = (each for each in GUESSES if host.imap_login(DECOY, each, source=GUESSER))
    return next(opens, None)


def test_killed_at_any_moment_it_is_undone(site):
    before = site.hashes()
    results = site.drive("killed")
    assert len(results) > 10
    assert {moment: [-9, [], True] for moment in results} == results
    assert site.hashes() == before


def test_an_older_backup_is_put_back_and_what_was_edited_since_stays(site):
    before = site.hashes()
    first, notes, refused = site.drive("older")
    assert notes == []
    assert f"/etc/postfix/main.cf: edited since {first}" in refused
    assert site.hashes() == before
    listed = site.honeypost("rollback", "--list").stdout
    assert any(line.split()[0] == first and "undone" in line for line in listed.splitlines())
    assert site.honeypost("rollback", first).stdout == (
        "detached; every file is as it was before, compared by hash\n"
    )
    assert site.hashes() == before


def test_a_failing_probe_takes_everything_back(site):
    before = site.hashes()
    said = site.drive("failing_probe")
    assert said == "the probe fails on purpose; everything is as it was before, compared by hash"
    assert site.hashes() == before
    assert real_user_is_fine(site)


def test_a_disabled_account_never_reaches_the_decoys(attached):
    asked = attached.run("doveadm", "auth", "test", DISABLED, "123456", check=False)
    assert "code=user_disabled" in asked.stdout


def test_the_guard_leaves_what_works(attached):
    for daemon in ("dovecot", "postfix"):
        attached.run("sh", GUARD, daemon)
    assert not (attached.data / "attach/disarmed").exists()
    assert (attached.etc / "dovecot/conf.d/99-honeypost.conf").exists()


MODULE = "/usr/lib/dovecot/modules/auth/libauthdb_lua.so"


def broken_script(host):
    script = host.etc / "dovecot/honeypost/guard.lua"
    text = script.read_text()
    script.write_text("this is no Lua")
    return lambda: script.write_text(text)


def missing_scripts(host):
    folder = host.etc / "dovecot/honeypost"
    folder.rename(folder.with_name("elsewhere"))
    return lambda: folder.with_name("elsewhere").rename(folder)


def missing_module(host):
    host.run("mount", "--bind", "/dev/null", MODULE)
    return lambda: host.run("umount", MODULE)


def missing_user(host):
    passwd = host.etc / "passwd"
    text = passwd.read_text()
    passwd.write_text(text.replace("honeypost-worker:", "honeypost-other:"))
    return lambda: passwd.write_text(text)


@pytest.mark.parametrize(
    ("damage", "because"),
    [
        (broken_script, "syntax error"),
        (missing_scripts, "guard.lua is gone"),
        (missing_module, "lua"),
        (missing_user, "honeypost-worker is gone"),
    ],
)
def test_the_guard_takes_out_what_would_be_fatal(attached, damage, because):
    repair = damage(attached)
    begun = time.monotonic()
    attached.run("sh", GUARD, "dovecot")
    took = time.monotonic() - begun
    attached.dovecot_stop()
    attached.dovecot_start()
    assert real_user_is_fine(attached)
    flag = attached.data / "attach/disarmed"
    assert because in flag.read_text()
    if damage is broken_script:
        told = attached.honeypost("status").stdout
        assert because in told
        assert "honeypost detach, and honeypost attach --apply" in told
    assert took < 2.0
    repair()
    flag.unlink()
    for name in ("00-honeypost.conf", "99-honeypost.conf"):
        taken = attached.etc / f"dovecot/conf.d/{name}.disarmed"
        taken.rename(taken.with_suffix(""))


def test_without_the_guard_that_would_lock_everybody_out(attached):
    repair = broken_script(attached)
    attached.dovecot_stop()
    attached.dovecot_start()
    with pytest.raises(imaplib.IMAP4.error, match="Auth process broken"):
        attached.imap_login(NAME, PASSWORD)
    repair()
    attached.dovecot_stop()
    attached.dovecot_start()
    assert real_user_is_fine(attached)


def test_a_postfix_that_does_not_read_ours_gets_its_files_back(attached):
    """The last one on this host: it is half detached then."""
    attached.run("mount", "--bind", "/bin/false", "/usr/sbin/postmap")
    attached.run("sh", GUARD, "postfix")
    attached.run("umount", "/usr/sbin/postmap")
    assert "decoy" not in (attached.etc / "postfix/master.cf").read_text()
    assert not (attached.etc / "dovecot/conf.d/99-honeypost.conf").exists()
    attached.run("postfix", "reload")
    assert real_user_is_fine(attached)


def test_mail_of_decoys_goes_from_the_queue_and_what_the_operator_edited_stays():
    with StockHost("sql") as site:
        queue_and_edits(site)


def queue_and_edits(site):
    settings, services = site.run("postconf", "-n").stdout, site.run("postconf", "-M").stdout
    site.drive("attach")
    # The site's own mail waits as well.
    site.run("postconf", "-e", "defer_transports=smtp")
    site.run("postconf", "-P", "2587/inet/syslog_name=postfix/mine")
    site.run("postfix", "reload")
    marker = site.secrets.marker_domain
    with site.submission() as client:
        client.login(NAME, PASSWORD)
        text = f"Subject: x\r\n\r\nnamed_attribute: sasl_username=q@{marker}\r\n".encode()
        client.sendmail(NAME, ["b@outside.test"], text)
    queue_for_decoy(site, marker)
    notes = site.drive("detach")
    left = site.run("postqueue", "-j").stdout.splitlines()
    assert len(left) == 1
    assert "b@outside.test" in left[0]
    assert sum("edited since; only our settings were taken out" in note for note in notes) == 2
    now = site.run("postconf", "-n").stdout
    assert now.replace("defer_transports = smtp\n", "") == settings
    mine = services.replace("postfix/submission", "postfix/mine")
    assert site.run("postconf", "-M").stdout == mine


def queue_for_decoy(host, marker):
    """Log a marker user in by a database of the test's own, and send."""
    row = (f"q@{marker}", "only-for-the-queue", 1)
    with contextlib.closing(sqlite3.connect(host.etc / "dovecot/users.db")) as users, users:
        users.execute("INSERT INTO users VALUES (?, ?, ?)", row)
    policy = Policy(at(host.base / "spool/private/honeypost-policy"))  # else it is dropped at once
    with host.submission() as client:
        client.login(row[0], row[1])
        client.sendmail("x@attacker.test", ["a@outside.test"], b"Subject: y\r\n\r\nspam\r\n")
    until(lambda: len(host.run("postqueue", "-j").stdout.splitlines()) == 2, host.said)
    policy.close()
