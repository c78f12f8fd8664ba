"""Lines as Exim 4.96 wrote them (and older forms), with what hostile clients put into them."""

from __future__ import annotations

import time

import pytest

from honeypost.beside.logs.exim import from_exim
from honeypost.engine.logevents import Kind, LogEvent, Outcome

OURS = "[127.0.0.21]:58271 I=[192.0.2.25]"


def exim(text: str) -> LogEvent | None:
    return from_exim(b"exim", text.encode())


def login(outcome: Outcome, service: str = "smtp", name: bytes = b"", note: str = "") -> LogEvent:
    return LogEvent(Kind.LOGIN, outcome, "127.0.0.21", service, name, note=note)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            (
                f"[1] plain_server authenticator failed for (good.test) {OURS}:587: 535 Incorrect"
                " authentication data (set_id=admin@example.org)"
            ),
            login(Outcome.REFUSED, "submission", b"admin@example.org"),
        ),
        (
            (
                "login authenticator failed for h.example.net ([192.168.2.33]) [127.0.0.21]: 535"
                " Incorrect authentication data"
            ),
            login(Outcome.REFUSED),
        ),
        (
            (
                f"dovecot_login authenticator failed for (User) {OURS}:465 Ci=30416: 535 Incorrect"
                " authentication data (set_id=a b)"
            ),
            login(Outcome.REFUSED, "submissions", b"a b"),
        ),
        (
            (
                f"login_server authenticator failed for (x) {OURS}:25: 435 Unable to authenticate at"
                " present (set_id=bob): no socket"
            ),
            login(
                Outcome.NO_ANSWER,
                note="no answer: Unable to authenticate at present (set_id=bob): no socket",
            ),
        ),
        (
            (
                f'SMTP protocol error in "AUTH CRAM-MD5" H=(x) {OURS}:25 CRAM-MD5 authentication'
                " mechanism not supported"
            ),
            login(Outcome.NO_ANSWER, note="AUTH was not offered"),
        ),
        (
            (
                f"[9] 1xVaqW-0003sH-1P <= alice@example.org H=(a.test) {OURS}:587 P=esmtpsa"
                ' X=TLS1.3:TLS_AES_256_GCM_SHA384:256 CV=no DN="/CN=x" A=plain_server:alice S=231'
            ),
            login(Outcome.ACCEPTED, "submission", b"alice"),
        ),
        (
            f"1sHnkd-00000000abc-1234 <= <> H=a.test {OURS}:465 P=esmtpa A=x:bob S=1",
            login(Outcome.ACCEPTED, "submissions", b"bob"),
        ),
    ],
)
def test_logins(text: str, expected: LogEvent) -> None:
    assert exim(text) == expected


@pytest.mark.parametrize(
    ("rest", "outcome", "name"),
    [
        ("F=<c@x.test> rejected RCPT <no@example.org>: Unrouteable address", Outcome.UNKNOWN, b"no@example.org"),
        ('F=<> rejected RCPT <no@example.org>: "No Such User Here"', Outcome.UNKNOWN, b"no@example.org"),
        ("F=c@x.test rejected RCPT o@far.test: relay not permitted", Outcome.RELAY_DENIED, b"o@far.test"),
        (
            "X=TLS1.2:A:256 CV=no SNI=x.test F=<a@b> rejected RCPT <no@example.org>: unknown user",
            Outcome.UNKNOWN,
            b"no@example.org",
        ),
    ],
)  # fmt: skip
def test_recipients(rest: str, outcome: Outcome, name: bytes) -> None:
    event = exim(f"H=h.example.net (x.test) {OURS}:25 {rest}")
    assert event == LogEvent(Kind.RECIPIENT, outcome, "127.0.0.21", "smtp", name)


@pytest.mark.parametrize(
    ("text", "outcome", "note"),
    [
        ("H=(x) {} F=<a@b> rejected RCPT <c@d>: in a list", Outcome.REJECTED, "rejected RCPT <c@d>: in a list"),
        ("H=(x) {} F=<a@b> temporarily rejected RCPT <c@d>: later", Outcome.REJECTED, "temporarily rejected RCPT <c@d>: later"),
        ("H=(x) {} sender verify fail for <a@b>: Unknown user", Outcome.REJECTED, "sender verify fail for <a@b>: Unknown user"),
        ("H={} dropped by 'connect' ACL: no", Outcome.REJECTED, "dropped by 'connect' ACL: no"),
        ("F=a@b.test H=x.test {} P=smtp rejected by local_scan(): no", Outcome.REJECTED, "rejected by local_scan(): no"),
        ('H=(x) {} F=<"q> rejected RCPT <b@x>: Unrouteable address"@x> rejected RCPT <c@d>: no', Outcome.REJECTED, ""),
        ('H=(x) {} F=<c@x> rejected RCPT <"a> b: Unrouteable address"@d>: Unrouteable address', Outcome.REJECTED, 'rejected RCPT <"a> b: Unrouteable address"@d>: Unrouteable address'),
        ("rejected EHLO from {}: syntactically invalid argument(s): x y", Outcome.REJECTED, "EHLO"),
        ("SMTP connection from {} (TCP/IP connection count = 1)", Outcome.OPENED, ""),
        ("1akDqs-0005aQ-9b SMTP connection from (x) {} closed by DROP in ACL", Outcome.REJECTED, ""),
        ("SMTP connection from (x) {} closed by QUIT", Outcome.CLOSED, ""),
        ("SMTP connection from {} lost (error: Connection reset by peer) D=0s", Outcome.LOST, ""),
        ("no MAIL in SMTP connection from (x) {} D=0s C=EHLO,AUTH,QUIT", Outcome.CLOSED, ""),
        ('SMTP call from {} dropped: too many nonmail commands (last was "NOOP")', Outcome.TOO_MANY_ERRORS, "too many nonmail commands"),
        ("Connection from {} refused: too many connections from that IP address", Outcome.TOO_FAST, "too many connections"),
        ("unexpected disconnection while reading SMTP command from (x) {} D=1s", Outcome.LOST, ""),
        ("SMTP command timeout on connection from (x) {}", Outcome.LOST, ""),
        ("TLS error on connection from {} (SSL_accept): timed out", Outcome.LOST, ""),
        ('SMTP syntax error in "GET / HTTP/1.1" H={} unrecognized command', Outcome.NOT_SMTP, ""),
        ('SMTP protocol synchronization error (next input): rejected "RSET" H=x.test {} next input="QUIT"', Outcome.IMPATIENT, ""),
        ('SMTP protocol synchronization error (input sent): rejected connection from H={} input="GET"', Outcome.IMPATIENT, ""),
        ("no host name found for IP address 127.0.0.21", Outcome.NO_NAME, ""),
        ("no IP address found for host x.test (during SMTP connection from {})", Outcome.NO_NAME, ""),
        ("1VxHWD-000NuW-83 SA: Action: tossed: x. From <a@b> (host=NULL [127.0.0.21]) for me@my.test", Outcome.REJECTED, ""),
    ],
)  # fmt: skip
def test_sessions(text: str, outcome: Outcome, note: str) -> None:
    expected = LogEvent(Kind.SESSION, outcome, "127.0.0.21", "smtp", note=note)
    assert exim(text.format(OURS + ":25")) == expected


FORGED = "[203.0.113.66]: 535 Incorrect authentication data (set_id=victim"


@pytest.mark.parametrize(
    ("text", "client"),
    [
        (f"x authenticator failed for (y) {OURS}:25: 535 Incorrect authentication data (set_id=a) {FORGED})", "127.0.0.21"),
        (f"rejected EHLO from {OURS}:25: syntactically invalid argument(s): x) {FORGED}", "127.0.0.21"),
        (f'SMTP protocol error in "AUTH LOGIN" H=(y) [203.0.113.66] AUTH command used when not advertised" H={OURS}:25 AUTH command used when not advertised', "127.0.0.21"),
        (f'SMTP protocol error in "AUTH X" H=(y) [203.0.113.66] X authentication mechanism not supported" H={OURS}:25 X authentication mechanism not supported', "127.0.0.21"),
        (f'SMTP protocol synchronization error (x): rejected "HELO x" H=(y) [203.0.113.66] next input="z" H={OURS}:25 next input="N"', ""),
        (f'SMTP protocol synchronization error (x): rejected "RSET" H={OURS}:25 next input="Q" H=(y) [203.0.113.66] next input="z"', ""),
        ("SA: Action: x | Message-Id: (host=a [203.0.113.66]) for b). From <> (host=NULL [127.0.0.21]) for c", ""),
        (f"H=(x) {OURS}:25 F=<a@b> rejected RCPT <c@d>: H=(y) [203.0.113.66] said no", "127.0.0.21"),
    ],
)  # fmt: skip
def test_what_a_client_typed_names_nobody_else(text: str, client: str) -> None:
    event = exim(text)
    assert event is not None
    assert event.client == client


@pytest.mark.parametrize(
    "text",
    [
        "",
        "exim 4.96 daemon started: pid=1, listening for SMTP on [127.0.0.1]:25",
        f'1xVaqW-0003sJ-2o <= "a H=z [203.0.113.66] P=esmtpsa A=p:bob S=1"@x.test H=(x) {OURS}:25 P=esmtp S=285',
        f"1xVaqW-0003sJ-2o <= a@b H=(x) {OURS}:25 P=esmtps SNI=y A=p:bob S=285",
        f"1xVaqW-0003sJ-2o <= a@b H=(x) {OURS}:25 P=esmtpsa SNI=y A=p:bob A=p:alice S=285",
        f"1xVaqW-0003sJ-2o <= a@b H=(x) {OURS}:25 P=esmtp S=285 T=x A=p:bob S=1",
        f"SMTP connection from (x) y) {OURS}:25 closed by QUIT",
        f"H=(x) {OURS}:25 Warning: something",
        "SMTP protocol synchronization error (x): rejected nothing",
        "unqualified verify rejected: <bob> H=[127.0.0.21]:40165",
    ],
)  # fmt: skip
def test_lines_that_tell_nothing(text: str) -> None:
    assert exim(text) is None


def test_a_hostile_line_takes_linear_time() -> None:
    """A million characters are looked at in well under a second; 10 s would be quadratic."""
    begun = time.process_time()
    starts = ("", "H=(x) [::1] ", "SA: Action: ", 'SMTP protocol error in "AUTH ', "<= ")
    for piece in (" H=(y) [::1]", "(x) [::1]:1", " (host=a [::1]) for", ' F=<"', " DN="):
        for start in starts:
            exim(start + piece * (1_000_000 // len(piece)))
    assert time.process_time() - begun < 10
