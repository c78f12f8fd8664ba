"""DATA only after a recipient, and only bare."""

from __future__ import annotations

TO_BOB = ("MAIL FROM:<>", "RCPT TO:<bob@example.org>")


def test_out_of_order(talk) -> None:
    session = talk()
    assert session(
        "DATA x", "MAIL FROM:<>", "DATA", "RCPT TO:<bob@example.org>", "DATA x", "DATA"
    ) == [
        "503 5.5.1 Error: need RCPT command",
        "250 2.1.0 Ok",
        "554 5.5.1 Error: no valid recipients",
        "250 2.1.5 Ok",
        "501 5.5.4 Syntax: DATA",
        "354 End data with <CR><LF>.<CR><LF>",
    ]


def test_two_messages_in_one_session(talk) -> None:
    session = talk()
    said = session(
        b"MAIL FROM:<>\r\nRCPT TO:<bob@example.org>\r\nDATA\r\none\r\n.\r\nNOOP\r\n",
        *TO_BOB,
        "DATA",
        "..two",
        ".",
        "QUIT",
    )
    assert [line[:3] for line in said] == [
        "250",
        "250",
        "354",
        "250",
        "250",
        "250",
        "250",
        "354",
        "250",
        "221",
    ]
    assert session.spooled == b"one\r\n.two\r\n"


def test_commands_within_a_message_are_text(talk) -> None:
    session = talk()
    assert session(*TO_BOB, "DATA", "QUIT", "RSET", "GET / HTTP/1.0")[3:] == []
    assert session.spooled == b"QUIT\r\nRSET\r\nGET / HTTP/1.0\r\n"
