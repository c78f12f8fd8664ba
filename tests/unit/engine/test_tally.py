"""Sums that do not grow with the number of attackers."""

from __future__ import annotations

from honeypost.engine import tally
from honeypost.engine.logevents import Kind, LogEvent, Outcome
from honeypost.engine.tally import Account, Logins, Network, Recent, counted


def refused(name: bytes = b"bob", *, behind: bool = False, tries: int = 1) -> LogEvent:
    return LogEvent(Kind.LOGIN, Outcome.REFUSED, "192.0.2.1", "imap", name, tries, behind=behind)


def test_a_try_that_stands_in_two_lines_counts_once() -> None:
    logins = Logins()
    for _ in range(3):
        logins.add(refused(behind=True))
    logins.add(refused(tries=3))
    assert logins.refused == 3


def test_a_try_that_nobody_judged_counts_neither_way() -> None:
    logins = Logins()
    logins.add(LogEvent(Kind.LOGIN, Outcome.NO_ANSWER, "192.0.2.1", "smtp", b"bob"))
    logins.add(LogEvent(Kind.LOGIN, Outcome.ACCEPTED, "192.0.2.1", "smtp", b"bob"))
    assert (logins.refused, logins.accepted) == (0, 1)


def test_a_network() -> None:
    network = Network()
    network.add(refused(b"Bob@example.org"), 20.0)
    network.add(refused(b"bob"), 10.0)
    network.add(refused(b""), None)
    network.add(LogEvent(Kind.RECIPIENT, Outcome.UNKNOWN, "192.0.2.1", "smtp", b"x@y"), 30.0)
    network.add(LogEvent(Kind.RECIPIENT, Outcome.RELAY_DENIED, "192.0.2.1", "smtp", b"z"), 15.0)
    assert (network.logins.refused, network.probes, network.refusals) == (3, 1, 4)
    assert (network.first, network.last) == (10.0, 30.0)
    assert network.names == {b"bob", b"bob@example.org"}
    assert network.pairs() == 1


def test_an_account() -> None:
    account = Account()
    account.add(refused(), "192.0.2.1")
    account.add(refused(), "2001:db8::/64")
    account.add(refused(), "")
    account.add(LogEvent(Kind.LOGIN, Outcome.ACCEPTED, "192.0.2.9", "imap", b"bob"), "192.0.2.9")
    assert account.networks == {"192.0.2.1", "2001:db8::/64"}
    assert (account.logins.refused, account.logins.accepted) == (3, 1)


def test_names_and_networks_are_told_apart_up_to_a_limit(monkeypatch) -> None:
    monkeypatch.setattr(tally, "MOST_MEMBERS", 2)
    network, account = Network(), Account()
    for number in range(5):
        network.add(refused(b"n%d" % number), None)
        account.add(refused(), f"192.0.2.{number}")
    assert len(network.names) == len(account.networks) == 2
    assert counted(network.names) == "2 or more"
    assert counted({1}) == "1"


def test_the_least_recent_goes_first() -> None:
    recent: Recent[Account] = Recent(2, Account)
    first = recent.touch("a")
    recent.touch("b")
    assert recent.touch("a") is first
    recent.touch("c")
    assert [name for name, _ in recent.items()] == ["a", "c"]
    assert (recent.forgotten, len(recent), recent.get("b")) == (1, 2, None)
