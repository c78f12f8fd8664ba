"""What mail programs make clickable in plain text is found; words are not."""

from __future__ import annotations

import sys
import time

import pytest

from honeypost.extract import limits
from honeypost.extract.text import in_text, schemed, schemed_in_bytes, trimmed

CPU_SECONDS = 0.5 if sys.gettrace() is None else 2.0


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("see http://a.example/x.", ["http://a.example/x"]),
        ("(http://a.example/x(y))", ["http://a.example/x(y)"]),
        ("www.example.com or not", ["www.example.com"]),
        ("go to example.com/x now", ["example.com/x"]),
        ("a://b is none, ftp://c.example/ is", ["ftp://c.example/"]),
        ("please sign.in to 3.Energy or ledger.com", []),
        ("mailto:a@example.com or a@example.com", []),
        ("hxxp://a[.]example(.)com/x", ["http://a.example.com/x"]),
        ("hXXps://a[dot]example/", ["https://a.example/"]),
        ("http://a.example/x,http://b.example/y", ["http://a.example/x", "http://b.example/y"]),
        ("http://a.example/?u=http://b.example/", ["http://a.example/?u=http://b.example/"]),
        ("«http://a.example/x» “www.example.com”", ["http://a.example/x", "www.example.com"]),
        ("a/b.com/x and path/to/www.example.com", []),
        ("example.com:8080/x", ["example.com:8080/x"]),
        ("nothing", []),
    ],
)
def test_recognised(text, urls):
    assert in_text(text) == urls


UNITS = (
    *("|a.", "http://a:b@", "http://é", "www.", "a.", "a@", "//", "http://", "(", ")", "http://a)"),
    *("www.a.com/", "a.com:1/", "-", "a-", "é.", ",http:", "http://a,", "[.]", "hxxp", "a.b:1"),
)


@pytest.mark.parametrize("unit", UNITS)
def test_time_is_linear(unit):
    text = unit * (limits.MIB // len(unit) // 2)
    before = time.process_time()
    in_text(text)
    assert time.process_time() - before < CPU_SECONDS


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("http://a/x.", "http://a/x"),
        ("http://a/(x)", "http://a/(x)"),
        ("http://a/(x))],", "http://a/(x)"),
        ("http://a/x...'", "http://a/x"),
        (")))", ""),
    ],
)
def test_what_belongs_to_the_sentence(written, url):
    assert trimmed(written) == url


def test_candidates_are_bounded(monkeypatch):
    monkeypatch.setattr(limits, "CANDIDATES", 3)
    many = "http://a.example/\n" * 10
    assert len(in_text(many)) == 3
    assert len(schemed(many)) == 3
    assert len(schemed_in_bytes(many.encode())) == 3


def test_schemed():
    assert schemed("x='http://a.example/b'; HTTPS:\\\\c.example.") == [
        "http://a.example/b",
        "HTTPS:\\\\c.example",
    ]
    assert schemed_in_bytes(b"<http://a.example/\xff>") == ["http://a.example/\ufffd"]
