"""What errors cost, and what the journal hears of the end."""

from __future__ import annotations

from honeypost.events import SessionClosed
from honeypost.personality.postfix_3_7 import PROFILE


def test_from_the_tenth_error_on_each_line_costs_a_second(talk) -> None:
    session = talk(profile=PROFILE)
    session(*["FOO"] * 10)
    assert session.held_seconds == 0.0
    session("NOOP")
    assert session.held_seconds == 1.0
    session("EHLO x")
    assert session.held_seconds == 13.0


def test_the_journal_hears_the_totals(talk) -> None:
    session = talk()
    session("FOO", "QUIT")
    said = b"220 mx1.example.org ESMTP Postfix\r\n500 5.5.2 Error: command not recognized\r\n221 2.0.0 Bye\r\n"
    assert session.events == [
        SessionClosed("quit", commands=2, errors=1, bytes_in=11, bytes_out=len(said))
    ]
