"""The table of verbs."""

from __future__ import annotations

from honeypost.proto.smtp.states import KNOWN, VERBS


def test_what_may_be_said_before_tls_is_demanded_of_nobody_else() -> None:
    before = {verb for verb, row in VERBS.items() if row.before_tls}
    assert before == {b"HELO", b"EHLO", b"STARTTLS", b"NOOP", b"QUIT", b"XCLIENT"}


def test_what_brings_no_mail_is_junk() -> None:
    assert {verb for verb, row in VERBS.items() if row.junk} == {
        b"HELO",
        b"EHLO",
        b"RSET",
        b"NOOP",
        b"VRFY",
        b"ETRN",
    }


def test_verbs_that_postfix_3_7_lacks_are_unknown() -> None:
    assert not KNOWN & {b"HELP", b"EXPN", b"TURN", b"SEND", b"SAML"}
