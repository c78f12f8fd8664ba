"""Transfer encodings are read as leniently as mail programs do, and what was odd is marked."""

from __future__ import annotations

import base64

import pytest

from honeypost.extract.marks import Marks
from honeypost.extract.transfer import SEGMENTS, decoded, encoding_name


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("base64", "base64"),
        (" BASE64; x", "base64"),
        ('"quoted-printable"', "quoted-printable"),
        ("", ""),
        ("?!", ""),
    ],
)
def test_names(value, name):
    assert encoding_name(value) == name


@pytest.mark.parametrize(
    ("body", "data", "marks"),
    [
        (b"aGVs\r\nbG8=\r\n", b"hello", ()),
        (b"aGVsbG8", b"hello", ()),
        (b"aGV sbG8=", b"hello", ()),
        (b"aGV!sbG8=", b"hello", ("base64-broken",)),
        (b"aGVsbG8=aGVsbG8=", b"hellohello", ()),
        (b"aGVsb", b"hel", ()),
        (b"", b"", ()),
        (b"=" * 1000, b"", ()),
    ],
)
def test_base64(body, data, marks):
    known = Marks()
    assert decoded(body, "base64", known) == data
    assert known.names() == marks


def test_many_padded_pieces_end_in_one():
    body = base64.b64encode(b"a") * (SEGMENTS + 10)
    assert decoded(body, "base64", Marks()).startswith(b"a" * SEGMENTS)


def test_quoted_printable_keeps_what_is_no_code():
    assert decoded(b"a=3Db=\r\nc=ZZ", "quoted-printable", Marks()) == b"a=bc=ZZ"


def test_unknown_encoding_is_read_as_it_is_and_marked():
    marks = Marks()
    assert decoded(b"x", "hexa", marks) == b"x"
    assert marks.names() == ("encoding-unknown",)
    assert decoded(b"x", "8bit", Marks()) == b"x"
