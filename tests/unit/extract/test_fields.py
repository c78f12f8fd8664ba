"""Header blocks, parameters and encoded words, as lenient as mail programs."""

from __future__ import annotations

import pytest

from honeypost.extract import limits
from honeypost.extract.fields import first_of, parameters_of, read_fields, words_of
from honeypost.extract.marks import Marks


def read(data):
    marks = Marks()
    fields, at = read_fields(data, 0, len(data), marks)
    return fields, data[at:], marks.names()


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r"])
def test_block_and_body(end):
    fields, body, marks = read(end.join([b"A: 1", b"b : 2", b" folded", b"A: 3", b"", b"body"]))
    assert fields == {"a": [b"1", b"3"], "b": [b"2 folded"]}
    assert body == b"body"
    assert marks == ()


@pytest.mark.parametrize(
    ("data", "names", "body"),
    [
        (b"From x@y Mon\nA: 1\n\nbody", {"a"}, b"body"),
        (b"A: 1\nno field\nbody", {"a"}, b"no field\nbody"),
        (b"\nbody", set(), b"body"),
        (b"", set(), b""),
        (b"A: 1", {"a"}, b""),
        (b" folded first\nbody", set(), b" folded first\nbody"),
        (b"A: 1\nFrom x\n", {"a"}, b"From x\n"),
    ],
)
def test_where_the_block_ends(data, names, body):
    fields, rest, _ = read(data)
    assert set(fields) == names
    assert rest == body


def test_too_many_lines_are_cut_and_the_body_is_found():
    fields, body, marks = read(b"A: 1\n" * (limits.HEADER_LINES + 5) + b"\nbody")
    assert len(fields["a"]) == limits.HEADER_LINES
    assert body == b"body"
    assert marks == ("headers-cut",)


def test_too_many_bytes_are_cut_and_without_a_body_there_is_none():
    line = b"A: " + b"x" * (limits.HEADER_BYTES // 2) + b"\n"
    fields, body, marks = read(line * 4)
    assert len(fields["a"]) == 2
    assert len(fields["a"][0]) < limits.ADDRESS_FIELD_BYTES
    assert body == b""
    assert marks == ("headers-cut",)


def test_the_first_of_equal_fields_counts():
    assert first_of({"a": [b"1", b"2"]}, "a") == "1"
    assert first_of({}, "a") == ""


@pytest.mark.parametrize(
    ("value", "parameters"),
    [
        ("text/plain", {}),
        ("x/y; a=b; A=c", {"a": "b"}),
        ('x/y; a="b;\\"c"; d=e', {"a": 'b;"c', "d": "e"}),
        ("x/y; a = b c ;d=e", {"a": "b c", "d": "e"}),
        ('x/y; a="no end', {"a": "no end"}),
        ("x/y; name*=utf-8'en'caf%C3%A9", {"name": "café"}),
        ("x/y; name*0*=iso-8859-1''caf%E9; name*1=.pdf", {"name": "café.pdf"}),
        ("x/y; name*1=b; name*0=a", {"name": "ab"}),
        ("x/y; name*=plain", {"name": "plain"}),
        ("x/y; *=a", {}),
        ("x/y; a=", {"a": ""}),
    ],
)
def test_parameters(value, parameters):
    assert parameters_of(value) == parameters


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"),
        ("=?utf-8?Q?a_b=C3=A9?=", "a bé"),
        ("=?utf-8?b?4oKs?= =?utf-8?b?4oKs?=", "€€"),
        ("=?utf-8?b?4oKsX?=", "€"),
        ("=?iso-8859-1*en?q?=E9?= x", "é x"),
        ("=?broken?q?", "=?broken?q?"),
        ("=?zip?q?a?=", "a"),
    ],
)
def test_encoded_words(value, text):
    assert words_of(value) == text
