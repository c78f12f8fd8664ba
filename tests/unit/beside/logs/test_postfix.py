"""Lines of smtpd and postscreen; most of them as Postfix 3.7.11 wrote them."""

from __future__ import annotations

import pytest

from honeypost.beside.logs.postfix import from_postfix, service_of
from honeypost.engine.logevents import Kind, LogEvent, Outcome

SMTPD = b"postfix/smtpd"
SUBMISSION = b"pf/submission/smtpd"


def login(outcome: Outcome, client: str, name: bytes = b"", note: str = "") -> LogEvent:
    return LogEvent(Kind.LOGIN, outcome, client, "submission", name, note=note)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            (
                b"warning: unknown[127.0.0.9]: SASL PLAIN authentication failed: (reason unavailable),"
                b" sasl_username=admin@example.org"
            ),
            login(Outcome.REFUSED, "127.0.0.9", b"admin@example.org"),
        ),
        (
            b"warning: unknown[2001:db8::7]: SASL LOGIN authentication failed: UGFzc3dvcmQ6",
            login(Outcome.REFUSED, "2001:db8::7"),
        ),
        (
            b"warning: unknown[192.0.2.237]:55729: SASL LOGIN authentication failed: no",
            login(Outcome.REFUSED, "192.0.2.237"),
        ),
        (
            (
                b"warning: unknown[127.0.0.12]: SASL PLAIN authentication failed: (reason unavailable),"
                b" sasl_username=(unavailable)"
            ),
            login(Outcome.NO_ANSWER, "127.0.0.12", note="no answer: (reason unavailable)"),
        ),
        (
            (
                b"warning: unknown[127.0.0.1]: SASL LOGIN authentication failed: Connection lost to"
                b" authentication server, sasl_username=bob"
            ),
            login(
                Outcome.NO_ANSWER,
                "127.0.0.1",
                b"bob",
                "no answer: Connection lost to authentication server",
            ),
        ),
        (
            (
                b"C73A122C8EA: client=unknown[127.0.0.1], sasl_method=PLAIN,"
                b" sasl_username=alice@example.org"
            ),
            login(Outcome.ACCEPTED, "127.0.0.1", b"alice@example.org"),
        ),
        (
            (
                b"4c91b044zz: client=a.test[192.0.2.1]:99, sasl_method=LOGIN, sasl_username=bob,"
                b" sasl_sender=eve"
            ),
            login(Outcome.ACCEPTED, "192.0.2.1", b"bob"),
        ),
    ],
)
def test_logins(text: bytes, expected: LogEvent) -> None:
    assert from_postfix(SUBMISSION, text) == expected


def test_the_login_of_a_bystander_in_a_login() -> None:
    text = (
        b"warning: unknown[192.0.2.1]: SASL PLAIN authentication failed: x, sasl_username=a, "
        b"warning: unknown[203.0.113.66]: SASL PLAIN authentication failed: y, sasl_username=b"
    )
    event = from_postfix(SMTPD, text)
    assert event is not None
    assert event.client == "192.0.2.1"
    assert event.name.startswith(b"a, warning")


def test_the_name_of_a_host_holds_no_bracket() -> None:
    text = b"warning: x[203.0.113.66]: y[192.0.2.1]: SASL PLAIN authentication failed: z"
    assert from_postfix(SMTPD, text) is None


@pytest.mark.parametrize(
    ("text", "outcome", "name"),
    [
        (
            (
                b"NOQUEUE: reject: RCPT from unknown[192.0.2.1]: 550 5.1.1 <no@example.org>: Recipient"
                b" address rejected: User unknown in virtual mailbox table; from=<a@x.test>"
                b" to=<no@example.org> proto=ESMTP helo=<vm>"
            ),
            Outcome.UNKNOWN,
            b"no@example.org",
        ),
        (
            (
                b"00ADB3C0899: reject: RCPT from x[192.0.2.1]:25: 550 5.1.1 <a>: b@example.org>:"
                b" Recipient address rejected: undeliverable address; from=<>"
            ),
            Outcome.UNKNOWN,
            b"a>: b@example.org",
        ),
        (
            (
                b"NOQUEUE: reject: RCPT from x[192.0.2.1]: 554 5.7.1 <o@far.test>: Relay access"
                b" denied; from=<a@x.test> to=<o@far.test> proto=SMTP helo=<x>"
            ),
            Outcome.RELAY_DENIED,
            b"o@far.test",
        ),
    ],
)
def test_recipients(text: bytes, outcome: Outcome, name: bytes) -> None:
    assert from_postfix(SMTPD, text) == LogEvent(Kind.RECIPIENT, outcome, "192.0.2.1", "smtp", name)


@pytest.mark.parametrize(
    "said",
    [
        b"<x: Relay access denied>: Helo command rejected: Host not found; proto=SMTP helo=<x>",
        b"<a: Recipient address rejected: User unknown@b>: Sender address rejected: no; from=<>",
        b'<"a>: Recipient address rejected: User unknown"@b>: Sender address rejected: no; from=<>',
        b"Client host rejected: no name, [192.0.2.1]; proto=SMTP helo=<>: Relay access denied>",
        b"Service unavailable; Client host [192.0.2.1] blocked using list.test; Relay access denied",
    ],
)
def test_a_name_cannot_change_why_it_was_refused(said: bytes) -> None:
    event = from_postfix(SMTPD, b"NOQUEUE: reject: RCPT from x[192.0.2.1]: 550 5.7.1 " + said)
    assert event is not None
    assert (event.kind, event.outcome, event.name) == (Kind.SESSION, Outcome.REJECTED, b"")
    assert event.client == "192.0.2.1"


def test_what_another_server_said_of_a_recipient_changes_nothing() -> None:
    text = (
        b"NOQUEUE: reject: RCPT from x[192.0.2.1]: 550 5.1.1 <a@example.org>: Recipient address"
        b" rejected: undeliverable address: host mx said: 550 <b@far.test>: Relay access denied"
    )
    event = from_postfix(SMTPD, text)
    assert event is not None
    assert (event.outcome, event.name) == (Outcome.UNKNOWN, b"a@example.org")


def test_a_sender_who_says_unknown_is_not_a_probe() -> None:
    text = (
        b"NOQUEUE: reject: RCPT from x[192.0.2.1]: 450 4.1.8 <a@b>: Sender address rejected: no;"
        b" from=<Recipient address rejected: User unknown@b> to=<c@d> proto=SMTP helo=<x>"
    )
    event = from_postfix(SMTPD, text)
    assert event is not None
    assert (event.kind, event.outcome) == (Kind.SESSION, Outcome.REJECTED)
    assert event.note == "RCPT: 450 4.1.8 <a@b>: Sender address rejected: no"


@pytest.mark.parametrize(
    ("text", "outcome", "note"),
    [
        (b"connect from unknown[127.0.0.1]", Outcome.OPENED, ""),
        (b"CONNECT from [127.0.0.1]:56115 to [127.0.0.1]:2528", Outcome.OPENED, ""),
        (
            b"disconnect from unknown[127.0.0.1] ehlo=1 auth=0/1 quit=1 commands=2/3",
            Outcome.CLOSED,
            "0 of 1 logins accepted",
        ),
        (b"disconnect from x[127.0.0.1] auth=2", Outcome.CLOSED, "2 of 2 logins accepted"),
        (b"disconnect from x[127.0.0.1] ehlo=1 quit=1 commands=2", Outcome.CLOSED, ""),
        (b"DISCONNECT [127.0.0.1]:56115", Outcome.CLOSED, ""),
        (b"lost connection after AUTH from unknown[127.0.0.1]", Outcome.LOST, "after AUTH"),
        (
            b"NOQUEUE: lost connection after CONNECT from x[127.0.0.1]",
            Outcome.LOST,
            "after CONNECT",
        ),
        (b"lost connection after DATA (5 bytes) from x[127.0.0.1]", Outcome.LOST, "after DATA"),
        (b"timeout after END-OF-MESSAGE from x[127.0.0.1]", Outcome.LOST, "after END-OF-MESSAGE"),
        (b"HANGUP after 0.3 from [127.0.0.1]:5 in tests after SMTP handshake", Outcome.LOST, ""),
        (b"too many errors after RCPT from x[127.0.0.1]", Outcome.TOO_MANY_ERRORS, "after RCPT"),
        (
            b"warning: non-SMTP command from unknown[127.0.0.1]: GET / HTTP/1.1",
            Outcome.NOT_SMTP,
            "",
        ),
        (b"NON-SMTP COMMAND from [127.0.0.1]:9 after CONNECT: GET", Outcome.NOT_SMTP, ""),
        (
            b"improper command pipelining after CONNECT from unknown[127.0.0.1]: EHLO x\\r\\nVRFY",
            Outcome.IMPATIENT,
            "after CONNECT",
        ),
        (b"PREGREET 8 after 0 from [127.0.0.1]:56115: EHLO x\\r\\n", Outcome.IMPATIENT, ""),
        (
            b"COMMAND PIPELINING from [127.0.0.1]:9 after EHLO: RSET",
            Outcome.IMPATIENT,
            "after EHLO",
        ),
        (
            b"warning: Connection concurrency limit exceeded: 4 from x[127.0.0.1] for service 2587",
            Outcome.TOO_FAST,
            "",
        ),
        (b"COMMAND TIME LIMIT from [127.0.0.1]:9 after CONNECT", Outcome.TOO_FAST, ""),
        (
            b"warning: hostname a.test does not resolve to address 127.0.0.1: Name not known",
            Outcome.NO_NAME,
            "",
        ),
        (b"warning: hostname a.test does not resolve to address 127.0.0.1", Outcome.NO_NAME, ""),
        # Postfix 3.10 names the message.
        (b"4cXyz12: lost connection after DATA from x[127.0.0.1]", Outcome.LOST, "after DATA"),
        (
            b"NOQUEUE: too many errors after AUTH from x[127.0.0.1]",
            Outcome.TOO_MANY_ERRORS,
            "after AUTH",
        ),
    ],
)
def test_sessions(text: bytes, outcome: Outcome, note: str) -> None:
    expected = LogEvent(Kind.SESSION, outcome, "127.0.0.1", "smtp", note=note)
    assert from_postfix(SMTPD, text) == expected


@pytest.mark.parametrize(
    "text",
    [
        b"warning: SASL: Connect to Dovecot auth socket '/run/x' failed: Connection refused",
        b"C73A122C8EA: client=unknown[127.0.0.1]",
        b"",
    ],
)
def test_lines_about_no_client(text: bytes) -> None:
    assert from_postfix(SMTPD, text) is None


def test_an_address_that_is_none_is_not_named() -> None:
    event = from_postfix(SMTPD, b"warning: x[192.0.2.999]: SASL PLAIN authentication failed: x")
    assert event is not None
    assert event.client == ""


@pytest.mark.parametrize(
    ("program", "service"),
    [
        (b"postfix/smtpd", "smtp"),
        (b"postfix-incoming/smtpd", "smtp"),
        (b"postfix/smtp-25/smtpd", "smtp"),
        (b"postfix/submission/smtpd", "submission"),
        (b"postfix/smtps/smtpd", "submissions"),
        (b"postfix/submissions/smtpd", "submissions"),
        (b"postfix/postscreen", "smtp"),
        (b"postfix/smtp", ""),
        (b"smtpd", ""),
        (b"sshd", ""),
        (b"", ""),
    ],
)
def test_services(program: bytes, service: str) -> None:
    assert service_of(program) == service
    assert (from_postfix(program, b"connect from unknown[::1]") is not None) == bool(service)
