"""What the private Dovecot is told; that it does it is seen in tests/integration/beside."""

from __future__ import annotations

from pathlib import Path

from honeypost.beside.attach.trial import private_dovecot
from honeypost.beside.attach.trial.private_dovecot import PrivateDovecot


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
    assert dovecot.said() == ""
