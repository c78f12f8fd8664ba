"""What is a command, and what no SMTP client says."""

from __future__ import annotations

import pytest

from honeypost.proto.smtp.commands import Form, read_command

KNOWN = frozenset({b"MAIL", b"NOOP"})
FOREIGN = frozenset({b"GET", b"POST", b"CONNECT"})


@pytest.mark.parametrize(
    ("line", "form"),
    [
        (b"noop", Form.COMMAND),
        (b"FOO", Form.COMMAND),
        (b"HEAD /", Form.COMMAND),
        (b"SSH-2.0-x", Form.COMMAND),
        (b"User-Agent : x", Form.COMMAND),
        (b"a b:", Form.COMMAND),
        (b"", Form.EMPTY),
        (b" \t", Form.EMPTY),
        (b"\0NOOP", Form.EMPTY),
        (b"get /", Form.FOREIGN),
        (b"User-Agent: x", Form.FOREIGN),
        (b"MAIL: x", Form.FOREIGN),
        (b":", Form.FOREIGN),
        (b"1", Form.FOREIGN),
        (b'"NOOP"', Form.FOREIGN),
        (b"\x16\x03\x01", Form.FOREIGN),
        (b"\xc3\xa9", Form.FOREIGN),
        (b"\xff", Form.NOT_UTF8),
        (b"NOOP \xff", Form.NOT_UTF8),
        (b"\0\xff", Form.NOT_UTF8),
    ],
)
def test_forms(line: bytes, form: Form) -> None:
    assert read_command(line, KNOWN, FOREIGN).form is form


def test_the_verb_is_in_capitals_and_bytes_behind_nul_are_not_seen() -> None:
    command = read_command(b"mail FROM:<a>\0 SIZE=1", KNOWN, FOREIGN)
    assert (command.verb, command.texts) == (b"MAIL", (b"FROM:", b"<a>"))
