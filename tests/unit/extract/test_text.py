"""What mail programs make clickable in plain text is found; words are not."""

from __future__ import annotations

import pytest

from honeypost.extract import limits
from honeypost.extract.text import in_text, preload, schemed, schemed_in_bytes


@pytest.fixture(scope="module", autouse=True)
def _warm():
    preload()


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
        ("nothing", []),
    ],
)
def test_recognised(text, urls):
    assert in_text(text, 1000)[0] == urls


def test_beyond_the_budget_only_schemes_are_found():
    text = "www.a.example/x http://b.example/"
    assert in_text(text, 10) == (["http://b.example/"], 10)


def test_the_budget_is_spent_only_on_lines_that_may_hold_one():
    assert in_text("nothing here\nwww.a.example/", 100)[1] == 100 - len("www.a.example/")


def test_a_long_line_is_read_in_pieces():
    line = "www.a.com/x " * limits.LINKIFY_CHUNK
    urls, left = in_text(line, 2 * limits.LINKIFY_CHUNK)
    assert left < limits.LINKIFY_CHUNK
    assert set(urls) == {"www.a.com/x"}


def test_a_long_word_is_cut():
    urls, _ = in_text("http://a.example/" + "x" * 3 * limits.LINKIFY_CHUNK, limits.LINKIFY_CHARS)
    assert urls[0].startswith("http://a.example/x")


def test_candidates_are_bounded(monkeypatch):
    monkeypatch.setattr(limits, "CANDIDATES", 3)
    many = "http://a.example/\n" * 10
    assert len(in_text(many, 1000)[0]) == 3
    assert len(schemed(many)) == 3
    assert len(schemed_in_bytes(many.encode())) == 3


def test_schemed():
    assert schemed("x='http://a.example/b'; HTTPS:\\\\c.example.") == [
        "http://a.example/b",
        "HTTPS:\\\\c.example",
    ]
    assert schemed_in_bytes(b"<http://a.example/\xff>") == ["http://a.example/\ufffd"]
