"""Entries of the journal; the forms are those of systemd's Journal Export Formats."""

from __future__ import annotations

import json

import pytest

from honeypost.beside.logs.journal import Entry, ExportReader, from_json
from honeypost.beside.logs.splitting import LINE_BYTES


def binary(name: bytes, value: bytes) -> bytes:
    return name + b"\n" + len(value).to_bytes(8, "little") + value + b"\n"


EXPORT = (
    b"__CURSOR=s=1;i=1\n__REALTIME_TIMESTAMP=1700000000250000\n_UID=0\n"
    b"SYSLOG_IDENTIFIER=postfix/smtpd\nMESSAGE=connect from unknown[192.0.2.1]\n\n"
    b"__CURSOR=s=1;i=2\nSYSLOG_IDENTIFIER=dovecot\n"
    + binary(b"COREDUMP", b"\n\n" * 5000)
    + binary(b"MESSAGE", b"a\nMESSAGE=b\n\n__CURSOR=x\n\xff")
    + b"\n__CURSOR=s=1;i=3\nPRIORITY=6\n\n"
    + b"__CURSOR=s=1;i=4\n__REALTIME_TIMESTAMP=soon\nMESSAGE=c\n"
)
ENTRIES = [
    Entry(1700000000.25, b"postfix/smtpd", b"connect from unknown[192.0.2.1]", "s=1;i=1"),
    Entry(None, b"dovecot", b"a\nMESSAGE=b\n\n__CURSOR=x\n\xff", "s=1;i=2"),
    Entry(None, b"", b"c", "s=1;i=4"),
]


@pytest.mark.parametrize("size", [1, 7, 64, len(EXPORT)])
def test_an_export_in_pieces(size: int) -> None:
    reader = ExportReader()
    entries: list[Entry] = []
    for start in range(0, len(EXPORT), size):
        entries += reader.feed(EXPORT[start : start + size])
    assert entries == ENTRIES[:2]
    assert reader.flush() == ENTRIES[2:]
    assert reader.flush() == []


def test_a_field_in_the_middle_of_which_the_export_ends_is_dropped() -> None:
    reader = ExportReader()
    assert reader.feed(b"MESSAGE=x\nCOREDUMP\n" + (9).to_bytes(8, "little") + b"abc") == []
    assert reader.flush() == []
    assert reader.feed(b"MESSAGE=next\n\n") == [Entry(None, b"", b"next")]


@pytest.mark.parametrize("value", [b"x" * (3 * LINE_BYTES), b"\n" * (3 * LINE_BYTES)])
def test_of_a_long_field_only_the_start_is_kept(value: bytes) -> None:
    field = b"MESSAGE=" + value + b"\n" if b"\n" not in value else binary(b"MESSAGE", value)
    reader = ExportReader()
    entries: list[Entry] = []
    text = field + b"SYSLOG_IDENTIFIER=dovecot\n\nMESSAGE=y\n\n"
    for start in range(0, len(text), 10_000):
        entries += reader.feed(text[start : start + 10_000])
    assert [(e.program, e.text[:1], e.text[-1:]) for e in entries] == [
        (b"dovecot", value[:1], value[:1]),
        (b"", b"y", b"y"),
    ]
    assert LINE_BYTES - 10 <= len(entries[0].text) <= LINE_BYTES


def test_the_rest_of_a_long_field_is_never_read_as_fields() -> None:
    reader = ExportReader()
    reader.feed(b"NOTE=" + b"x" * (3 * LINE_BYTES))
    forged = b"MESSAGE=forged\n"
    assert reader.feed(forged + b"MESSAGE=true\n\n") == [Entry(None, b"", b"true")]


def test_the_first_of_two_fields_counts() -> None:
    reader = ExportReader()
    assert reader.feed(b"MESSAGE=a\nMESSAGE=b\n\n") == [Entry(None, b"", b"a")]


def test_a_line_of_json() -> None:
    entry = {"__REALTIME_TIMESTAMP": "1700000000250000", "SYSLOG_IDENTIFIER": "dovecot"}
    assert from_json(json.dumps(entry | {"MESSAGE": "a\nb"}).encode()) == Entry(
        1700000000.25, b"dovecot", b"a\nb"
    )
    assert from_json(json.dumps(entry | {"MESSAGE": [97, 255]}).encode()) == Entry(
        1700000000.25, b"dovecot", b"a\xff"
    )


@pytest.mark.parametrize(
    "entry",
    [{"MESSAGE": None}, {"MESSAGE": [300]}, {"MESSAGE": 7}, {"MESSAGE": ""}, [1], "x"],
)
def test_json_that_says_nothing(entry: object) -> None:
    assert from_json(json.dumps(entry).encode()) is None
    assert from_json(b'{"MESSAGE": "x", "__REALTIME_TIMESTAMP": "soon"}') is None
    assert from_json(b"{") is None
