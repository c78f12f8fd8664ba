from __future__ import annotations

import socket

import pytest

from honeypost.beside.attach.failure import AttachFailed
from honeypost.beside.attach.trial.smtp_client import SmtpClient
from honeypost.beside.attach.trial.stubs import (
    Lookup,
    Mood,
    Policy,
    Served,
    Sink,
    at,
    free_ports,
    on_loopback,
)

REQUEST = b"POST / HTTP/1.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\na=b"


def ask(served_at, request):
    with socket.create_connection(served_at, 5) as client:
        client.sendall(request)
        client.settimeout(0.3)
        said = b""
        try:
            while more := client.recv(4096):
                said += more
        except TimeoutError:
            return said + b" (open)"
        return said


def test_the_lookup_answers_by_its_mood():
    listening = on_loopback()
    where = listening.getsockname()
    lookup = Lookup(listening, lambda form: "user=x" if form == b"a=b" else "")
    said = ask(where, REQUEST)
    assert b"100 Continue" in said
    assert b"Content-Length: 6\r\n\r\nuser=x" in said
    assert b"204" in ask(where, REQUEST.replace(b"a=b", b"c=d"))
    lookup.mood = Mood.HUNG
    assert ask(where, REQUEST) == b" (open)"
    lookup.mood = Mood.GARBAGE
    assert b"garbage" in ask(where, REQUEST)
    assert lookup.asked == 4
    lookup.close()
    with pytest.raises(OSError, match="refused"):
        ask(where, REQUEST)


def test_the_sink_keeps_what_it_is_given(tmp_path):
    sink = Sink(at(tmp_path / "s"))
    client = socket.socket(socket.AF_UNIX)
    client.connect(str(tmp_path / "s"))
    stream = client.makefile("rwb", buffering=0)
    assert stream.readline().startswith(b"220")
    stream.write(b"LHLO x\r\n")
    while stream.readline()[3:4] == b"-":
        pass
    for line in (b"MAIL FROM:<a>", b"RCPT TO:<b>", b"RCPT TO:<c>"):
        stream.write(line + b"\r\n")
        assert stream.readline().startswith(b"250")
    stream.write(b"DATA\r\n")
    assert stream.readline().startswith(b"354")
    stream.write(b"X-A: b\r\n.\r\n")
    assert [stream.readline()[:3], stream.readline()[:3]] == [b"250", b"250"]
    assert sink.messages == [b"X-A: b\r\n"]
    stream.close()
    client.close()
    sink.close()
    assert not (tmp_path / "s").exists()


def test_the_policy_has_no_objection(tmp_path):
    Policy(at(tmp_path / "p"))
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(tmp_path / "p"))
        client.sendall(b"request=smtpd_access_policy\n\n")
        assert client.recv(100) == b"action=DUNNO\n\n"


class Script(Served):
    """An SMTP server that says what it was told to, one reply a line."""

    def __init__(self, listening, *replies):
        self.heard, self._replies = [], list(replies)
        super().__init__(listening)

    def serve(self, connection):
        stream = connection.makefile("rb")
        for reply in self._replies:
            connection.sendall(reply + b"\r\n")
            self.heard.append(stream.readline())


def client_of(*replies):
    listening = on_loopback()
    script = Script(listening, *replies)
    return script, SmtpClient(*listening.getsockname())


def test_a_session_that_goes_well():
    replies = (
        b"220 hi",
        b"250-x\r\n250 DSN",
        b"235 in",
        b"250 a",
        b"250 b",
        b"354 go",
        b"250 done",
    )
    script, client = client_of(*replies)
    with client:
        assert "DSN" in client.greet()
        client.log_in("a", "b")
        assert "done" in client.send("a@b", ["c@d"], "text", notify=True)
    assert b"RCPT TO:<c@d> NOTIFY=SUCCESS,FAILURE,DELAY\r\n" in script.heard


def test_what_is_not_expected_is_told_without_the_password():
    _, client = client_of(b"220 hi", b"250 x", b"535 no")
    with client:
        client.greet()
        with pytest.raises(AttachFailed, match=r"says '535 no' to 'AUTH PLAIN'$"):
            client.log_in("a", "b")


def test_no_server_and_a_server_that_hangs_up_are_told():
    (port,) = free_ports(1)
    with pytest.raises(AttachFailed, match="no SMTP session"):
        SmtpClient("127.0.0.1", port)
    _, client = client_of()
    with client, pytest.raises(AttachFailed):
        client.greet()
