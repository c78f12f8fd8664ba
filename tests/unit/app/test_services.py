"""The edge's listeners: what each says over its budget, and who shares which."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import pytest

from honeypost.app.services import PEER_CONNECTIONS, Floor, Parts, build_services
from honeypost.config.schema import Beside, Budgets, Config, SiteSecrets
from honeypost.model import Identity
from honeypost.net.driver import Driver
from honeypost.net.tasks import Tasks
from honeypost.proto.effects import Ask
from honeypost.questions import MaySpend
from support.net_parts import ListJournal, RecordingTransport, TableDirector, Wind

SECRETS = SiteSecrets("s", bytes(32), "k3f9x2aa.invalid", "X-Tq81mRa")
CONFIG = Config(
    # The test's own process may well be larger than an edge may be.
    budgets=Budgets(connections=3, connections_per_network=2, memory_bytes=1 << 40),
    beside=Beside(script_key="s3cret"),
)


@pytest.fixture
def floor() -> Floor:
    parts = Parts(
        CONFIG, SECRETS, TableDirector(), ListJournal(), Tasks(), chance=os.urandom, context=None
    )
    return build_services(parts)


def connect(floor: Floor, name: str, peer: Any = ("192.0.2.7", 1)) -> RecordingTransport:
    transport = RecordingTransport(peer)
    Driver(replace(floor.services[name], timer=Wind())).connection_made(transport)
    return transport


def test_there_is_a_service_for_every_listener(floor: Floor) -> None:
    assert set(type(CONFIG.listeners).__dataclass_fields__) == set(floor.services)


@pytest.mark.parametrize("peer", [("192.0.2.7", 1), ("2001:db8::7", 1, 0, 0)])
def test_over_the_budget_postfix_is_heard(floor: Floor, peer: Any) -> None:
    for name in ("smtp", "submission"):
        assert connect(floor, name, peer).written[0].startswith(b"220 ")
    third = connect(floor, "smtp", peer)
    told = b"421 4.7.0 mail.example.org Error: too many connections from %s\r\n"
    assert third.written == [told % peer[0].encode()]
    assert third.closed


def test_before_tls_nothing_is_said_in_clear(floor: Floor) -> None:
    for _ in range(2):
        connect(floor, "smtp")
    third = connect(floor, "submissions")
    assert (third.written, third.closed) == ([], True)


def test_clients_cannot_lock_the_real_servers_out(floor: Floor) -> None:
    for number in range(5):
        connect(floor, "smtp", (f"192.0.2.{number}", 1))
    assert floor.clients.open == 3
    assert not connect(floor, "lookup", ("127.0.0.1", 1)).closed
    assert not connect(floor, "policy", "").closed
    assert (floor.peers.open, floor.peers.total) == (2, PEER_CONNECTIONS)


def test_calls_of_the_real_servers_are_not_sessions_of_clients(floor: Floor) -> None:
    connect(floor, "lmtp", "")
    connect(floor, "lookup", "")
    journal = floor.services["smtp"].journal
    assert isinstance(journal, ListJournal)
    assert journal.noted == []
    connect(floor, "smtp")
    assert journal.kinds == ["session.opened"]


def test_each_session_has_an_id_of_its_own(floor: Floor) -> None:
    ids = {floor.services["smtp"].new_session() for _ in range(100)}
    assert len(ids) == 100
    assert all(len(each) == 16 for each in ids)


def test_the_policy_end_knows_the_sites_marker_domain(floor: Floor) -> None:
    service = floor.services["policy"]
    core = service.new_core(Identity("s", None, "policy", service.protocol))  # type: ignore[arg-type]
    request = (
        b"request=smtpd_access_policy\nprotocol_state=END-OF-MESSAGE\n"
        b"sasl_username=abc@k3f9x2aa.invalid\n\n"
    )
    effects = core.receive(request)
    assert isinstance(effects[-1], Ask)
    assert isinstance(effects[-1].question, MaySpend)


@pytest.mark.parametrize("known", [True, False])
def test_the_late_bounce_has_a_director_of_its_own(known: bool) -> None:
    general, own = TableDirector(), TableDirector()
    parts = Parts(
        CONFIG, SECRETS, general, ListJournal(), Tasks(), chance=os.urandom, context=None,
        bounces=own if known else None,
    )  # fmt: skip
    floor = build_services(parts)
    assert floor.services["limbo"].director is (own if known else general)
    assert floor.services["lmtp"].director is general
    assert floor.services["limbo"].admission is floor.peers
