"""The start of a log line."""

from __future__ import annotations

import json
from datetime import UTC

import pytest

from honeypost.beside.logs.lines import Line, read_line
from honeypost.beside.logs.times import Calendar


def read(raw: bytes) -> Line | None:
    return read_line(raw, Calendar(UTC, 1_700_000_000.0))


@pytest.mark.parametrize(
    ("raw", "program", "text"),
    [
        (b"Feb 21 09:21:54 mx postfix/smtpd[14398]: connect", b"postfix/smtpd", b"connect"),
        (b"2024-08-26T01:33:38+00:00 mx pf/submission/smtpd[1]: x", b"pf/submission/smtpd", b"x"),
        (b"Feb 21 09:21:54 mx dovecot: imap-login: Login", b"dovecot", b"imap-login: Login"),
        (b"Feb 21 09:21:54 imap-login: Info: Login", b"", b"imap-login: Info: Login"),
        (b"Feb 21 09:21:54 auth(a,192.0.2.1): Info: x", b"", b"auth(a,192.0.2.1): Info: x"),
        (b"2013-01-04 17:03:46 H=x [192.0.2.1] y", b"exim", b"H=x [192.0.2.1] y"),
        (b"2013-01-04 17:03:46.345 +0100 [7] x", b"exim", b"[7] x"),
        (
            b"2013-01-04 17:03:46 1Ai79e-0000Dq-8i SA: Action: x",
            b"exim",
            b"1Ai79e-0000Dq-8i SA: Action: x",
        ),
        (b"2013-01-04 17:03:46 mx exim[7]: x", b"exim", b"x"),
        (b"2013-01-04 17:03:46 mx dovecot: x", b"dovecot", b"x"),
        (b"Feb 21 09:21:54 mx exim4[7]: 2013-02-21 09:21:54 x", b"exim4", b"x"),
        (b"mx.example.org exim[7]: 2013-02-21 09:21:54 x", b"exim", b"x"),
    ],
)
def test_forms(raw: bytes, program: bytes, text: bytes) -> None:
    line = read(raw)
    assert line is not None
    assert (line.program, line.text) == (program, text)
    assert line.time is not None


@pytest.mark.parametrize(
    "raw",
    [
        b"mx.example.org exim[7]: H=x",
        b"mx.example.org sshd[7]: 2013-02-21 09:21:54 x",
        b"",
        b"no log line",
        b"Feb 21 09:21:54 ",
        b"Feb 21 09:21:54 UPPER(",
        b"{",
        b"{}",
    ],
)
def test_what_is_no_line(raw: bytes) -> None:
    assert read(raw) is None


def test_a_program_named_by_a_login_is_not_believed() -> None:
    line = read(b"Feb 21 09:21:54 auth(x postfix/smtpd[1]: warning: unknown[192.0.2.66]: SASL")
    assert line is not None
    assert line.program == b""


def test_the_export_of_the_journal() -> None:
    entry = {
        "__REALTIME_TIMESTAMP": "1700000000123456",
        "SYSLOG_IDENTIFIER": "postfix/smtpd",
        "_PID": "12",
        "MESSAGE": "connect from unknown[192.0.2.1]",
    }
    line = read(json.dumps(entry).encode())
    assert line == Line(1700000000.123456, b"postfix/smtpd", b"connect from unknown[192.0.2.1]")


def test_the_export_of_the_journal_that_is_not_utf8() -> None:
    entry = {"SYSLOG_IDENTIFIER": "dovecot", "MESSAGE": list(b"imap-login: \xff")}
    assert read(json.dumps(entry).encode()) == Line(None, b"dovecot", b"imap-login: \xff")


@pytest.mark.parametrize(
    "entry",
    [
        {"MESSAGE": None},
        {"MESSAGE": [300]},
        {"MESSAGE": 7},
        {"MESSAGE": "x", "__REALTIME_TIMESTAMP": "soon"},
        [1],
    ],
)
def test_entries_of_the_journal_that_say_nothing(entry: object) -> None:
    assert read(json.dumps(entry).encode()) is None
