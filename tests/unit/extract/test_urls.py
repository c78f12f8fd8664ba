"""URLs are what a browser would open; domains are what somebody registered."""

from __future__ import annotations

import pytest

from honeypost.extract import limits
from honeypost.extract.urls import canonical, domain_of, known_suffix, preload


@pytest.mark.parametrize(
    ("raw", "url", "domain", "notes"),
    [
        ("http://example.com", "http://example.com/", "example.com", ()),
        ("  HTTP://EXAMPLE.com/A \r\n", "http://example.com/A", "example.com", ()),
        ("ht\ntp://exam\tple.com/", "http://example.com/", "example.com", ()),
        ("https:/example.com/x", "https://example.com/x", "example.com", ()),
        ("https:example.com", "https://example.com/", "example.com", ()),
        ("http:\\\\example.com\\x", "http://example.com/x", "example.com", ()),
        ("//example.com/x", "http://example.com/x", "example.com", ()),
        ("http://exa%6dple.com", "http://example.com/", "example.com", ()),
        ("http://example\uff0ecom", "http://example.com/", "example.com", ()),
        ("http://exa\u00admple.com", "http://example.com/", "example.com", ()),
        ("http://\U0001d7dc.example.com", "http://4.example.com/", "example.com", ()),
        (
            "http://ðH9E3\u0178J9\u0153cZjc.webrentals.eu.com/x",
            "http://xn--h9e3j9czjc-h9a8p25b.webrentals.eu.com/x",
            "webrentals.eu.com",
            ("idn",),
        ),
        (
            "http://t-online.com@012345267142/",
            "http://t-online.com@83.149.110.98/",
            "83.149.110.98",
            ("userinfo", "ip", "ip-disguised"),
        ),
        ("http://0x7f000001/", "http://127.0.0.1/", "127.0.0.1", ("ip", "ip-disguised")),
        ("http://[2001:DB8::1]:8080/", "http://[2001:db8::1]:8080/", "2001:db8::1", None),
        ("http://me.github.io/x", "http://me.github.io/x", "me.github.io", ()),
        ("ftp://example.com/x", "ftp://example.com/x", "example.com", ()),
        ("www.example.com/x", "http://www.example.com/x", "example.com", ("schemeless",)),
        ("example.com", "http://example.com/", "example.com", ("schemeless",)),
        ("http://example.com:8080/", "http://example.com:8080/", "example.com", ("port",)),
    ],
)
def test_canonical(raw, url, domain, notes):
    found = canonical(raw, "")
    assert found is not None
    assert (found.url, found.domain) == (url, domain)
    if notes is not None:
        assert found.notes == notes


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "#top",
        "mailto:a@example.com",
        "tel:112",
        "javascript:alert(1)",
        "data:text/html,x",
        "cid:part1",
        "file:///etc/passwd",
        "images/logo.png",
        "index.html",
        "http://",
        "http://\x00a.com/",
        "http://a b.com/",
    ],
)
def test_what_opens_no_page(raw):
    assert canonical(raw, "") is None


@pytest.mark.parametrize(
    ("raw", "url"),
    [
        ("b", "https://h.example/d/b"),
        ("/b", "https://h.example/b"),
        ("\\b", "https://h.example/b"),
        ("../b/./c", "https://h.example/b/c"),
        ("?q", "https://h.example/d/a?q"),
        ("//other.example/", "https://other.example/"),
        ("http://other.example/", "http://other.example/"),
        ("logo.png", "https://h.example/d/logo.png"),
    ],
)
def test_relative_to_a_base(raw, url):
    found = canonical(raw, "https://h.example/d/a")
    assert found is not None
    assert found.url == url


def test_a_base_that_is_none_helps_nobody():
    assert canonical("b", "nonsense") is None
    assert canonical("mailto:x@y", "https://h.example/") is None


def test_a_long_url_is_cut_before_and_after_it_is_written_out():
    found = canonical("http://example.com/" + "\u20ac" * 3 * limits.URL_CHARS, "")
    assert found is not None
    assert len(found.url) == limits.URL_CHARS
    assert "cut" in found.notes


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("a.b.example.co.uk", "example.co.uk"),
        ("x.pages.dev", "x.pages.dev"),
        ("pages.dev", "pages.dev"),
        ("localhost", "localhost"),
        ("example.com.", "example.com"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("192.0.2.1", "192.0.2.1"),
    ],
)
def test_domains(host, domain):
    assert domain_of(host) == domain


def test_known_suffixes():
    preload()
    assert known_suffix("a.COM")
    assert not known_suffix("a.html")
