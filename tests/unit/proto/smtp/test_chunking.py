"""BDAT: counted chunks, and what becomes of wrong ones."""

from __future__ import annotations

import pytest

from honeypost.proto.effects import AbandonMessage

TO_BOB = ("MAIL FROM:<>", "RCPT TO:<bob@example.org>")


@pytest.mark.parametrize(
    "line",
    [
        "BDAT",
        "BDAT x",
        "BDAT -1",
        "BDAT +1",
        "BDAT 1 FOO",
        "BDAT 1 LAST x",
        "BDAT 9223372036854775808",
        "BDAT " + "9" * 90,
    ],
)
def test_a_chunk_whose_size_is_unknown_ends_the_session(talk, line: str) -> None:
    session = talk()
    assert session(line, "NOOP") == ["521 5.5.4 Syntax: BDAT count [LAST]"]
    assert session.closed


def test_chunks_may_cut_lines_anywhere(talk) -> None:
    session = talk()
    assert session(*TO_BOB, b"BDAT 4\r\na\r\nb", b"BDAT 1\r\n\rBDAT 5 last\r\n\n.\r\nc")[2:] == [
        "250 2.0.0 Ok: 4 bytes",
        "250 2.0.0 Ok: 1 bytes",
        "250 2.0.0 Ok: 12 bytes queued as 3D09020C113",
    ]
    assert session.spooled == b"a\r\nb\r\n.\r\nc"
    assert session.questions[-1].size == 10


def test_an_empty_message(talk) -> None:
    assert talk()(*TO_BOB, "BDAT 0 LAST")[-1] == "250 2.0.0 Ok: 0 bytes queued as 3D09020C113"


def test_a_refused_chunk_is_read_to_its_end_and_spoils_those_that_follow(talk) -> None:
    session = talk()
    assert session(
        b"BDAT 6\r\nNOOP\r\n",
        "MAIL FROM:<>",
        "RCPT TO:<a@b>",
        b"BDAT 2\r\nab",
        b"BDAT 1 LAST\r\nc",
        "MAIL FROM:<>",
    ) == [
        "503 5.5.1 Error: need RCPT command",
        "503 5.5.1 Error: MAIL after BDAT",
        "503 5.5.1 Error: need MAIL command",
        "551 5.0.0 Discarded 2 bytes after earlier error",
        "551 5.0.0 Discarded 1 bytes after earlier error",
        "250 2.1.0 Ok",
    ]


def test_without_recipients(talk) -> None:
    assert talk()("MAIL FROM:<>", b"BDAT 1\r\na", "RCPT TO:<a@b>", "DATA", "RSET", "MAIL FROM:<>")[
        1:
    ] == [
        "554 5.5.1 Error: no valid recipients",
        "503 5.5.1 Error: RCPT after BDAT",
        "503 5.5.1 Error: DATA after BDAT",
        "250 2.0.0 Ok",
        "250 2.1.0 Ok",
    ]


def test_nothing_else_while_chunks_come(talk) -> None:
    session = talk()
    assert session(*TO_BOB, b"BDAT 1\r\na", "RCPT TO:<a@b>", "DATA", "MAIL FROM:<>", "BDAT 0")[
        3:
    ] == [
        "503 5.5.1 Error: RCPT after BDAT",
        "503 5.5.1 Error: DATA after BDAT",
        "503 5.5.1 Error: nested MAIL command",
        "551 5.7.1 Null BDAT request",
    ]


def test_a_chunk_over_the_limit_is_refused_by_its_announcement(talk) -> None:
    session = talk(message_bytes=100)
    assert session(*TO_BOB, b"BDAT 60\r\n" + b"x" * 58 + b"\r\n", b"BDAT 41 LAST\r\n" + b"y" * 41)[
        2:
    ] == [
        "250 2.0.0 Ok: 60 bytes",
        "552 5.3.4 Chunk exceeds message size limit",
    ]
    assert session.effects.count(AbandonMessage()) == 1


def test_a_message_over_the_limit_is_refused_at_its_end(talk) -> None:
    session = talk(message_bytes=100)
    assert session(*TO_BOB, b"BDAT 99\r\n" + b"x" * 99, b"BDAT 2 LAST\r\nyy", "MAIL FROM:<>")[
        3:
    ] == [
        "552 5.3.4 Error: message file too big",
        "250 2.1.0 Ok",
    ]
    assert session.effects.count(AbandonMessage()) == 1


def test_a_reset_abandons_the_message(talk) -> None:
    session = talk()
    session(*TO_BOB, b"BDAT 1\r\na", "RSET")
    assert session.effects.count(AbandonMessage()) == 1
