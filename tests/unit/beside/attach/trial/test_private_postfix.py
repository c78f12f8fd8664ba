"""What the private Postfix is told; that it does it is seen in tests/integration/beside."""

from __future__ import annotations

from honeypost.beside.attach.trial import private_postfix
from honeypost.beside.attach.trial.private_postfix import PrivatePostfix

MASTER = """\
submission inet n - y - - smtpd -o a=b -o {c=d e}
smtp inet n - y - - smtpd
smtp unix - - y - - smtp -o x=y
local unix - n n - - local
maildrop unix - n n - - pipe flags=DRXhu user=vmail argv=/usr/bin/maildrop
decoy unix - - n - 5 lmtp -o y=z
limbo unix - - n - 5 lmtp
smtpd pass - - y - - smtpd
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
    postfix = PrivatePostfix(tmp_path, {"submission/inet": 4711, "smtpd/pass": 4712}, log)
    postfix.configure()
    assert (tmp_path / "master.cf").read_text() == (
        "127.0.0.1:4711 inet n - n - - smtpd -o a=b -o {c=d e}\n"
        "smtp unix - - n - - discard\n"
        "local unix - n n - - discard\n"
        "maildrop unix - n n - - discard\n"
        "decoy unix - - n - 5 lmtp -o y=z\n"
        "limbo unix - - n - 5 lmtp\n"
        "127.0.0.1:4712 inet n - n - - smtpd\n"
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
