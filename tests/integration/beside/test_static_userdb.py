"""Lookups without a password (LMTP, doveadm) end as they would without us."""

from __future__ import annotations

import socket
import sqlite3

import pytest

from support import users
from support.dovecot_host import FAST
from support.mailhost import MailHost

pytestmark = pytest.mark.real


class StaticUserdb(users.Sql):
    """Users only in the password database, as many virtual sites have it."""

    kind = "static"

    def userdb(self) -> str:
        args = f"uid={users.VMAIL} gid={users.VMAIL} home={self._base}/mail/%u"
        return f"userdb {{\n  driver = static\n  args = {args}\n}}\n"


def asked_over_lmtp(host, recipient):
    """The reply to RCPT of Dovecot's LMTP."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(str(host.base / "dovecot-lmtp"))
        with client.makefile("rwb") as stream:
            stream.readline()
            for command in ("LHLO test", "MAIL FROM:<a@outside.test>", f"RCPT TO:<{recipient}>"):
                stream.write(f"{command}\r\n".encode())
                stream.flush()
                line = stream.readline()
                while line[3:4] == b"-":
                    line = stream.readline()
    return line[:9].decode()


@pytest.mark.parametrize("attached", [False, True], ids=["without us", "attached"])
def test_who_exists_is_told_as_without_us(attached, monkeypatch):
    monkeypatch.setitem(users.KINDS, StaticUserdb.kind, StaticUserdb)
    with MailHost(kind=StaticUserdb.kind, attached=attached, dovecot_extra=FAST) as host:
        assert asked_over_lmtp(host, "alice@example.org") == "250 2.1.5"
        assert asked_over_lmtp(host, "nobody-here@example.org") == "550 5.1.1"
        with sqlite3.connect(host.base / "users.db") as database:
            database.execute("ALTER TABLE users RENAME TO gone")
        database.close()
        # While the database is down nobody may be told that a real user does not exist.
        for name in ("alice@example.org", "nobody-here@example.org"):
            assert asked_over_lmtp(host, name) == "451 4.3.0"
