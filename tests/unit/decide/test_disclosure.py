"""Who is told, when, and who never: no bounce may go to somebody who did not write."""

from __future__ import annotations

import pytest

from honeypost.decide.disclosure import (
    Evidence,
    Judgement,
    Why,
    addressed_to,
    answer,
    covers,
    fields,
    never_told,
    sender_domain,
    weigh,
)
from honeypost.questions import Withholding

SIGNED = frozenset({b"from", b"to", b"cc"})


@pytest.mark.parametrize(
    ("sender", "head", "why"),
    [
        (b"", b"", Why.NULL_SENDER),
        (b"a@b.test", b"Auto-Submitted: auto-replied; owner=x\r\n\r\n", Why.AUTOMATIC),
        (b"a@b.test", b"auto-submitted:\r\n auto-generated\r\n\r\n", Why.AUTOMATIC),
        (b"a@b.test", b"Auto-Submitted: no\r\n\r\n", None),
        (b"a@b.test", b"Precedence: LIST\r\n\r\n", Why.BULK),
        (b"a@b.test", b"Precedence: first-class\r\n\r\n", None),
        (b"a@b.test", b"List-Unsubscribe: <x>\r\n\r\n", Why.BULK),
        (b"a@b.test", b"Subject: x\r\n\r\nPrecedence: bulk\r\n", None),
        (b"a@[192.0.2.1]", b"", Why.NO_DOMAIN),
        (b"postmaster", b"", Why.NO_DOMAIN),
        (b"a@caf\xc3\xa9.test", b"", Why.NO_DOMAIN),
    ],
)
def test_machines_and_the_nameless_are_never_told(sender, head, why) -> None:
    assert never_told(sender, head) is why


@pytest.mark.parametrize(
    ("evidence", "outcome"),
    [
        (Evidence("pass"), (True, Why.SPF)),
        (Evidence("pass", unsure=True), (True, Why.SPF)),
        (Evidence("fail"), (False, Why.NOT_PROVEN)),
        (Evidence("softfail"), (False, Why.NOT_PROVEN)),
        (Evidence("neutral", direct=True), (False, Why.NOT_PROVEN)),
        (Evidence("none"), (False, Why.NOT_PROVEN)),
        (Evidence("none", direct=True), (True, Why.DIRECT)),
        (Evidence("fail", signers=("b.test",)), (True, Why.DKIM)),
        (Evidence("temperror", signers=("b.test",), unsure=True), (True, Why.DKIM)),
        (Evidence("fail", signers=("evil.test", "sub.mail.b.test")), (False, Why.NOT_PROVEN)),
        (Evidence("temperror", unsure=True), None),
        (Evidence("none", unsure=True), None),
        (Evidence("permerror"), (False, Why.NOT_PROVEN)),
    ],
)
def test_only_a_proof_of_the_senders_domain_counts(evidence, outcome) -> None:
    assert weigh("mail.b.test", evidence) == outcome


@pytest.mark.parametrize(
    ("signer", "domain", "may"),
    [
        ("b.test", "b.test", True),
        ("b.test", "mail.b.test", True),
        ("mail.b.test", "b.test", False),
        ("b.test", "evilb.test", False),
        ("", "b.test", False),
    ],
)
def test_a_signer_speaks_for_itself_and_what_lies_below(signer, domain, may) -> None:
    assert covers(signer, domain) is may


@pytest.mark.parametrize(
    ("head", "signed", "named"),
    [
        (b"To: No Such <NOSUCH@example.org>\r\n", SIGNED, True),
        (b"To: a@b.test,\r\n\tnosuch@example.org\r\n", SIGNED, True),
        (b"To: x@b.test\r\nCc: nosuch@example.org\r\n", SIGNED, True),
        (b"To: nosuch@example.org\r\n", frozenset({b"from"}), False),
        (b"Bcc: nosuch@example.org\r\n", SIGNED | {b"bcc"}, False),
        (b"To: xnosuch@example.org\r\n", SIGNED, False),
        (b"To: nosuch@example.organic\r\n", SIGNED, False),
        (b"To: nosuch@example.org.evil.test\r\n", SIGNED, False),
        # A signature covers the lower of two fields; whoever sends on puts his own on top.
        (b"To: nosuch@example.org\r\nTo: somebody@else.test\r\n", SIGNED, False),
    ],
)
def test_a_signed_field_must_name_the_recipient(head, signed, named) -> None:
    assert addressed_to(b"nosuch@example.org", head + b"\r\n", signed) is named


def test_fields_end_with_the_head() -> None:
    assert list(fields(b"A: 1\r\n 2\r\nno colon\r\nB:3\n\r\nC: 4")) == [
        (b"a", b"1 2"),
        (b"b", b"3"),
    ]


def test_a_domain_is_one_that_dns_knows() -> None:
    assert sender_domain(b'"a@b"@Mail.Example.ORG') == "mail.example.org"
    assert sender_domain(b"a@localhost") == ""


@pytest.mark.parametrize(
    ("judgement", "age", "said"),
    [
        (None, 10**9, Withholding.LATER),
        (Judgement(told=False, why=""), 0, Withholding.DROP),
        (Judgement(told=False, why="", near=True), 10**9, Withholding.DROP),
        (Judgement(told=True, why=""), 99, Withholding.LATER),
        (Judgement(told=True, why=""), 100, Withholding.DISCLOSE),
        (Judgement(told=True, why="", near=True), 0, Withholding.DISCLOSE),
    ],
)
def test_nothing_is_for_good_without_a_judgement(judgement, age, said) -> None:
    assert answer(judgement, seen=1000.0, now=1000.0 + age, delay_seconds=100) is said
