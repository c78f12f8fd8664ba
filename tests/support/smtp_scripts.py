"""
What the parity tests say to both servers: name, service, script.

The numbers are those of the project's stealth battery: T01 to T21 and T35 to T41; names
without a number go further than it.
"""

from __future__ import annotations

from base64 import b64encode

from support.real_postfix import KNOWN, PASSWORD
from support.smtp_peers import TLS, Step, script


def b64(text: str | bytes) -> str:
    return b64encode(text.encode() if isinstance(text, str) else text).decode()


RIGHT = b64(f"\0{KNOWN}\0{PASSWORD}")
WRONG = b64(f"\0{KNOWN}\0wrong")
MISSING = b64("\0nobody@example.org\0wrong")
TO_KNOWN = ("MAIL FROM:<a@b.example>", f"RCPT TO:<{KNOWN}>")
GREET = ("EHLO client.example",)
STARTTLS = ("STARTTLS", TLS)
SAY_NO_MORE = Step(b"", 1)
"""Send nothing and wait: the idle limit speaks next."""


def _each(lines: str, *, before: tuple[str, ...] = (), verb: str = "") -> list[list[Step]]:
    """Cut ``|``-separated lines into scripts of at most seven, each line in a fresh state."""
    wanted = lines.split("|")
    made = []
    for start in range(0, len(wanted), 7):
        steps: list[str] = ["EHLO x"]
        for line in wanted[start : start + 7]:
            steps += [*before, verb + line, "RSET"]
        made.append(script(*steps))
    return made


ROLES = ("mx", "bare", "submission", "submission-plain", "submissions", "auth-after-tls", "no-tls")

SCRIPTS: list[tuple[str, str, list[Step]]] = [
    # T01 to T03, T05, T06, T14, T15: banner, greetings, their order and line ends
    *[
        (
            f"T01-T06-greetings-{role}",
            role,
            script("EHLO x", "HELO x", "HELO", "EHLO", "EHLO a b c", "EHLO again", "QUIT"),
        )
        for role in ROLES
    ],
    *[
        (f"T07-after-starttls-{role}", role, script("EHLO x", *STARTTLS, "EHLO x", "QUIT"))
        for role in ("mx", "bare", "submission", "submission-plain", "auth-after-tls")
    ],
    (
        "T07-enforced",
        "submission",
        script(
            "MAIL FROM:<a@b>", "AUTH PLAIN", "EHLO a", f"AUTH PLAIN {RIGHT}", "RCPT TO:<a@b>", "NOOP", "DATA"
        ),
    ),
    (
        "T07-enforced-others",
        "submission",
        script("VRFY x", "HELP", "BDAT 0 LAST", "XCLIENT", "XFORWARD", "ETRN x", "RSET", "QUIT x"),
    ),
    (
        "T08-starttls",
        "mx",
        script("STARTTLS foo", *STARTTLS, "STARTTLS foo", "STARTTLS", "EHLO x", "NOOP", "QUIT"),
    ),
    ("T08-starttls-not-offered", "no-tls", script("STARTTLS", "STARTTLS foo", "EHLO x", "QUIT")),
    (
        "T09-pipelined-behind-starttls",
        "mx",
        script(
            *GREET,
            *TO_KNOWN,
            Step(b"STARTTLS\r\nNOOP\r\nMAIL FROM:<q@q.example>\r\n", 1),
            TLS,
            "NOOP",
            f"RCPT TO:<{KNOWN}>",
            "DATA",
            "QUIT",
        ),
    ),
    (
        "T09-login-forgotten-by-starttls",
        "mx",
        script(*GREET, f"AUTH PLAIN {RIGHT}", *STARTTLS, "AUTH", "MAIL FROM:<a@b>", "RCPT TO:<z@z.example>"),
    ),
    ("T10-help", "mx", script("HELP", "HELP MAIL", "QUIT")),
    ("T11-unknown", "mx", script("FOO", "", "  ", "FOO BAR", "NOO P", "QUIT")),
    *[
        (f"T12-not-smtp-{number}", "mx", script(line, "NOOP"))
        for number, line in enumerate(
            (
                "GET / HTTP/1.0", "POST / HTTP/1.1", "CONNECT a:25", "get /", "HEAD /", "User-Agent: x", "Host:",
                "User-Agent : x", "foo:bar", ":", "SSH-2.0-x", "1", "*", "é", "MAIL: x", '"GET" /', "(x) NOOP", "\x16\x03\x01",
                "a b:", 'NOOP"x', "NO\\OP", "\\NOOP",
            )
        )
    ],
    ("T13-mail-before-helo", "mx", script(*TO_KNOWN, "DATA", ".", "QUIT")),
    (
        "T15-greeting-resets",
        "mx",
        script(*GREET, *TO_KNOWN, *GREET, "DATA", *TO_KNOWN, "HELO x", "DATA", *TO_KNOWN, "EHLO", "DATA", "."),
    ),
    (
        "T16-out-of-order",
        "mx",
        script("DATA", "RCPT TO:<a@b>", "RCPT", "MAIL", "DATA x", "RSET x", "RSET", "NOOP x y", "QUIT now"),
    ),
    (
        "T17-pipelined",
        "mx",
        script(
            *GREET,
            Step(b"MAIL FROM:<a@b.example>\r\nRCPT TO:<nobody@example.org>\r\nDATA\r\n", 3),
            Step(b"RSET\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<known@example.org>\r\nDATA\r\n", 4),
            Step(b"a\r\n.\r\nMAIL FROM:<>\r\nRCPT TO:<known@example.org>\r\nDATA\r\n", 4),
            Step(b"b\r\n.\r\nQUIT\r\n", 2),
        ),
    ),
    ("T18-nested", "mx", script("MAIL FROM:<a@b>", "MAIL FROM:<c@d>", "MAIL", f"RCPT TO:<{KNOWN}>", "MAIL FROM:<c@d>")),
    (
        "T19-size",
        "mx",
        script(
            *GREET, "MAIL FROM:<a@b> SIZE=99999999", "MAIL FROM:<a@b>", "MAIL FROM:<a@b> SIZE=10", "RSET",
            "MAIL FROM:<a@b> SIZE=99999999 FOO", "MAIL FROM:<a@b>", "EHLO x", "MAIL FROM:<a@b>", "QUIT",
        ),
    ),
    *[
        (f"T19-parameters-{number}", "hasty", steps)
        for number, steps in enumerate(
            _each(
                "SIZE=100|SIZE=3000|SIZE=|SIZE|SIZE=-1|SIZE=abc|SIZE=10x|SIZE=99999999999999999999|SIZE=0|SIZE=1 SIZE=2"
                "|BODY=8BITMIME|BODY=7BIT|BODY=9BIT|BODY=|BODY|body=8bitmime|BODY=BINARYMIME|FOO|FOO=BAR|RET=FULL|RET=HDRS"
                "|RET=X|RET=|RET=FULL RET=HDRS|ENVID=a|ENVID=|ENVID=+|ENVID=+4|ENVID=+41|ENVID=a ENVID=b|ENVID=a+b|AUTH=<>"
                "|AUTH=|AUTH=a|AUTH=a AUTH=b|SMTPUTF8|SMTPUTF8=x|SMTPUTF8 SMTPUTF8|XVERP|MT-PRIORITY=3|REQUIRETLS"
                "|NOTIFY=NEVER|BODY=7BIT BODY=8BITMIME|size=10  ret=full|BY=100;R|FOO=1 SIZE=9999",
                verb="MAIL FROM:<a@b> ",
            )
            + _each(
                "NOTIFY=NEVER|NOTIFY=SUCCESS,FAILURE,DELAY|NOTIFY=NEVER,SUCCESS|NOTIFY=X|NOTIFY=|NOTIFY=SUCCESS NOTIFY=DELAY"
                "|notify=success|NOTIFY=SUCCESS,SUCCESS|NOTIFY=SUCCESS,|ORCPT=rfc822;a@b|ORCPT=a@b|ORCPT=|ORCPT=rfc822;"
                "|ORCPT=rfc822;a+b|ORCPT=rfc822;a+40b|ORCPT=utf-8;a|ORCPT=;a|ORCPT=rfc822;a ORCPT=rfc822;b|FOO=BAR|SIZE=1|x y",
                before=("MAIL FROM:<s@t.example>",),
                verb=f"RCPT TO:<{KNOWN}> ",
            )
        )
    ],
    *[
        (f"addresses-{number}", "hasty", steps)
        for number, steps in enumerate(
            _each(
                "FROM: <a@b>|FROM:a@b|FROM:|FROM|FROM <a@b>|TO:<a@b>|FROM:<a@b|FROM:a@b>|FROM:<a@b>>|FROM:<a>|FROM:<a@>"
                '|FROM:<@b>|FROM:<a b@c>|FROM:<"a b"@c>|FROM:<@x,@y:a@b>|FROM:<a@b.>|FROM:<a@b..c>|FROM:<a@[127.0.0.1]>'
                "|FROM:<a@[IPv6:::1]>|FROM:<a@[x]>|FROM:<a@-b>|FROM:<a@b_c>|FROM:<a@b@c>|FROM:<a(c)@b>|FROM:<a,b@c>"
                '|FROM:<a@b c>|FROM:"x" <a@b>|FROM:<<a@b>>|FROM:<a@b> |FROM:<a@b>x|FROM: a b|FROM:a@b c|FROM:<a..b@c>'
                '|FROM:<.a@b>|FROM:<a.@b>|FROM:<a@b;c>|FROM:<a;b@c>|FROM:<a:b@c>|FROM:<a\\b@c>|FROM:<a\\ b@c>|FROM:<"a@b>'
                '|FROM:<a"b"@c>|FROM:<!@b>|from:<a@b>|FROM:\t<a@b>|FROM:<\t>|FROM:< >|FROM:< a@b >|FROM : <a@b>'
                "|FROM:<é@b>|FROM:<é@b> SMTPUTF8|FROM:<a@é>|FROM:<a@é> SMTPUTF8|FROM:<a!b>|FROM:<a%b@c>|FROM:<[a@b]>|FROM:<-a@b>|FROM:<a%>|FROM:<!a>|FROM:<->|FROM:<[>"
                "|FROM:<a;>|FROM:<,>|FROM:<>a@b|FROM:Bob<a@b>|FROM:<a]b)@c>|FROM:<a@[127.0.0.1>|FROM:<*[1.2.3.4]>"
                "|FROM:<a@b>,<c@d>|FROM:<a@1.2.3.4>|FROM:<a\0@b>|FROM:<a\x01@b>|FROM:<" + "a" * 300 + "@b>"
                "|FROM:<a@" + "b" * 70 + ">|FROM:<a@" + "b." * 130 + "c>|FROM:<" + "a" * 3000 + "@b>",
                verb="MAIL ",
            )
            + _each(
                f"TO:<>|TO:|TO|FROM:<a>|TO:{KNOWN}|TO:<{KNOWN}|TO: <{KNOWN}>|TO:<postmaster>|TO:<foo>|TO:<foo@>"
                f"|TO:<@example.org>|TO:<a b@c>|TO:<{KNOWN}.>|TO:<KNOWN@EXAMPLE.ORG>|TO:<known@[127.0.0.1]>"
                '|TO:<a@b@example.org>|TO:<a%b@example.org>|TO:<a!b@example.org>|TO:<é@example.org>|TO:<"known"@example.org>'
                "|TO:<@x:known@example.org>|TO:<nobody@example.org.>|TO:<nob(x)ody@example.org>|TO:<no\\body@example.org>"
                '|TO:<a:b@example.org>|TO:< nobody @ example.org >|TO:<nobody@EXAMPLE.org>|TO:<"a b"@example.org>'
                '|TO:<a"b@example.org>|TO:<a\x01b@example.org>|TO:<a@b> NOTIFY=X',
                before=("MAIL FROM:<s@t.example>",),
                verb="RCPT ",
            )
        )
    ],
    ("bad-utf8", "mx", script(b"MAIL FROM:<\xff@b>\r\n", b"\x16\x03\xff\r\n", b"NOOP\0x\r\n", b"\0NOOP\r\n", b"EHLO a\0b\r\n")),
    ("T20-null-sender", "mx", script(*GREET, "MAIL FROM:<>", f"RCPT TO:<{KNOWN}>", "DATA", "hello\r\n.", "QUIT")),
    (
        "T21-T22-recipients",
        "mx",
        script(
            *GREET, "MAIL FROM:<a@b.example>", "RCPT TO:<c@d.example>", "RCPT TO:<nobody@example.org>",
            f"RCPT TO:<{KNOWN}>", "QUIT",
        ),
    ),
    *[
        (
            f"T21-submission-{role}",
            role,
            script(
                *GREET, *(() if role == "submissions" else STARTTLS), "MAIL FROM:<a@b.example>", f"RCPT TO:<{KNOWN}>",
                "RCPT TO:<nobody@example.org>", f"VRFY {KNOWN}", "RSET", f"AUTH PLAIN {RIGHT}", "MAIL FROM:<a@b.example>",
                "RCPT TO:<c@d.example>", "RCPT TO:<nobody@example.org>", "VRFY c@d.example", "DATA", "x\r\n.", "QUIT",
            ),
        )
        for role in ("submission", "submission-plain", "submissions")
    ],
    (
        "T24-vrfy",
        "mx",
        script(
            "VRFY", f"VRFY {KNOWN}", f"VRFY <{KNOWN}>", "VRFY nobody@example.org", "VRFY a b", "VRFY c@d.example",
            f"VRFY {KNOWN} SMTPUTF8", 'VRFY "x y"@example.org', "VRFY <>", "VRFY @",
        ),
    ),
    (
        "T25-odd-verbs",
        "hasty",
        script("ETRN", "ETRN x", "ETRN #x", "ETRN @x", "ETRN [1.2.3.4]", "ETRN é", "EXPN a", "XCLIENT", "XCLIENT NAME=x"),
    ),
    ("T25-more-verbs", "hasty", script("XFORWARD", "XFORWARD NAME=a", "TURN", "SEND FROM:<a@b>", "MAIL FROM:<>", "ETRN a b", "XCLIENT", "XFORWARD x")),
    *[
        (f"T27-end-of-data-{number}", "mx", script(*TO_KNOWN, "DATA", end, "NOOP"))
        for number, end in enumerate(
            (
                b"a\n.\n", b"a\r\n.\n", b"a\n.\r\n", b".\r\n", b".\n", b"a\r.\r\n\r\n.\r\n", b"a\r\n..\r\n.\r\n", b".\r\r\n",
                b"y" * 2048 + b".\r\n.\r\n", b"y" * 5000 + b"\r\n.\r\n",
            )
        )
    ],
    (
        "T31-too-large",
        "hasty",
        script(
            *TO_KNOWN, "DATA", Step((b"y" * 500 + b"\r\n") * 6 + b".\r\n"), "NOOP", "MAIL FROM:<a@b>", "RSET", *TO_KNOWN,
            "BDAT 3000\r\n" + "x" * 2998, "BDAT 1\r\n", "BDAT 3 LAST\r\na", *TO_KNOWN,
            b"BDAT 1999\r\n" + b"x" * 1999, b"BDAT 2 LAST\r\nab", "MAIL FROM:<a@b>",
        ),
    ),
    (
        "T32-too-many-recipients",
        "hasty",
        script(
            "MAIL FROM:<a@b>", *[f"RCPT TO:<{KNOWN}>"] * 4, "RCPT TO:<nobody@example.org>", "RCPT TO:<>",
            "RCPT TO:<x@y> FOO", "DATA", ".", "QUIT",
        ),
    ),
    ("T32-too-many-errors", "hasty", script(*["FOO"] * 19, Step(b"FOO\r\n", 2))),
    ("T32-errors-forgiven", "hasty", script(*["FOO"] * 12, *TO_KNOWN, "DATA", ".", *["FOO"] * 19, "NOOP")),
    ("T32-junk", "hasty", script(*["NOOP"] * 25, Step(b"NOOP\r\n", 2))),
    ("T32-delayed", "mx", script(*["FOO"] * 9, "NOOP", "FOO", "NOOP", "FOO", "QUIT")),
    ("T33-timeout", "hasty", script("NOOP", SAY_NO_MORE)),
    ("T33-timeout-in-data", "hasty", script(*TO_KNOWN, "DATA", b"abc\r\n")),
    ("T33-timeout-in-chunk", "hasty", script(*TO_KNOWN, b"BDAT 10\r\nabc")),
    ("T33-timeout-in-auth", "hasty", script("AUTH LOGIN", SAY_NO_MORE)),
    # T35 to T39: AUTH
    (
        "T35-wrong-password",
        "mx",
        script(
            *GREET, f"AUTH PLAIN {WRONG}", f"AUTH PLAIN {MISSING}", "AUTH LOGIN", b64(KNOWN), b64("wrong"),
            f"AUTH LOGIN {b64(KNOWN)}", b64("wrong"), "AUTH PLAIN", WRONG, f"auth plain {WRONG}", "NOOP",
        ),
    ),
    (
        "T36-bad-base64",
        "mx",
        script(
            *GREET, "AUTH PLAIN !!!!", "AUTH PLAIN", "!!!", "AUTH LOGIN !!!", "AUTH LOGIN", "dQ", "AUTH PLAIN *", "QUIT",
        ),
    ),
    (
        "T36-base64-forms",
        "mx",
        script(
            "AUTH PLAIN AGEAYg==AGEA", "AUTH PLAIN AGEAYg=", "AUTH PLAIN ====", "AUTH PLAIN", "AGEAY g==", "AUTH PLAIN",
            " *", "AUTH PLAIN", "* ", "AUTH PLAIN AGEAYh==", "NOOP",
        ),
    ),
    (
        "T36-forms-that-cannot-work",
        "mx",
        script(
            "AUTH PLAIN =", "AUTH PLAIN", "", "AUTH PLAIN " + b64(f"{KNOWN}:{PASSWORD}"), "AUTH PLAIN " + b64("a\0b"),
            "AUTH PLAIN " + b64(f"other\0{KNOWN}\0{PASSWORD}"), "AUTH PLAIN " + b64("\0a\0b\0c"), "AUTH LOGIN " + b64("a b"),
            "NOOP",
        ),
    ),
    (
        "T36-logins-that-cannot-be",
        "mx",
        script(
            "AUTH LOGIN " + b64("a+b"), "AUTH LOGIN " + b64(b"\xff"), "AUTH LOGIN", "", "AUTH LOGIN =", b64(KNOWN),
            b64(PASSWORD + "\0"), "NOOP",
        ),
    ),
    ("T36-long-line", "hasty", script("AUTH PLAIN " + "A" * 3000, "NOOP", "AUTH PLAIN", b64("\0a\0" + "b" * 10000), "NOOP")),
    (
        "T37-mechanism-and-order",
        "mx",
        script(
            *GREET, "AUTH", "AUTH ", "AUTH FOO", "AUTH CRAM-MD5", f"AUTH PLAIN {WRONG} x", "AUTH <PLAIN>", "MAIL FROM:<a@b>",
            "AUTH", f"AUTH PLAIN {RIGHT}", "RSET", f"AUTH PLAIN {RIGHT}",
        ),
    ),
    (
        "T37-already",
        "mx",
        script(
            *GREET, f"AUTH PLAIN {RIGHT}", f"AUTH PLAIN {RIGHT}", "AUTH", "EHLO y", "AUTH FOO", "MAIL FROM:<a@b>", "AUTH PLAIN",
            "RCPT TO:<c@d.example>", "DATA", "x\r\n.", "QUIT",
        ),
    ),
    ("T37-not-offered", "bare", script("AUTH", f"AUTH PLAIN {RIGHT}", *GREET, "AUTH a b c", "MAIL FROM:<a@b>", "AUTH PLAIN")),
    ("T37-needs-tls", "auth-after-tls", script("AUTH", f"AUTH PLAIN {RIGHT}", "AUTH FOO", "MAIL FROM:<a@b>", "AUTH PLAIN")),
    ("T37-with-helo", "mx", script("HELO x", f"AUTH PLAIN {RIGHT}", "AUTH PLAIN", "QUIT")),
    ("T38-login", "mx", script(*GREET, "AUTH LOGIN", b64(KNOWN), b64(PASSWORD), "QUIT")),
    ("T38-login-initial", "mx", script(f"AUTH LOGIN {b64(KNOWN)}", b64(PASSWORD), "QUIT")),
    ("T38-plain-same-identity", "mx", script("AUTH PLAIN " + b64(f"{KNOWN}\0{KNOWN}\0{PASSWORD}"), "QUIT")),
    ("T38-plain-in-tls", "submissions", script(*GREET, "AUTH PLAIN", RIGHT, "QUIT")),
    ("T39-cancel", "mx", script("AUTH PLAIN", "*", "AUTH LOGIN", "*", "AUTH LOGIN", "dQ==", "*", "AUTH PLAIN", "*", "NOOP")),
    # BDAT
    *[
        (f"chunk-syntax-{number}", "mx", script(line, "NOOP"))
        for number, line in enumerate(
            ("BDAT", "BDAT x", "BDAT -1", "BDAT 5 FOO", "BDAT 0 LAST x", "BDAT 99999999999999999999", "BDAT +0 LAST")
        )
    ],
    (
        "chunk-out-of-order",
        "mx",
        script(
            "BDAT 0 LAST", b"BDAT 5\r\nhello", "MAIL FROM:<a@b>", b"BDAT 5\r\nhello", f"RCPT TO:<{KNOWN}>", "RSET", "BDAT 0",
            "MAIL FROM:<a@b>", "RSET", "MAIL FROM:<a@b>",
        ),
    ),
    (
        "chunk-no-recipients",
        "mx",
        script("MAIL FROM:<a@b>", b"BDAT 3\r\nabc", f"RCPT TO:<{KNOWN}>", b"BDAT 3 LAST\r\nabc", "MAIL FROM:<a@b>", "QUIT"),
    ),
    (
        "chunks",
        "mx",
        script(
            *TO_KNOWN, b"BDAT 5\r\nhello", f"RCPT TO:<{KNOWN}>", "MAIL FROM:<x@y>", "DATA", "NOOP", "ETRN x", "AUTH PLAIN",
            b"BDAT 7 LAST\r\nabc\r\nde", *TO_KNOWN, b"BDAT 0 LAST\r\n", *TO_KNOWN, b"BDAT 003 last\r\nab\n",
        ),
    ),
    (
        "chunks-cut-anywhere",
        "mx",
        script(
            *TO_KNOWN, b"BDAT 2\r\na\r", b"BDAT 3\r\n\nb\r", b"BDAT 4 LAST\r\n\n.\r\n", *TO_KNOWN, b"BDAT 3\r\n.\r\n", "EHLO x",
            *TO_KNOWN, Step(b"BDAT 1\r\naBDAT 1\r\nbBDAT 1 LAST\r\ncNOOP\r\n", 4), *TO_KNOWN,
            Step(b"BDAT 5000 LAST\r\n" + b"z" * 5000), "QUIT",
        ),
    ),
    (
        "long-commands",
        "mx",
        script(
            "NOOP " + "x" * 2041, "NOOP " + "x" * 2042, "NOOP " + "x" * 2043, "NOOP " + "x" * 5000,
            Step(b"NOOP " + b"x" * 2043 + b"NOOP\r\nNOOP\r\n", 2), "EHLO " + "x" * 3000,
        ),
    ),
]  # fmt: skip
