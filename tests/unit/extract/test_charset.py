"""Text is read as a mail program reads it, and never by a codec that is no charset."""

from __future__ import annotations

import pytest

from honeypost.extract.charset import (
    CODECS,
    codec_of,
    declared_in_html,
    preload,
    text_of,
)


@pytest.mark.parametrize(
    ("label", "codec"),
    [
        ("utf-8", "utf_8"),
        ("UTF8", "utf_8"),
        ('"us-ascii"', "cp1252"),
        ("iso-8859-1", "cp1252"),
        ("gb2312", "gb18030"),
        ("ks_c_5601-1987", "cp949"),
        ("Windows-1251", "cp1251"),
        ("shift_jis", "cp932"),
        ("zip", ""),
        ("punycode", ""),
        ("unicode_escape", ""),
        ("rot13", ""),
        ("../../x", ""),
        ("", ""),
    ],
)
def test_labels(label, codec):
    assert codec_of(label) == codec


def test_every_codec_of_the_table_exists():
    preload()
    assert all(b"".decode(codec) == "" for codec in CODECS)


@pytest.mark.parametrize(
    ("data", "label", "text"),
    [
        ("é".encode(), "", "é"),
        (b"\xe9", "", "é"),
        (b"\xe9", "utf-8", "\ufffd"),
        (b"\xff\xfea\x00", "iso-8859-1", "a"),
        (b"\xfe\xff\x00a", "", "a"),
        (b"\xef\xbb\xbfa", "ascii", "a"),
        ("ж".encode("koi8-r"), "KOI8-R", "ж"),
        (b"x", "no-such-charset", "x"),
        (b"\x80", "iso-8859-1", "€"),
    ],
)
def test_decoding(data, label, text):
    assert text_of(data, label) == text


def test_no_lone_surrogate_comes_out_of_utf_7():
    text_of(b"+2AA-", "utf-7").encode("utf-8")


def test_charset_in_html():
    page = b'<html><head><meta http-equiv=x content="text/html; charset=koi8-r">'
    assert declared_in_html(page) == "koi8-r"
    assert declared_in_html(b"<p>charset=koi8-r") == ""
