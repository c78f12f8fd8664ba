"""Who a message is meant for, each once, the envelope first."""

from __future__ import annotations

import pytest

from honeypost.extract import limits
from honeypost.extract.marks import Marks
from honeypost.extract.recipients import addresses_in, recipients_of


def listed(fields, envelope=()):
    marks = Marks()
    found = recipients_of(fields, envelope, marks)
    return [(item.address, item.role) for item in found], marks.names()


def test_envelope_first_and_each_once():
    fields = {"to": [b"A <A@x.example>, b@x.example"], "cc": [b"c@x.example"], "bcc": [b"d@Y"]}
    assert listed(fields, [b"a@X.example"])[0] == [
        ("a@X.example", "envelope"),
        ("b@x.example", "to"),
        ("c@x.example", "cc"),
        ("d@y", "bcc"),
    ]


@pytest.mark.parametrize(
    ("value", "addresses"),
    [
        ('"x@y.z" <a@b>', ["a@b"]),
        ("a@b (c@d)", ["a@b"]),
        ('"never closed a@b', []),
        ("(never closed a@b", []),
        ('"x\\" <y@z>" <a@b>', ["a@b"]),
        ("=?utf-8?q?N=C3=A9?= <a@b>", ["a@b"]),
        ("undisclosed-recipients:;", []),
        ("a@b@c, @d, e@, f", []),
        ("a@b;c@d", ["a@b", "c@d"]),
        ("é@bücher.example", ["é@bücher.example"]),
        ("a\u202e@b", ["a\\u202e@b"]),
        ("x" * 400 + "@b", []),
    ],
)
def test_addresses(value, addresses):
    assert list(addresses_in(value)) == addresses


def test_bytes_that_are_no_text_are_escaped():
    assert listed({}, [b"a\xff\x1b@b"])[0] == [("a\\xff\\x1b@b", "envelope")]


def test_too_many_are_marked(monkeypatch):
    monkeypatch.setattr(limits, "RECIPIENTS", 2)
    found, marks = listed({"to": [b"a@x, b@x, c@x"]})
    assert [address for address, _ in found] == ["a@x", "b@x"]
    assert marks == ("recipients-cut",)
