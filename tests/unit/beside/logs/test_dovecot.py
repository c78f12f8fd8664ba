"""Lines of Dovecot's login and auth processes, and names that try to speak for others."""

from __future__ import annotations

import time

import pytest

from honeypost.beside.logs.dovecot import from_dovecot
from honeypost.engine.logevents import Kind, LogEvent, Outcome

REFUSED = Outcome.REFUSED


def front(client: str, service: str, name: bytes, tries: int = 1, note: str = "") -> LogEvent:
    return LogEvent(Kind.LOGIN, REFUSED, client, service, name, tries, note=note)


def behind(client: str, name: bytes, note: str) -> LogEvent:
    return LogEvent(Kind.LOGIN, REFUSED, client, "", name, behind=True, note=note)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            (
                b"imap-login: Info: Disconnected: Connection closed (auth failed, 3 attempts in 6 secs):"
                b" user=<bob@example.org>, method=LOGIN, rip=2001:db8::1, lip=::1, secured,"
                b" session=<OAOxNvNgDKh/AAAB>"
            ),
            front("2001:db8::1", "imap", b"bob@example.org", 3),
        ),
        (
            (
                b"pop3-login: Disconnected (auth failed, 1 attempts in 2 secs): user=<root>,"
                b" method=PLAIN, rip=192.0.2.1, lip=192.0.2.2"
            ),
            front("192.0.2.1", "pop3", b"root"),
        ),
        (
            (
                b"managesieve-login: Login aborted: Logged out (auth failed, 1 attempts in 10 secs)"
                b" (auth_failed): user=<a>, method=PLAIN, rip=192.0.2.1, lip=192.0.2.2"
            ),
            front("192.0.2.1", "sieve", b"a"),
        ),
        (
            b"imap-login: Disconnected (proxy dest auth failed): user=<a>, rip=192.0.2.1, lip=::1",
            front("192.0.2.1", "imap", b"a"),
        ),
        (
            b"imap-login: Disconnected (auth failed, 2 attempts): method=PLAIN, rip=192.0.2.1",
            front("192.0.2.1", "imap", b"", 2),
        ),
        (
            (
                b"pop3-login: Aborted login (tried to use disabled plaintext auth): rip=192.0.2.1,"
                b" lip=192.0.2.2"
            ),
            front("192.0.2.1", "pop3", b"", note="password offered without TLS"),
        ),
        (
            (
                b"imap-login: Info: Login: user=<bob>, method=PLAIN, rip=127.0.0.1, lip=127.0.0.1,"
                b" mpid=10012, secured"
            ),
            LogEvent(Kind.LOGIN, Outcome.ACCEPTED, "127.0.0.1", "imap", b"bob"),
        ),
        (
            (
                b"pop3-login: Disconnected: Inactivity (no auth attempts in 0 secs): user=<>,"
                b" rip=127.0.0.1, lip=127.0.0.1"
            ),
            LogEvent(
                Kind.SESSION,
                Outcome.CLOSED,
                "127.0.0.1",
                "pop3",
                note="Disconnected: Inactivity (no auth attempts in 0 secs)",
            ),
        ),
        (
            b"auth: Info: passwd-file(admin@example.org,127.0.0.9): unknown user",
            behind("127.0.0.9", b"admin@example.org", "unknown user"),
        ),
        (
            (
                b"auth-worker(24058): pam(toto,2001:db8::9,<youpi>): pam_authenticate() failed:"
                b" Authentication failure (password mismatch?)"
            ),
            behind("2001:db8::9", b"toto", "pam_authenticate() failed: authentication failure"),
        ),
        (
            (
                b"auth-worker(64): Info: conn unix:auth-worker (pid=1,uid=109): auth-worker<4>:"
                b" sql(contact,192.0.2.1): unknown user"
            ),
            behind("192.0.2.1", b"contact", "unknown user"),
        ),
        (
            (
                b"auth(bob@example.org,192.0.2.5,sasl:plain)<CvN+E9>: Info: passwd-file: Password"
                b" mismatch (given password: XxX)"
            ),
            behind("192.0.2.5", b"bob@example.org", "password mismatch"),
        ),
        (
            (
                b"auth: pam_unix(dovecot:auth): authentication failure; logname= uid=0 euid=0"
                b" tty=dovecot ruser=root rhost=192.0.2.5  user=root"
            ),
            behind("192.0.2.5", b"root", "pam_unix"),
        ),
    ],
)
def test_lines(text: bytes, expected: LogEvent) -> None:
    assert from_dovecot(b"dovecot", text) == expected
    assert from_dovecot(b"", text) == expected


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (
            (
                b"imap-login: Disconnected (auth failed, 1 attempts in 2 secs): user=<a>, method=PLAIN,"
                b" rip=203.0.113.66, lip=x>, method=PLAIN, rip=192.0.2.1, lip=192.0.2.2"
            ),
            b"a>, method=PLAIN, rip=203.0.113.66, lip=x",
        ),
        (
            b"auth: passwd-file(a,203.0.113.66): unknown user,192.0.2.1,<s>): Password mismatch",
            b"a,203.0.113.66): unknown user",
        ),
        (
            (
                b"auth: pam_unix(dovecot:auth): authentication failure; logname= uid=0 euid=0"
                b" tty=dovecot ruser=x rhost=203.0.113.66  user=root rhost=192.0.2.1"
            ),
            b"x rhost=203.0.113.66  user=root",
        ),
        (
            (
                b"auth(default): pam(x,203.0.113.66): unknown user,192.0.2.1,sasl:plain)<s>: Info: sql:"
                b" unknown user"
            ),
            b"default): pam(x,203.0.113.66): unknown user",
        ),
    ],
)
def test_a_name_cannot_accuse_a_bystander(text: bytes, name: bytes) -> None:
    event = from_dovecot(b"dovecot", text)
    assert event is not None
    assert event.client == "192.0.2.1"
    if event.name.startswith(b"a>") or event.behind:
        assert event.name == name


def test_a_login_line_names_its_user_whole() -> None:
    text = b"imap-login: Login: user=<a>b>, method=PLAIN, rip=192.0.2.1, lip=192.0.2.2"
    event = from_dovecot(b"dovecot", text)
    assert event is not None
    assert event.name == b"a>b"


def test_a_logged_password_that_looks_like_a_line_leaves_the_address_open() -> None:
    text = (
        b"auth: passwd-file(a,192.0.2.1): Password mismatch (given password: "
        b"x,203.0.113.66): unknown user)"
    )
    event = from_dovecot(b"dovecot", text)
    assert event == behind("", b"", "the line can be read in two ways")


@pytest.mark.parametrize(
    ("program", "text"),
    [
        (b"sshd", b"imap-login: Login: user=<bob>, method=PLAIN, rip=127.0.0.1"),
        (b"dovecot", b"imap-login: Disconnected: a: a: test no match"),
        (b"dovecot", b"imap-login: Error: read failed: user=<>, rip=127.0.0.1, lip=::1"),
        (b"dovecot", b"imap(bob): Info: Logged out in=10 out=100"),
        (b"dovecot", b"auth: Debug: auth client connected (pid=1)"),
        (b"dovecot", b"auth: Info: passwd-file(bob,127.0.0.1): something else"),
        (b"dovecot", b"auth: pam_unix(dovecot:auth): authentication failure; x ruser=a rhost="),
        (b"dovecot", b""),
    ],
)
def test_lines_that_tell_nothing(program: bytes, text: bytes) -> None:
    assert from_dovecot(program, text) is None


@pytest.mark.parametrize("program", [b"imap-login", b"auth", b"dovecot-auth", b"auth-worker"])
def test_programs_that_log_under_their_own_name(program: bytes) -> None:
    text = {
        b"imap-login": b"Info: Login: user=<bob>, method=PLAIN, rip=127.0.0.1",
        b"auth-worker": b"Info: pam(bob,127.0.0.1): unknown user",
    }.get(program, b"pam_unix(dovecot:auth): authentication failure; l= ruser=bob rhost=127.0.0.1")
    event = from_dovecot(program, text)
    assert event is not None
    assert (event.client, event.name) == ("127.0.0.1", b"bob")


def test_a_hostile_line_takes_linear_time() -> None:
    """A million characters are looked at in well under a second; 10 s would be quadratic."""
    begun = time.process_time()
    for hostile in (b", rip=1" * 150_000, b"(auth failed, " * 70_000, b",1.1.1.1): " * 90_000):
        from_dovecot(b"dovecot", b"imap-login: Disconnected: " + hostile)
        from_dovecot(b"dovecot", b"auth: passwd-file(" + hostile)
        from_dovecot(b"dovecot", b"auth(" + hostile)
        from_dovecot(
            b"dovecot", b"auth: pam_unix(dovecot:auth): authentication failure; " + hostile
        )
    assert time.process_time() - begun < 10
