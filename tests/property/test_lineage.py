"""Lineage: the same entries give the same story, in one go, in pieces, or twice."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from honeypost.events import CredentialHandedOver, DecoyAdopted, DecoyEntered, LoginRefused
from honeypost.intel.lineage import Lineages
from honeypost.model import Client, Identity, Protocol
from honeypost.ports import Entry

ADDRESSES = ("192.0.2.1", "192.0.2.2", "2001:db8:1::1", "2001:db8:1::2", "2001:db8:2::1")
NAMES = ("a@example.org", "b@example.org")


def _refused(account: str) -> LoginRefused:
    return LoginRefused(
        account=account, login=b"x", mechanism="PLAIN", service="submission", secured=True,
        secret_tag="0" * 16, secret="", reason="other-secret", distinct_failures=1,
        needed_failures=1,
    )  # fmt: skip


def _adopted(account: str) -> DecoyAdopted:
    return DecoyAdopted(
        account=account, marker="m", secret="dragon", service="submission", mechanism="PLAIN",
        login=b"x", distinct_failures=2, needed_failures=2, rule="list", frozen_until=1e10,
    )  # fmt: skip


@st.composite
def stories(draw):
    """Entries in order; an account is entered only after its one adoption."""
    entries, adopted = [], set()
    for number in range(draw(st.integers(0, 40))):
        account = draw(st.sampled_from(NAMES))
        kinds = ["guess", "enter"] if account in adopted else ["guess", "adopt"]
        kind = draw(st.sampled_from(kinds))
        if kind == "adopt":
            adopted.add(account)
        event = {"guess": _refused, "adopt": _adopted}.get(
            kind, lambda name: DecoyEntered(name, "imap", "PLAIN", secured=True)
        )(account)
        client = Client(draw(st.sampled_from(ADDRESSES)))
        who = Identity("s", client, "submission", Protocol.SUBMISSION)
        entries.append(Entry(f"{number:032x}", 1000.0 + number, event, who))
    return entries


@given(stories(), st.data())
@settings(max_examples=100, deadline=None)
def test_pieces_repeats_and_saved_state_change_nothing(entries, data):
    whole, pieces, found = Lineages(), Lineages(), []
    expected = whole.fold(entries)
    at = 0
    while at < len(entries):
        size = data.draw(st.integers(1, 7))
        again = data.draw(st.integers(0, at))
        found += pieces.fold(entries[again : at + size])
        pieces = msgspec.json.decode(msgspec.json.encode(pieces), type=Lineages)
        at += size
    assert found == expected
    assert pieces == whole
    assert whole.fold(entries) == []


@given(stories())
@settings(max_examples=100, deadline=None)
def test_a_handover_is_exactly_a_network_that_entered_and_never_guessed(entries):
    found = Lineages().fold(entries)
    expected, guessed, entered, since = [], set(), set(), {}
    for entry in entries:
        pair = (entry.event.account, entry.who.client.network)
        if isinstance(entry.event, DecoyEntered):
            if pair not in guessed | entered:
                expected.append((*pair, entry.time - since[pair[0]]))
            entered.add(pair)
            continue
        guessed.add(pair)
        if isinstance(entry.event, DecoyAdopted):
            since[pair[0]] = entry.time
    assert all(isinstance(event, CredentialHandedOver) for event in found)
    assert [(e.account, e.network, e.after_seconds) for e in found] == expected


@given(stories())
@settings(max_examples=100, deadline=None)
def test_counts_add_up(entries):
    lineages = Lineages()
    lineages.fold(entries)
    for account, known in lineages.accounts.items():
        guesses = [
            e
            for e in entries
            if e.event.account == account and not isinstance(e.event, DecoyEntered)
        ]
        logins = [
            e for e in entries if e.event.account == account and isinstance(e.event, DecoyEntered)
        ]
        assert (
            known.guesses.count == sum(one.count for one in known.guessers.values()) == len(guesses)
        )
        assert sum(one.count for one in known.entries.values()) == len(logins)
