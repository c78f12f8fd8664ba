"""Guessers of a real Dovecot and Postfix are slowed; users are not, whoever shares their address."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from honeypost.beside.postfix.caps_config import policy_check
from honeypost.cli.main import main
from support.dovecot_host import FAST, IMAP_PORT, POP3_PORT
from support.firewall import Firewall
from support.honeypost import Honeypost
from support.mailhost import MailHost
from support.postfix_host import MX_PORT, SUBMISSION_PORT
from support.users import REAL
from support.waiting import until

pytestmark = [
    pytest.mark.real,
    pytest.mark.usefixtures("as_root", "programs"),
    pytest.mark.programs("nft", "setpriv", "nsenter", "postfix", "dovecot"),
]

ALICE = "alice@example.org"
PORTS = f"{IMAP_PORT},{POP3_PORT},{SUBMISSION_PORT},{MX_PORT}"
PATIENCE = 0.5


@pytest.fixture(scope="module")
def host() -> Iterator[MailHost]:
    with MailHost(dovecot_extra=FAST) as made:
        for number in range(1, 9):
            made.namespace.run("ip", "address", "add", f"198.51.{number}.7/32", "dev", "lo")
        for network in range(1, 6):
            made.namespace.add(f"2001:db8:1:{network}::7")
        yield made


@pytest.fixture(scope="module")
def firewall(host: MailHost) -> Iterator[Firewall]:
    with Firewall(host.namespace, host.base, PORTS) as made:
        yield made


@pytest.fixture(scope="module")
def honeypost(host: MailHost, firewall: Firewall) -> Iterator[Honeypost]:
    settings = {
        "MODE": "on",
        "LADDER_SECONDS": "4,600",
        "HELPER": str(firewall.socket),
        "FAIL2BAN_DIRECTORY": "",
        "CLIENT_CONVERSATIONS": "2",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(f"HONEYPOST__PENALTIES__{name}", value)
        with Honeypost(host) as made:
            yield made


@pytest.fixture
def client(host: MailHost, honeypost: Honeypost):
    return Client(host, honeypost)


class Client:
    """Somebody at an address of choice; each test takes addresses of its own."""

    def __init__(self, host: MailHost, honeypost: Honeypost) -> None:
        self.host, self.honeypost = host, honeypost

    def guess(self, source: str, *secrets: str, login: str = ALICE) -> list[bool]:
        address = "::1" if ":" in source else "127.0.0.1"
        where = {"address": address, "source": source}
        return [self.host.imap_login(login, secret, **where) for secret in secrets]

    def gets_in(self, source: str, port: int = IMAP_PORT) -> bool:
        address = "::1" if ":" in source else "127.0.0.1"
        with contextlib.suppress(TimeoutError):
            self.host.namespace.connect(address, port, source=source, timeout=PATIENCE).close()
            return True
        return False

    def reported(self, source: str, count: int) -> None:
        """Wait until so many attempts of an address are in the journal."""

        def enough() -> bool:
            entries = self.honeypost.journal("login.reported")
            return sum(each.who.client.address == source for each in entries) >= count

        until(enough)


@pytest.mark.parametrize("source", ["198.51.1.7", "2001:db8:1:1::7"])
def test_a_guesser_is_kept_away_after_the_second_guess_and_comes_back_later(client, source):
    assert client.guess(source, "wrong-1", "wrong-2") == [False, False]
    until(lambda: not client.gets_in(source))
    assert [client.gets_in(source, port) for port in (POP3_PORT, MX_PORT)] == [False, False]
    neighbour = "2001:db8:1:2::7" if ":" in source else "198.51.2.7"
    assert client.guess(neighbour, REAL[ALICE]) == [True]
    until(lambda: client.gets_in(source), seconds=10)


def test_a_user_and_a_bot_behind_one_address_are_both_let_in(client):
    nat = "198.51.3.7"
    assert client.guess(nat, REAL[ALICE]) == [True]
    client.reported(nat, 1)
    assert not any(client.guess(nat, *(f"wrong-{number}" for number in range(6))))
    client.reported(nat, 7)
    assert client.gets_in(nat)
    assert client.guess(nat, REAL[ALICE]) == [True]


def test_a_device_with_an_old_password_is_let_in_however_often_it_tries(client):
    phone = "198.51.4.7"
    assert not any(client.guess(phone, *["old-password"] * 6))
    client.reported(phone, 6)
    assert client.gets_in(phone)


def test_who_wins_a_decoy_may_come_back(client):
    winner = "198.51.5.7"
    assert client.guess(winner, "qwerty", "123456", login="info@example.org") == [False, True]
    client.guess(winner, "a-1", "a-2", "a-3", login="info@example.org")
    client.reported(winner, 5)
    assert client.gets_in(winner)


def test_the_operator_lifts_a_penalty_within_a_second(client, capsys):
    source = "198.51.6.7"
    client.guess(source, "wrong-1", "wrong-2")
    until(lambda: not client.gets_in(source))
    until(lambda: client.gets_in(source), seconds=10)
    client.guess(source, "wrong-3")
    until(lambda: not client.gets_in(source))
    data = ["--data", str(client.host.data)]
    assert main(["explain", source, *data]) == 0
    assert "kept away until" in capsys.readouterr().out
    assert main(["allow", source, *data]) == 0
    until(lambda: client.gets_in(source), seconds=5)


def test_conversations_are_capped_by_our_policy_service_and_it_fails_open(client, host):
    check = policy_check(str(host.policy))
    host.postfix.postconf("-e", f"smtpd_recipient_restrictions={check}")
    host.postfix.reload()
    source, crowd = "198.51.7.7", []

    def converse(address: str) -> tuple[int, bytes]:
        speaker = host.smtp(port=MX_PORT, source=address)
        crowd.append(speaker)
        speaker.mail("x@example.net")
        return speaker.rcpt(ALICE)

    assert [converse(source)[0] for _ in range(3)] == [250, 250, 421]
    assert converse("198.51.8.7")[0] == 250, "another network is none of them"
    assert [converse("198.51.3.7")[0] for _ in range(3)] == [250] * 3, "a user was there"
    client.honeypost.kill()
    assert converse(source)[0] == 250
    for speaker in crowd:
        speaker.close()
    client.honeypost.start()
    assert host.policy.exists()
