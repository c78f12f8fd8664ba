"""
Sieve beside us: real users' vacation replies go out, and no decoy gets at a script that sends.

Dovecot's Pigeonhole as Debian has it, with its ManageSieve service, late bounce switched on.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from conftest import missing
from support.dovecot_host import FAST
from support.honeypost import Honeypost
from support.late_bounce import QUICK, delivered, name_server, send, settings, virtual_site
from support.mailhost import MailHost, plain
from support.users import REAL
from support.waiting import until

pytestmark = pytest.mark.real
ALICE, NOSUCH, ANNA = "alice@example.org", "nosuch@example.org", "anna@honest.test"
DECOY, PASSWORD = "info@example.org", "123456"
SIEVE_PORT = 4190
MANAGESIEVE = Path("/usr/lib/dovecot/managesieve-login")
SIEVE = f"""\
protocols = imap pop3 lmtp sieve
submission_host = 127.0.0.1:2525
protocol lmtp {{
  mail_plugins = quota sieve
}}
service managesieve-login {{
  inet_listener sieve {{
    port = {SIEVE_PORT}
  }}
}}
plugin {{
  sieve = file:~/sieve;active=~/.dovecot.sieve
}}
"""
VACATION = 'require ["vacation"];\r\nvacation :subject "Away" "Back on Monday.";\r\n'
TEXT = b"From: Anna <anna@honest.test>\r\nTo: alice@example.org\r\nSubject: hello\r\n\r\nhi\r\n"


@pytest.fixture(scope="module")
def host():
    if not MANAGESIEVE.exists():
        missing("dovecot-managesieved")
    with MailHost(
        dovecot_extra=FAST + SIEVE,
        # The host's own programs, vacation among them, hand in from here without a login.
        postfix_settings=QUICK | {"mynetworks": "127.0.0.1/32"},
        late_bounce=virtual_site,
    ) as made:
        server = name_server(made)
        yield made
        server.close()


@pytest.fixture(scope="module")
def honeypost(host):
    with Honeypost(host, late_bounce=settings()) as ours:
        yield ours


class ManageSieve:
    """A client of RFC 5804, as much of it as stores a script."""

    def __init__(self, host):
        self._socket = host.namespace.connect("127.0.0.1", SIEVE_PORT)
        self._file = self._socket.makefile("rwb")
        self.answer()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._file.close()
        self._socket.close()

    def answer(self):
        """Give the last line of an answer."""
        while line := self._file.readline():
            if line.startswith((b"OK", b"NO", b"BYE")):
                return line.decode().strip()
        raise AssertionError("ManageSieve hung up")

    def say(self, text):
        self._file.write(text.encode())
        self._file.flush()
        return self.answer()

    def login(self, name, password):
        return self.say(f'AUTHENTICATE "PLAIN" "{plain(name, password)}"\r\n')


def vacations(host):
    """Whom a vacation reply went to."""
    return [
        re.search(rb"<(.*)>", recipients[0])[1].decode()
        for _, recipients, text in host.internet.messages
        if b"Back on Monday." in text
    ]


@pytest.fixture(scope="module")
def away(host):
    """Alice stores her script through ManageSieve, beside us as ever."""
    with ManageSieve(host) as client:
        assert client.login(ALICE, REAL[ALICE]).startswith("OK")
        answer = client.say(f'PUTSCRIPT "away" {{{len(VACATION)}+}}\r\n{VACATION}\r\n')
        assert answer.startswith("OK"), answer
        assert client.say('SETACTIVE "away"\r\n').startswith("OK")


def test_a_vacation_reply_goes_out_also_from_a_message_with_unknown_names(host, honeypost, away):
    before = len(delivered(host, ALICE))
    send(host, ANNA, [ALICE, NOSUCH], TEXT)
    until(lambda: vacations(host), lambda: host.dovecot.said() + host.postfix.said())
    assert vacations(host) == [ANNA]
    assert len(delivered(host, ALICE)) == before + 1
    assert len(host.internet.messages) == 1  # and nothing about the unknown name


def test_what_a_decoy_sends_gets_no_vacation_reply(host, honeypost, away):
    host.internet.messages.clear()
    host.win(DECOY)
    before, kept = len(delivered(host, ALICE)), len(honeypost.captures())
    with host.smtp(source="127.0.0.9") as client:
        client.login(DECOY, PASSWORD)
        client.sendmail("ben@honest.test", [ALICE], TEXT)
    until(lambda: len(honeypost.captures()) == kept + 1, host.postfix.said)
    assert len(delivered(host, ALICE)) == before
    assert host.internet.messages == []


def test_managesieve_tells_a_decoy_what_it_tells_a_wrong_password(host, honeypost):
    host.win("sales@example.org")
    with ManageSieve(host) as client:
        refused = client.login("sales@example.org", PASSWORD)
        assert refused == client.login(ALICE, "wrong") == client.login("nobody@example.org", "x")
        assert refused.startswith("NO")
        assert not client.say(f'PUTSCRIPT "s" {{{len(VACATION)}+}}\r\n{VACATION}\r\n').startswith(
            "OK"
        )
    assert host.imap_login("sales@example.org", PASSWORD)


def test_a_vacation_reply_goes_out_with_all_of_us_dead(host, honeypost, away):
    honeypost.kill()
    host.internet.messages.clear()
    send(host, "carl@honest.test", [ALICE], TEXT.replace(b"anna@", b"carl@"))
    until(lambda: vacations(host) == ["carl@honest.test"], host.dovecot.said)
