"""Which program's lines are listened to."""

from __future__ import annotations

from datetime import UTC

import pytest

from honeypost.beside.logs.journal import Entry
from honeypost.beside.logs.lines import Line
from honeypost.beside.logs.reader import Counts, Reader, understand
from honeypost.beside.logs.times import Calendar

SAYS = {
    b"postfix/smtpd": b"connect from x[192.0.2.1]",
    b"dovecot": b"imap-login: Login: user=<bob>, method=PLAIN, rip=192.0.2.1, lip=::1",
    b"exim4": b"no host name found for IP address 192.0.2.1",
}


@pytest.mark.parametrize("program", SAYS)
@pytest.mark.parametrize("speaker", [*SAYS, b"sshd", b"postfix/cleanup", b"opendkim"])
def test_each_program_speaks_its_own_dialect(program: bytes, speaker: bytes) -> None:
    event = understand(Line(None, speaker, SAYS[program]))
    assert (event is not None) == (program == speaker)


def test_lines_are_numbered_and_counted() -> None:
    counts = Counts()
    reader = Reader("x", Calendar(UTC, 1e9), counts, line=10, time=5.0)
    assert reader.lines([b"rubbish"]) == []
    assert (reader.line, reader.time, counts.newest) == (11, 5.0, None)
    entries = [Entry(7.0, b"sshd", b"x"), Entry(8.0, b"postfix/smtpd", SAYS[b"postfix/smtpd"])]
    (told,) = reader.entries(entries)
    assert (told.place.file, told.place.line, told.place.time) == ("x", 13, 8.0)
    assert (counts.lines, counts.known, counts.newest) == (3, 2, 8.0)
