"""Handing a mail in: taken, refused, in doubt; and what the mail looks like."""

from __future__ import annotations

import contextlib
import email
import socket
import threading
from collections.abc import Iterator
from email import policy

import pytest

from honeypost.config.endpoints import Endpoint
from honeypost.engine.alert_mail import Answer, Mail, Reply
from honeypost.outbound.local_mail import AGAIN, Addresses, hand_in, written

NOON = 1_772_366_400.0
MAIL = Mail("0" * 32, NOON, ("budget",), "[honeypost] h: a budget", "Text.\n.\nFrom here\n")
ADDRESSES = Addresses("mail.example.org", ("root", "ann@example.org"))
HANG_UP = b""
"""Instead of an answer."""


class Peer:
    """A mail server that follows a script: one answer for each line that is not message text."""

    def __init__(self, family: int, answers: dict[str, bytes]) -> None:
        self._answers = answers
        self._socket = socket.socket(family)
        self._socket.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0))
        self._socket.listen()
        host, port = self._socket.getsockname()[:2]
        self.place = Endpoint(host, port)
        self.heard: list[str] = []
        self.message = b""
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        client, _ = self._socket.accept()
        with client, client.makefile("rb") as lines, contextlib.suppress(OSError):
            going = self._answer(client, "CONNECT")
            while going and (raw := lines.readline()):
                line = raw.decode().strip()
                self.heard.append(line)
                going = self._answer(client, line)
                if line == "data" and going and "data" not in self._answers:
                    while (part := lines.readline()) not in (b".\r\n", b""):
                        self.message += part
                    going = self._answer(client, ".")

    def _answer(self, client: socket.socket, line: str) -> bool:
        usual = {"CONNECT": b"220 h ESMTP", "data": b"354 go on"}
        word = line if line in self._answers else line.split(" ", maxsplit=1)[0]
        answer = self._answers.get(word, usual.get(word, b"250 2.0.0 Ok"))
        if answer:
            client.sendall(answer + b"\r\n")
        return bool(answer)


@contextlib.contextmanager
def peer(family: int = socket.AF_INET, /, **answers: bytes) -> Iterator[Peer]:
    words = {"final": ".", "root": "rcpt TO:<root>", "ann": "rcpt TO:<ann@example.org>"}
    made = Peer(family, {words.get(name, name): answer for name, answer in answers.items()})
    try:
        yield made
    finally:
        made.close()


def sent(made: Peer, addresses: Addresses = ADDRESSES) -> Answer:
    return hand_in(made.place, written(MAIL, addresses), addresses, seconds=5)


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_taken(family: int) -> None:
    with peer(family) as made:
        assert sent(made) == Answer(Reply.TAKEN)
    literal = "[IPv6:::1]" if family == socket.AF_INET6 else "[127.0.0.1]"
    assert made.heard == [
        f"ehlo {literal}", "mail FROM:<>", "rcpt TO:<root>", "rcpt TO:<ann@example.org>", "data", "quit",
    ]  # fmt: skip
    # Its lines are quoted where SMTP asks for it, and nothing else is changed.
    assert made.message == written(MAIL, ADDRESSES).replace(b"\r\n.\r\n", b"\r\n..\r\n")


def test_what_is_refused_is_told_and_the_rest_is_taken() -> None:
    with peer(root=b"550 5.1.1 <root>: unknown\x1b[2J") as made:
        assert sent(made) == Answer(Reply.TAKEN, "root: 550 5.1.1 \\x3croot\\x3e: unknown\\x1b[2J")


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"CONNECT": b"554 5.7.1 no"}, "554 5.7.1 no"),
        ({"ehlo": b"502 no", "helo": b"502 never"}, "502 never"),
        ({"mail": b"450 4.1.8 no"}, "450 4.1.8 no"),
        ({"rcpt": b"550 no"}, "root: 550 no; ann@example.org: 550 no"),
        ({"data": b"451 4.3.0 no"}, "451 4.3.0 no"),
        ({"final": b"452 4.3.1 full"}, "452 4.3.1 full"),
        ({"mail": HANG_UP}, "Connection unexpectedly closed"),
    ],
)
def test_refused_for_sure(answers: dict[str, bytes], said: str) -> None:
    with peer(**answers) as made:
        answer = sent(made)
    assert (answer.reply, answer.said) == (Reply.REFUSED, said)


@pytest.mark.parametrize("answers", [{"final": HANG_UP}, {"data": HANG_UP}, {"final": b"nonsense"}])
def test_a_connection_that_breaks_behind_data_leaves_a_doubt(answers: dict[str, bytes]) -> None:
    with peer(**answers) as made:
        assert sent(made).reply is Reply.DOUBT


def test_a_broken_end_after_the_answer_is_no_doubt() -> None:
    with peer(quit=HANG_UP) as made:
        assert sent(made).reply is Reply.TAKEN


def test_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        place = Endpoint("127.0.0.1", free.getsockname()[1])
        assert hand_in(place, b"", ADDRESSES) == Answer(Reply.REFUSED, "Connection refused")


def test_who_does_not_answer_is_not_waited_for() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        place = Endpoint("127.0.0.1", silent.getsockname()[1])
        assert hand_in(place, b"", ADDRESSES, seconds=0.05).reply is Reply.REFUSED


def test_the_message_is_plain_and_marked_as_automatic() -> None:
    message = email.message_from_bytes(written(MAIL, ADDRESSES), policy=policy.SMTP)
    assert message["From"] == "Honeypost <root>"
    assert message["To"] == "root, ann@example.org"
    assert message["Subject"] == MAIL.subject
    assert message["Message-ID"] == f"<{MAIL.id}@mail.example.org>"
    assert message["Date"] == "Sun, 01 Mar 2026 12:00:00 +0000"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content_type() == "text/plain"
    assert message.get_content() == MAIL.text.replace("\n", "\r\n")
    named = Addresses("h", ("root",), "honeypost@example.org")
    assert b"From: Honeypost <honeypost@example.org>\r\n" in written(MAIL, named)


def test_a_mail_in_doubt_says_so_under_the_same_id() -> None:
    doubtful = MAIL.attempted().answered(Answer(Reply.DOUBT), NOON)
    first, second = (
        email.message_from_bytes(written(each, ADDRESSES)) for each in (MAIL, doubtful)
    )
    assert first["Message-ID"] == second["Message-ID"]
    assert AGAIN.split("\n", maxsplit=1)[0] in second.get_payload()
    assert AGAIN.split("\n", maxsplit=1)[0] not in first.get_payload()


def test_no_header_can_be_smuggled_in() -> None:
    evil = Mail("0" * 32, NOON, (), "x\r\nBcc: eve@example.net", "")
    with pytest.raises(ValueError, match="linefeed"):
        written(evil, ADDRESSES)
