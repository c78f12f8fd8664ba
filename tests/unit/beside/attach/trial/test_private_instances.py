"""What the private daemons are told; that they do it is seen in tests/integration/beside."""

from __future__ import annotations

from pathlib import Path

import pytest

from honeypost.beside.attach.failure import AttachFailed
from honeypost.beside.attach.trial import private_dovecot, private_postfix
from honeypost.beside.attach.trial.private_dovecot import PrivateDovecot
from honeypost.beside.attach.trial.private_postfix import PrivatePostfix
from honeypost.beside.attach.trial.run import below, make_orders
from support.attach_site import AttachSite

MASTER = """\
submission inet n - y - - smtpd -o a=b -o {c=d e}
smtp inet n - y - - smtpd
smtp unix - - y - - smtp -o x=y
local unix - n n - - local
maildrop unix - n n - - pipe flags=DRXhu user=vmail argv=/usr/bin/maildrop
decoy unix - - n - 5 lmtp -o y=z
qmgr unix n - n 300 1 qmgr
"""
LOG = """\
postfix/discard[7]: 4XY: to=<a@example.com>, relay=none, delay=0, status=sent (smtp)
postfix/decoy/lmtp[7]: 4XY: to=<a@example.com>, relay=x, status=sent (250)
postfix/cleanup[7]: 4XZ: discard: header X-Qr7tW2k: 1 from local
"""


def test_nothing_can_leave_a_private_postfix(tmp_path, monkeypatch):
    said = {"-M": MASTER}
    called = []

    def postconf(_run, *command):
        called.append(command)
        return said.get(command[3], "")

    monkeypatch.setattr(private_postfix, "output_of", postconf)
    log = tmp_path / "log"
    postfix = PrivatePostfix(tmp_path, {"submission/inet": 4711}, log)
    postfix.configure()
    assert (tmp_path / "master.cf").read_text() == (
        "127.0.0.1:4711 inet n - n - - smtpd -o a=b -o {c=d e}\n"
        "smtp unix - - n - - discard\n"
        "local unix - n n - - discard\n"
        "maildrop unix - n n - - discard\n"
        "decoy unix - - n - 5 lmtp -o y=z\n"
        "qmgr unix n - n 300 1 qmgr\n"
        "postlog unix-dgram n - n - 1 postlogd\n"
    )
    assert "maximal_queue_lifetime=12s" in called[1]
    assert postfix.said() == ""
    log.write_text(LOG)
    assert postfix.leaks() == ["a@example.com"]
    assert postfix.dropped_notices() == 1
    said["-j"] = '{"queue_id": "1"}\n{"queue_id": "2"}\n'
    assert postfix.queued() == 2


def test_a_private_dovecot_listens_nowhere_where_others_would_see_it(tmp_path, monkeypatch):
    text = """\
base_dir = /run/dovecot
protocols = imap lmtp
service imap-login {
  inet_listener imap {
    port = 143
  }
  inet_listener imaps {
    port = 993
  }
}
service auth {
  unix_listener auth-userdb {
    mode = 0666
  }
  unix_listener /var/spool/postfix/private/auth {
    mode = 0660
  }
  unix_listener /run/elsewhere {
    mode = 0660
  }
}
"""
    monkeypatch.setattr(private_dovecot, "output_of", lambda *_: text)
    dovecot = PrivateDovecot(Path("/etc/d.conf"), tmp_path, ["/var/spool/postfix"], 4711)
    dovecot.configure()
    made = (tmp_path / "trial.conf").read_text()
    assert made.startswith("!include /etc/d.conf\n")
    assert "inet_listener imap {\n    address = 127.0.0.1\n    port = 4711" in made
    assert "inet_listener imaps {\n    address = 127.0.0.1\n    port = 0" in made
    assert "unix_listener /run/elsewhere {\n    mode = 0" in made
    assert "private/auth" not in made
    assert dovecot.has_imap
    assert dovecot.said() == ""


def test_the_child_is_told_all_that_it_needs(tmp_path):
    site = AttachSite(tmp_path)
    orders = make_orders(site.plan(), site.site, site.wanted(), tmp_path / "t", real_name="bob")
    assert (orders.sink, orders.policy) == ("private/honeypost-lmtp", "private/honeypost-policy")
    assert [s.label for s in orders.submissions] == ["submission/inet"]
    assert len(orders.files) == len(site.plan().files)
    assert orders.real_name == "bob"


def test_our_sockets_lie_below_the_queue():
    queue = Path("/var/spool/postfix")
    assert below(queue, "unix:/var/spool/postfix/private/x") == "private/x"
    assert below(queue, "unix:private/x") == "private/x"
    for endpoint in ("unix:/run/x", "inet:127.0.0.1:25"):
        with pytest.raises(AttachFailed, match="is not a socket below"):
            below(queue, endpoint)
