"""
Postfix 3.7 with Dovecot 2.3 as its SASL server.

Measured on Postfix 3.7.11 and Dovecot 2.3.19 of Debian 12 and compared with them again in
``tests/parity``.  The roles are those of Debian's ``master.cf``: the MX offers AUTH and
TLS, submission demands TLS, submissions begins with it.  Where a table of the MX would say
"try again" or "no" by configuration, ``reject_unauth_destination`` is assumed.
"""

from __future__ import annotations

from honeypost.model import Protocol
from honeypost.personality.profile import Encryption, Limits, Profile, Role
from honeypost.personality.replies import (
    AuthReplies,
    DataReplies,
    MailReplies,
    SessionReplies,
    TlsReplies,
)
from honeypost.questions import Acceptance

SESSION = SessionReplies(
    banner=b"220 {host} ESMTP Postfix",
    helo=b"250 {host}",
    helo_syntax=b"501 Syntax: HELO hostname",
    ehlo_syntax=b"501 Syntax: EHLO hostname",
    done=b"250 2.0.0 Ok",
    reset_syntax=b"501 5.5.4 Syntax: RSET",
    goodbye=b"221 2.0.0 Bye",
    unknown_command=b"500 5.5.2 Error: command not recognized",
    empty_command=b"500 5.5.2 Error: bad syntax",
    bad_utf8=b"500 5.5.2 Error: bad UTF-8 syntax",
    not_smtp=b"221 2.7.0 Error: I can break rules, too. Goodbye.",
    too_many_errors=b"421 4.7.0 {host} Error: too many errors",
    too_many_connections=b"421 4.7.0 {host} Error: too many connections from {}",
    timeout=b"421 4.4.2 {host} Error: timeout exceeded",
    not_authorized=b"550 5.7.0 Error: insufficient authorization",
    forward_in_transaction=b"503 5.5.1 Error: MAIL transaction in progress",
    forward_syntax=b"501 5.5.4 Syntax: XFORWARD attribute=value...",
    client_syntax=b"501 5.5.4 Syntax: XCLIENT attribute=value...",
    etrn_syntax=b"500 Syntax: ETRN domain",
    etrn_bad_domain=b"501 Error: invalid parameter syntax",
    etrn_in_transaction=b"503 Error: MAIL transaction in progress",
    etrn_refused=b"459 <{}>: service unavailable",
    verify_syntax=b"501 5.5.4 Syntax: VRFY address [SMTPUTF8]",
    verified=b"252 2.0.0 {}",
)

TLS = TlsReplies(
    ready=b"220 2.0.0 Ready to start TLS",
    syntax=b"501 5.5.4 Syntax: STARTTLS",
    active=b"554 5.5.1 Error: TLS already active",
    not_offered=b"502 5.5.1 Error: command not implemented",
    needed=b"530 5.7.0 Must issue a STARTTLS command first",
)

AUTH = AuthReplies(
    granted=b"235 2.7.0 Authentication successful",
    refused=b"535 5.7.8 Error: authentication failed: (reason unavailable)",
    prompt=b"334 {}",
    aborted=b"501 5.7.0 Authentication aborted",
    bad_initial=b"535 5.7.8 Error: authentication failed: Invalid base64 data in initial response",
    bad_continued=b"535 5.7.8 Error: authentication failed: "
    b"Invalid base64 data in continued response",
    bad_mechanism=b"535 5.7.8 Error: authentication failed: Invalid authentication mechanism",
    too_long=b"500 5.5.6 SASL response limit exceeded",
    syntax=b"501 5.5.4 Syntax: AUTH mechanism",
    not_offered=b"503 5.5.1 Error: authentication not enabled",
    already=b"503 5.5.1 Error: already authenticated",
    in_transaction=b"503 5.5.1 Error: MAIL transaction in progress",
)

MAIL = MailReplies(
    sender_ok=b"250 2.1.0 Ok",
    nested=b"503 5.5.1 Error: nested MAIL command",
    sender_after_chunk=b"503 5.5.1 Error: MAIL after BDAT",
    sender_syntax=b"501 5.5.4 Syntax: MAIL FROM:<address>",
    sender_address=b"501 5.1.7 Bad sender address syntax",
    recipient_syntax=b"501 5.5.4 Syntax: RCPT TO:<address>",
    recipient_address=b"501 5.1.3 Bad recipient address syntax",
    recipient_after_chunk=b"503 5.5.1 Error: RCPT after BDAT",
    need_sender=b"503 5.5.1 Error: need MAIL command",
    unsupported=b"555 5.5.4 Unsupported option: {}",
    bad_size=b"501 5.5.4 Bad message size syntax",
    size_overflow=b"552 5.3.4 Message size exceeds file system imposed limit",
    size_exceeded=b"552 5.3.4 Message size exceeds fixed limit",
    bad_return=b"501 5.5.4 Bad RET parameter syntax",
    bad_envelope_id=b"501 5.5.4 Bad ENVID parameter syntax",
    bad_notify=b"501 5.5.4 Error: Bad NOTIFY parameter syntax",
    bad_original=b"501 5.5.4 Error: Bad ORCPT parameter syntax",
    twice_auth=b"503 5.5.4 Error: multiple AUTH= options",
    too_many_recipients=b"452 4.5.3 Error: too many recipients",
    recipient={
        Acceptance.ACCEPTED: b"250 2.1.5 Ok",
        Acceptance.UNKNOWN: b"550 5.1.1 <{}>: Recipient address rejected: "
        b"User unknown in virtual mailbox table",
        Acceptance.RELAY_DENIED: b"554 5.7.1 <{}>: Relay access denied",
        Acceptance.TRY_LATER: b"451 4.3.0 <{}>: Temporary lookup failure",
        Acceptance.TOO_LARGE: b"452 4.3.1 Insufficient system storage",
    },
    not_logged_in=b"554 5.7.1 <{}>: Recipient address rejected: Access denied",
)

DATA = DataReplies(
    go_ahead=b"354 End data with <CR><LF>.<CR><LF>",
    data_syntax=b"501 5.5.4 Syntax: DATA",
    data_after_chunk=b"503 5.5.1 Error: DATA after BDAT",
    need_recipient=b"503 5.5.1 Error: need RCPT command",
    no_recipients=b"554 5.5.1 Error: no valid recipients",
    queued=b"250 2.0.0 Ok: queued as {}",
    queued_chunks=b"250 2.0.0 Ok: {size} bytes queued as {}",
    chunk=b"250 2.0.0 Ok: {} bytes",
    chunk_syntax=b"521 5.5.4 Syntax: BDAT count [LAST]",
    chunk_empty=b"551 5.7.1 Null BDAT request",
    chunk_discarded=b"551 5.0.0 Discarded {} bytes after earlier error",
    chunk_too_large=b"552 5.3.4 Chunk exceeds message size limit",
    message={
        Acceptance.TOO_LARGE: b"552 5.3.4 Error: message file too big",
        Acceptance.TRY_LATER: b"451 4.3.0 Error: queue file write error",
    },
)

MX = Role(Encryption.MAY, auth=True, plaintext_auth=True, login_needed=False)
SUBMISSION = Role(Encryption.ENCRYPT, auth=True, plaintext_auth=False, login_needed=True)
SUBMISSIONS = Role(Encryption.WRAPPED, auth=True, plaintext_auth=False, login_needed=True)

LIMITS = Limits(
    line_bytes=2048,
    sasl_bytes=12288,
    soft_errors=10,
    hard_errors=20,
    junk_commands=100,
    recipient_overshoot=1000,
    error_seconds=1.0,
    idle_seconds=300.0,
)

PROFILE = Profile(
    version="Postfix 3.7",
    session=SESSION,
    tls=TLS,
    auth=AUTH,
    mail=MAIL,
    data=DATA,
    roles={
        Protocol.SMTP: MX,
        Protocol.SUBMISSION: SUBMISSION,
        Protocol.SUBMISSIONS: SUBMISSIONS,
    },
    keywords=(
        b"PIPELINING",
        b"SIZE",
        b"VRFY",
        b"ETRN",
        b"STARTTLS",
        b"AUTH",
        b"ENHANCEDSTATUSCODES",
        b"8BITMIME",
        b"DSN",
        b"SMTPUTF8",
        b"CHUNKING",
    ),
    mechanisms=(b"PLAIN", b"LOGIN"),
    forbidden=frozenset({b"CONNECT", b"GET", b"POST"}),
    login_characters=frozenset(
        b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_@"
    ),
    limits=LIMITS,
)
