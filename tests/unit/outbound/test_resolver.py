"""The DNS is asked within a time, and "nothing" is told apart from "no answer"."""

from __future__ import annotations

import socket

import pytest

from honeypost.outbound.resolver import DnsResolver, Unanswered
from support.dns_server import DnsServer

ZONE = {
    ("a.test", "A"): ["192.0.2.1"],
    ("a.test", "TXT"): ['"one" "two"'],
    ("b.test", "CNAME"): ["a.test."],
}


@pytest.fixture(params=["127.0.0.1", "::1"])
def server(request):
    family = socket.AF_INET6 if ":" in request.param else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_DGRAM)
    bound.bind((request.param, 0))
    made = DnsServer(bound, ZONE)
    yield made
    made.close()


def test_records_are_given(server) -> None:
    resolver = DnsResolver([server.address])
    assert [record.address for record in resolver.ask("a.test", "A")] == ["192.0.2.1"]
    assert resolver.ask("A.TEST", "TXT")[0].strings == (b"one", b"two")


@pytest.mark.parametrize(
    "name", ["a.test", "nowhere.test", "x" * 64 + ".test", "a..test", "x." * 200]
)
def test_nothing_is_an_answer(server, name) -> None:
    assert DnsResolver([server.address]).ask(name, "MX") == ()


def test_silence_and_errors_are_none(server) -> None:
    server.silent.add("quiet.test")
    server.broken.add("broken.test")
    resolver = DnsResolver([server.address], seconds=0.3)
    for name in ("quiet.test", "broken.test"):
        with pytest.raises(Unanswered):
            resolver.ask(name, "A")


def test_the_hosts_own_servers_are_asked_when_none_is_named(monkeypatch) -> None:
    monkeypatch.setattr("dns.resolver.Resolver.read_resolv_conf", lambda self, _: None)
    resolver = DnsResolver(seconds=0.1)
    with pytest.raises(Unanswered):
        resolver.ask("a.test", "A")
