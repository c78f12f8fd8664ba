"""Who sent it: SPF, DKIM and the domain's own hosts, by the real libraries and made-up records."""

from __future__ import annotations

import base64

import dkim
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import pytest
import spf as spf_library
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from honeypost.decide.disclosure import Evidence
from honeypost.model import Client, Envelope, Recipient
from honeypost.outbound import senders
from honeypost.outbound.resolver import Unanswered
from honeypost.outbound.senders import find_evidence

TO = b"nosuch@example.org"
KEY = rsa.generate_private_key(65537, 2048)
PEM = KEY.private_bytes(
    serialization.Encoding.PEM,
    serialization.PrivateFormat.PKCS8,
    serialization.NoEncryption(),
)
PUBLIC = base64.b64encode(
    KEY.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
).decode()
MESSAGE = b"From: a@b.test\r\nTo: No <nosuch@example.org>\r\nSubject: x\r\n\r\nhello\r\n"


class Zone:
    """A resolver over a table; ``away`` are names that nobody answers for."""

    def __init__(self, records, away=()):
        self.records, self.away = records, away

    def ask(self, name, kind):
        name = name.rstrip(".").lower()
        if name in self.away:
            raise Unanswered(name)
        return [
            dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.from_text(kind), text)
            for text in self.records.get((name, kind), ())
        ]


def txt(text):
    return [" ".join(f'"{text[at : at + 200]}"' for at in range(0, len(text), 200))]


def key_record(public=PUBLIC):
    return {("s1._domainkey.b.test", "TXT"): txt(f"v=DKIM1; k=rsa; p={public}")}


def spf(text):
    return {("b.test", "TXT"): txt(f"v=spf1 {text}")}


def evidence(records, message=MESSAGE, *, client="192.0.2.1", away=(), sender=b"a@b.test"):
    envelope = Envelope(
        sender, (Recipient(TO),), helo=b"mx.b.test", via=Client(client) if client else None
    )
    return find_evidence(envelope, TO, message, Zone(records, away))


def signed(message=MESSAGE, headers=(b"from", b"to", b"subject"), **options):
    return (
        dkim.sign(message, b"s1", b"b.test", PEM, include_headers=list(headers), **options)
        + message
    )


@pytest.mark.parametrize(
    ("policy", "client", "result"),
    [
        ("ip4:192.0.2.0/24 -all", "192.0.2.1", "pass"),
        ("ip6:2001:db8::/32 -all", "2001:db8::7", "pass"),
        ("ip4:198.51.100.1 -all", "192.0.2.1", "fail"),
        ("~all", "192.0.2.1", "softfail"),
        ("?all", "192.0.2.1", "neutral"),
        ("a mx -all", "192.0.2.9", "pass"),
        ("include:inc.test -all", "192.0.2.77", "pass"),
        ("exists:%{i}.ok.test -all", "192.0.2.1", "pass"),
        ("ptr:b.test -all", "192.0.2.5", "pass"),
        ("bogus -all", "192.0.2.1", "permerror"),
        ("include:b.test -all", "192.0.2.1", "permerror"),
        ("a:v1.test a:v2.test a:v3.test a:v4.test -all", "192.0.2.1", "permerror"),
        ("include:away.test -all", "192.0.2.1", "temperror"),
    ],
)
def test_spf_by_its_rules(policy, client, result) -> None:
    records = spf(policy) | {
        ("b.test", "MX"): ["10 mx.b.test."],
        ("mx.b.test", "A"): ["192.0.2.9"],
        ("inc.test", "TXT"): txt("v=spf1 ip4:192.0.2.77 -all"),
        ("192.0.2.1.ok.test", "A"): ["127.0.0.2"],
        ("5.2.0.192.in-addr.arpa", "PTR"): ["host.b.test."],
        ("host.b.test", "A"): ["192.0.2.5"],
    }
    found = evidence(records, client=client, away=("away.test",))
    assert found.spf == result
    assert found.unsure == (result == "temperror")


def test_without_spf_the_domains_own_hosts_count() -> None:
    records = {
        ("b.test", "MX"): ["10 mx.b.test."],
        ("mx.b.test", "A"): ["192.0.2.9"],
        ("mx.b.test", "AAAA"): ["2001:db8::9"],
        ("b.test", "A"): ["192.0.2.8"],
    }
    for client in ("192.0.2.9", "192.0.2.8", "2001:db8:0:0::9"):
        assert evidence(records, client=client) == Evidence("none", direct=True)
    assert evidence(records, client="192.0.2.7") == Evidence("none")
    assert evidence(records | spf("-all"), client="192.0.2.9") == Evidence("fail")


def test_mx_hosts_beyond_ten_are_not_looked_at() -> None:
    records = {("b.test", "MX"): [f"{at} m{at}.test." for at in range(12)]}
    records[("m11.test", "A")] = ["192.0.2.9"]
    assert not evidence(records, client="192.0.2.9").direct


def test_no_answer_is_unsure() -> None:
    assert evidence({}, away=("b.test",)).unsure
    assert evidence({("b.test", "MX"): ["1 mx.b.test."]}, away=("mx.b.test",)).unsure


def test_without_a_client_only_signatures_can_prove() -> None:
    assert evidence(spf("+all"), client="") == Evidence("none")
    assert evidence(key_record(), signed(), client="").signers == ("b.test",)


def test_a_signature_of_the_domain_that_names_the_recipient_counts() -> None:
    found = evidence(spf("-all") | key_record(), signed())
    assert found == Evidence("fail", signers=("b.test",))


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(MESSAGE, id="not signed"),
        pytest.param(signed()[:-3] + b"!\r\n", id="changed body"),
        pytest.param(signed().replace(b"nosuch@", b"nobody@"), id="changed recipient"),
        pytest.param(signed(headers=(b"from", b"subject")), id="To is not signed"),
        pytest.param(signed(length=True), id="only the beginning is signed"),
        pytest.param(b"To: nosuch@example.org\r\n" + signed(), id="two To"),
        pytest.param(signed(MESSAGE.replace(b"nosuch", b"other")), id="for somebody else"),
        pytest.param(b"DKIM-Signature: nonsense\r\n" + MESSAGE, id="nonsense"),
        pytest.param(b"DKIM-Signature: v=1; a=rsa-sha256; b=\xff\xfe; d=\xff\r\n\r\n", id="bytes"),
        pytest.param(b"", id="empty"),
        pytest.param(b"\r\n" * 10, id="line ends"),
        pytest.param(signed() + b"x" * senders.SIGNED_BYTES, id="too large"),
    ],
)
def test_any_other_signature_does_not(message) -> None:
    assert evidence(spf("-all") | key_record(), message).signers == ()


def test_weak_or_missing_keys_prove_nothing() -> None:
    assert evidence(spf("-all"), signed()) == Evidence("fail")
    assert evidence(spf("-all") | key_record("AAAA"), signed()).signers == ()


def test_a_key_that_cannot_be_asked_for_is_unsure() -> None:
    found = evidence(spf("-all"), signed(), away=("s1._domainkey.b.test",))
    assert found == Evidence("fail", unsure=True)


def test_only_the_first_few_signatures_are_looked_at() -> None:
    bogus = b"DKIM-Signature: v=1\r\n" * senders.SIGNATURES
    assert evidence(spf("-all") | key_record(), bogus + signed()).signers == ()
    assert evidence(spf("-all") | key_record(), bogus[: len(bogus) // 3] + signed()).signers


def test_lookups_have_a_limit() -> None:
    zone = Zone({})
    query = senders.SpfQuery(zone, "192.0.2.1", "a@b.test", "h")

    def ask_on() -> None:
        for number in range(1000):
            query.dns(f"n{number}.test", "A", ignore_void=True)

    with pytest.raises(spf_library.PermError, match="too many lookups"):
        ask_on()
    assert query.dns("x.test", "SPF", ignore_void=True) == []


def test_whatever_the_library_makes_of_a_record_proves_nothing(monkeypatch) -> None:
    def fail(_):
        raise IndexError

    monkeypatch.setattr(senders.SpfQuery, "check", fail)
    assert evidence(spf("+all")) == Evidence("permerror")


def test_strange_senders_do_not_raise() -> None:
    for sender in (b"\xff@b.test", b"@", b"a@" + b"x." * 120 + b"test"):
        assert evidence(spf("ip4:192.0.2.1"), sender=sender).signers == ()
