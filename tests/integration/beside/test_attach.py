"""
``honeypost attach`` on a host as Debian makes it: shown, tried, applied, and taken off.

The trial, the command line and our own processes run once, over PAM; what may go wrong in between
is shown on a second host, without the trial.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
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


@pytest.fixture(scope="module")
def site():
    with StockHost("sql") as made:
        yield made


@pytest.fixture
def clean(site):
    """The host, and whatever a test leaves attached comes off."""
    yield site
    if (site.data / "attach/attachment.json").exists():
        site.drive("detach")


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
            decoy_is_won_and_contained(host)
            assert "exact" not in host.honeypost("detach").stderr
            assert host.honeypost("mode").stdout == "observe\n"
        assert host.hashes() == before
        assert real_user_is_fine(host, LOCAL)


def decoy_is_won_and_contained(host):
    guesser = OUTSIDE[0]
    login = f"sales@{DOMAIN}"
    assert real_user_is_fine(host, LOCAL)
    assert not host.imap_login(LOCAL, "123456", source=guesser)
    assert not host.imap_login(login, "qwerty", source=guesser)
    until(lambda: host.imap_login(login, "123456", source=guesser), host.said)
    with host.submission(guesser) as client:
        client.login(login, "123456")
        client.sendmail("x@attacker.test", ["a@outside.test", NAME], b"Subject: run\r\n\r\nbuy\r\n")
    segments = SegmentReader(Paths(host.data).segments)
    until(lambda: list(segments.captures()), host.said)
    assert not host.internet.messages
    with host.submission() as client:
        client.login(LOCAL, PASSWORD)
        client.sendmail(NAME, ["b@outside.test"], b"Subject: real\r\n\r\nhello\r\n")
    until(lambda: host.internet.messages, host.said)
    assert [m[0] for m in host.internet.messages] == [f"MAIL FROM:<{NAME}> SIZE=".encode()] or (
        NAME.encode() in host.internet.messages[0][0]
    )


def test_killed_at_any_moment_it_is_undone(clean):
    before = clean.hashes()
    results = clean.drive("killed")
    assert {moment: [-9, [], True] for moment in results} == results
    assert clean.hashes() == before
    assert real_user_is_fine(clean)


def test_a_failing_probe_takes_everything_back(clean):
    before = clean.hashes()
    said = clean.drive("failing_probe")
    assert said == ("the probe fails on purpose; everything is as it was before, compared by hash")
    assert clean.hashes() == before
    assert real_user_is_fine(clean)


def test_what_the_operator_edited_since_stays(clean):
    settings = clean.run("postconf", "-n").stdout
    services = clean.run("postconf", "-M").stdout
    clean.drive("attach")
    clean.run("postconf", "-e", "message_size_limit=2000000")
    clean.run("postconf", "-P", "2587/inet/syslog_name=postfix/mine")
    notes = clean.drive("detach")
    assert sum("edited since; only our settings were taken out" in note for note in notes) == 2
    assert clean.run("postconf", "-n").stdout.replace("message_size_limit = 2000000\n", "") == (
        settings
    )
    assert clean.run("postconf", "-M").stdout == (
        services.replace("postfix/submission", "postfix/mine")
    )
    clean.run("postconf", "-X", "message_size_limit")
    clean.run("postconf", "-P", "2587/inet/syslog_name=postfix/submission")


def test_a_disabled_account_never_reaches_the_decoys(clean):
    clean.drive("attach")
    asked = clean.run("doveadm", "auth", "test", DISABLED, "123456", check=False)
    assert "code=user_disabled" in asked.stdout


def test_mail_of_decoys_goes_from_the_queue_and_no_other(clean):
    clean.drive("attach")
    clean.run("postconf", "-e", "defer_transports=smtp")  # the site's own mail waits as well
    clean.run("postfix", "reload")
    marker = clean.secrets.marker_domain
    with clean.submission() as client:
        client.login(NAME, PASSWORD)
        text = f"Subject: x\r\n\r\nsasl_username=q@{marker}\r\n".encode()
        client.sendmail(NAME, ["b@outside.test"], text)
    queue_for_decoy(clean, marker)
    clean.drive("detach")
    left = clean.run("postqueue", "-j").stdout.splitlines()
    assert len(left) == 1
    assert "b@outside.test" in left[0]
    clean.run("postsuper", "-d", "ALL")
    clean.run("postconf", "-X", "defer_transports")


def queue_for_decoy(host, marker):
    """Log a marker user in by a database of the test's own, and send."""
    with (host.etc / "dovecot/users.db").open("rb"):
        script = f"INSERT INTO users VALUES ('q@{marker}', 'only-for-the-queue', 1)"
    host.run(
        "python3", "-c",
        f"import sqlite3; c = sqlite3.connect('/etc/dovecot/users.db'); c.execute({script!r}); c.commit()",
    )  # fmt: skip
    policy = Policy(at(host.base / "spool/private/honeypost-policy"))  # else it is dropped at once
    with host.submission() as client:
        client.login(f"q@{marker}", "only-for-the-queue")
        client.sendmail("x@attacker.test", ["a@outside.test"], b"Subject: y\r\n\r\nspam\r\n")
    until(lambda: len(host.run("postqueue", "-j").stdout.splitlines()) == 2, host.said)
    policy.close()


BROKEN = {
    "the script does not load": lambda host: (host.etc / "dovecot/honeypost/guard.lua").write_text(
        "this is no Lua"
    ),
    "the scripts are gone": lambda host: shutil.rmtree(host.etc / "dovecot/honeypost"),
    "the Lua module is gone": lambda host: host.run(
        "mount", "--bind", "/dev/null", "/usr/lib/dovecot/modules/auth/libauthdb_lua.so"
    ),
    "the user is gone": lambda host: (host.etc / "passwd").write_text(
        (host.etc / "passwd").read_text().replace("honeypost-worker:", "honeypost-other:")
    ),
}


BECAUSE = {
    "the script does not load": "syntax error",
    "the scripts are gone": "guard.lua is gone",
    "the Lua module is gone": "lua",
    "the user is gone": "honeypost-worker is gone",
}


@pytest.mark.parametrize("damage", BROKEN)
def test_the_guard_takes_out_what_would_be_fatal(clean, damage):
    before = clean.hashes()
    clean.drive("attach")
    BROKEN[damage](clean)
    clean.run("sh", GUARD, "dovecot")
    clean.dovecot_stop()
    clean.dovecot_start()
    assert real_user_is_fine(clean)
    assert BECAUSE[damage] in (clean.data / "attach/disarmed").read_text()
    if "module" in damage:
        clean.run("umount", "/usr/lib/dovecot/modules/auth/libauthdb_lua.so")
    if "user" in damage:
        text = (clean.etc / "passwd").read_text()
        (clean.etc / "passwd").write_text(text.replace("honeypost-other:", "honeypost-worker:"))
    clean.drive("detach")
    assert clean.hashes() == before


def test_the_guard_leaves_what_works(clean):
    clean.drive("attach")
    clean.run("sh", GUARD, "dovecot")
    clean.run("sh", GUARD, "postfix")
    assert not (clean.data / "attach/disarmed").exists()
    assert (clean.etc / "dovecot/conf.d/99-honeypost.conf").exists()
