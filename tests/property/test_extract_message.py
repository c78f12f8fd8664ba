"""No bytes make the extraction fail, and no report goes over its limits."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from honeypost.extract import limits
from honeypost.extract.html import read_html
from honeypost.extract.marks import Marks
from honeypost.extract.message import take_apart
from honeypost.extract.mime import Kind, Walk
from honeypost.extract.report import Report
from honeypost.extract.text import in_text
from honeypost.extract.urls import canonical

PIECES = st.sampled_from(
    [
        *(b"Content-Type: ", b"multipart/mixed", b"; boundary=b", b"text/html", b"\r\n", b"\n"),
        *(b"--b", b"--b--", b"message/rfc822", b"Content-Transfer-Encoding: ", b"base64", b"=?"),
        *(b"quoted-printable", b"charset=", b"utf-7", b"utf-16", b"idna", b"zip", b"name*0*="),
        *(b"To: ", b"a@b", b'"', b"(", b"<", b">", b"<a href=", b"http://", b"&#", b"99999999"),
        *(
            b"<!--",
            b"-->",
            b"<style>url(",
            b"<script>",
            b"www.a.com/",
            b"%",
            b"=",
            b" ",
            b"?utf-8?q?",
        ),
        *(b"[", b"]", b"@", b"\x00", b"\xff", b"\xed\xa0\x80", b"xn--", b":", b";", b"\\"),
    ]
)
MAILS = st.one_of(
    st.binary(max_size=400),
    st.lists(st.one_of(PIECES, st.binary(max_size=6)), max_size=60).map(b"".join),
)
HEADS = st.sampled_from(
    [
        b"Content-Type: text/html\r\n\r\n",
        b"Content-Type: text/html; charset=utf-7\r\n\r\n",
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n",
        b"Content-Transfer-Encoding: base64\r\n\r\n",
        b"",
    ]
)


@settings(max_examples=300, deadline=None)
@given(HEADS, MAILS, st.lists(st.binary(max_size=20), max_size=3))
def test_no_bytes_make_it_fail(head, body, envelope):
    report = take_apart(head + body, file="f", envelope=envelope)
    assert not [error for error in report.errors if error.startswith("part-broken")]
    assert msgspec.json.decode(msgspec.json.encode(report), type=Report) == report
    assert len(report.links) <= limits.URLS
    for link in report.links:
        assert link.domain
        assert len(link.url) <= limits.URL_CHARS


@settings(max_examples=200, deadline=None)
@given(HEADS, MAILS)
def test_every_leaf_is_in_the_message_and_paths_are_unique(head, body):
    parts = list(Walk(head + body, Marks()))
    leaves = [part.path for part in parts if part.kind is Kind.LEAF]
    assert len(leaves) == len(set(leaves))
    if b"base64" not in head + body:
        assert all(part.raw in head + body for part in parts)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300), st.integers(1, 20))
def test_html_never_takes_more_tokens_than_it_may(text, tokens):
    _, left = read_html(text, tokens, Marks())
    assert 0 <= left <= tokens


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300))
def test_what_is_found_in_text_stands_in_it(text):
    assert all(
        url in text or "[" in text or "(" in text or "xx" in text.lower() for url in in_text(text)
    )


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60), st.sampled_from(["", "http://a.example/b/c?d"]))
def test_what_is_canonical_stays_as_it_is(text, base):
    found = canonical("http://" + text, base) or canonical(text, base)
    if found is not None:
        again = canonical(found.url, "")
        assert again is not None
        assert (again.url, again.domain) == (found.url, found.domain)
