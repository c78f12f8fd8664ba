"""From the guess to the adoption, the first use, and the handover."""

from dataclasses import replace

import msgspec
import pytest

from honeypost.events import (
    CredentialHandedOver,
    DecoyAdopted,
    DecoyEntered,
    LoginRefused,
    MessageCaptured,
    SessionOpened,
)
from honeypost.intel import lineage
from honeypost.intel.lineage import Lineages
from honeypost.model import Client, Identity, Protocol
from honeypost.ports import Entry

BOB = "bob@example.org"


def refused(account=BOB, secret="", tag="0123456789abcdef", reason="too-few-failures"):
    return LoginRefused(
        account=account, login=b"bob", mechanism="PLAIN", service="submission", secured=True,
        secret_tag=tag, secret=secret, reason=reason, distinct_failures=1, needed_failures=2,
    )  # fmt: skip


def adopted(account=BOB):
    return DecoyAdopted(
        account=account, marker="m", secret="dragon", service="submission", mechanism="PLAIN",
        login=b"bob", distinct_failures=2, needed_failures=2, rule="list", frozen_until=1e10,
    )  # fmt: skip


def entered(account=BOB):
    return DecoyEntered(account, "imap", "PLAIN", secured=True)


def captured(account=BOB, recipients=1, capture="c1"):
    return MessageCaptured(capture, account, "Q", b"a@b", recipients, 1000, "0" * 64)


class Story:
    """Entries one after another, folded as they come."""

    def __init__(self) -> None:
        self.lineages = Lineages()
        self.entries: list[Entry] = []

    def tell(self, event, address="192.0.2.1", time=None):
        who = Identity("s", Client(address), "submission", Protocol.SUBMISSION) if address else None
        now = 1000.0 + len(self.entries) if time is None else time
        entry = Entry(f"{len(self.entries):032x}", now, event, who)
        self.entries.append(entry)
        return self.lineages.fold([entry])

    @property
    def bob(self):
        return self.lineages.accounts[BOB]


@pytest.fixture
def story():
    return Story()


def test_a_whole_lineage(story):
    story.tell(refused(), "192.0.2.1")
    story.tell(refused(), "192.0.2.2")
    story.tell(adopted(), "2001:db8::3")
    assert story.tell(entered(), "2001:db8::3") == []
    story.tell(captured(), "2001:db8::3", time=1005.0)
    found = story.tell(entered(), "198.51.100.7", time=1002.0 + 23 * 86_400)
    assert found == [CredentialHandedOver(BOB, "198.51.100.7", 3, 23 * 86_400)]
    bob = story.bob
    assert bob.guesses.count == 3
    assert (bob.guesses.first, bob.guesses.last) == (1000.0, 1002.0)
    assert bob.adoption == lineage.Adoption(1002.0, "2001:db8::/64", "dragon", 2, 3)
    assert list(bob.entries) == ["2001:db8::/64", "198.51.100.7"]
    assert bob.captures.count == 1
    assert bob.capture_bytes == 1000
    assert bob.probe == lineage.Probe("c1", "2001:db8::/64", 1005.0, 2.0)
    assert bob.handovers == [lineage.Handover("198.51.100.7", 1002.0 + 23 * 86_400, 23 * 86_400)]


def test_a_handover_is_told_once_for_each_network(story):
    story.tell(adopted())
    assert len(story.tell(entered(), "2001:db8:1::1")) == 1
    assert story.tell(entered(), "2001:db8:1::2") == []
    assert len(story.tell(entered(), "2001:db8:2::1")) == 1
    assert story.bob.entries["2001:db8:1::/64"].count == 2


def test_who_guessed_first_found_it_himself(story):
    story.tell(refused(), "192.0.2.9")
    story.tell(adopted())
    assert story.tell(entered(), "192.0.2.9") == []
    story.tell(refused(reason="other-secret"), "192.0.2.10")
    assert story.tell(entered(), "192.0.2.10") == []
    assert story.tell(entered()) == []  # the winner


def test_who_knew_the_secret_while_grants_were_stopped_did_not_guess(story):
    story.tell(adopted())
    story.tell(refused(secret="dragon", reason="containment-doubt"), "192.0.2.9")
    assert len(story.tell(entered(), "192.0.2.9")) == 1
    story.tell(refused(account="eve@example.org", secret="dragon", reason="containment-doubt"))
    assert story.lineages.accounts["eve@example.org"].guesses.count == 1


@pytest.mark.parametrize("event", [refused(account=""), refused(tag=""), SessionOpened()])
def test_names_that_may_be_real_are_not_followed(story, event):
    story.tell(event)
    assert story.lineages.accounts == {}


def test_mail_without_account_belongs_to_nobody(story):
    story.tell(captured(account=""))
    assert story.lineages.accounts == {}


def test_an_entry_without_its_adoption_is_no_handover(story):
    assert story.tell(entered()) == []
    assert story.bob.entries["192.0.2.1"].count == 1


@pytest.mark.parametrize(
    ("recipients", "after", "is_probe"),
    [(1, 300, True), (2, 0, True), (3, 2, False), (1, 301, False)],
)
def test_a_first_message_soon_and_to_few_is_a_probe(story, recipients, after, is_probe):
    story.tell(adopted())
    story.tell(entered(), time=2000.0)
    story.tell(captured(recipients=recipients), time=2000.0 + after)
    story.tell(captured(capture="c2"), time=2001.0 + after)
    assert (story.bob.probe is not None) is is_probe
    assert story.bob.captures.count == 2


def test_a_message_from_who_never_entered_is_no_probe(story):
    story.tell(captured(), "192.0.2.77")
    assert story.bob.probe is None


def test_what_the_site_did_itself_counts_as_local(story):
    story.tell(adopted(), address="")
    assert story.bob.adoption.network == "local"


def test_the_same_entries_again_change_nothing(story):
    for address in ("192.0.2.1", "192.0.2.2"):
        story.tell(refused(), address)
    story.tell(adopted())
    story.tell(entered(), "2001:db8::1")
    before = msgspec.json.encode(story.lineages)
    assert story.lineages.fold(story.entries) == []
    assert msgspec.json.encode(story.lineages) == before


def test_the_state_lives_on_as_json(story):
    for number in range(lineage.MOST_NETWORKS + 5):
        story.tell(refused(), f"2001:db8:{number:x}::1")
    story.tell(adopted())
    kept = msgspec.json.decode(msgspec.json.encode(story.lineages), type=Lineages)
    assert kept == story.lineages
    late = replace(story.entries[-1], id="f" * 32, event=entered())
    assert kept.fold([late]) == story.lineages.fold([late])


def test_beyond_the_limit_networks_are_still_known(story):
    for number in range(lineage.MOST_NETWORKS + 50):
        story.tell(refused(), f"2001:db8:{number:x}::1")
    story.tell(adopted(), "192.0.2.1")
    bob = story.bob
    assert len(bob.guessers) == lineage.MOST_NETWORKS
    assert bob.other_contacts == 51
    assert bob.adoption.guessing_networks == lineage.MOST_NETWORKS + 51
    assert story.tell(entered(), f"2001:db8:{lineage.MOST_NETWORKS + 20:x}::1") == []
    assert len(story.tell(entered(), "198.51.100.1")) == 1


def test_handovers_are_told_beyond_what_is_listed(story):
    story.tell(adopted())
    for number in range(lineage.MOST_NETWORKS + 3):
        assert len(story.tell(entered(), f"2001:db8:{number:x}::1")) == 1
    assert len(story.bob.handovers) == lineage.MOST_NETWORKS


def test_accounts_that_are_no_decoys_go_first(story, monkeypatch):
    monkeypatch.setattr(lineage, "MOST_ACCOUNTS", 3)
    story.tell(adopted())
    for name in ("a", "b", "a", "c"):
        story.tell(refused(account=f"{name}@example.org"))
    assert list(story.lineages.accounts) == [BOB, "a@example.org", "c@example.org"]


def test_of_decoys_only_the_oldest_goes(story, monkeypatch):
    monkeypatch.setattr(lineage, "MOST_ACCOUNTS", 2)
    for name in ("a", "b"):
        story.tell(adopted(account=f"{name}@example.org"))
    story.tell(refused(account="c@example.org"))
    assert set(story.lineages.accounts) == {"a@example.org", "b@example.org"}
