"""
The words of an SMTP server: one field for each thing that it can say.

A reply is bytes without the line end.  ``{host}`` stands for our own name and ``{}`` for
what the client said; what the client said is filled in last and never looked into again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from honeypost.questions import Acceptance


def fill(reply: bytes, host: bytes, value: bytes = b"") -> bytes:
    """
    Fill a reply in.

    >>> fill(b"421 4.7.0 {host} Error: too many errors", b"mx1.example.org")
    b'421 4.7.0 mx1.example.org Error: too many errors'
    >>> fill(b"550 5.1.1 <{}>: User unknown", b"mx", b"{host}")
    b'550 5.1.1 <{host}>: User unknown'
    """
    before, mark, after = reply.replace(b"{host}", host).partition(b"{}")
    return before + value + after if mark else before


@dataclass(frozen=True, slots=True)
class SessionReplies:
    """What is said about the session as a whole."""

    banner: bytes
    helo: bytes
    helo_syntax: bytes
    ehlo_syntax: bytes
    done: bytes
    """To RSET and NOOP."""
    reset_syntax: bytes
    goodbye: bytes
    unknown_command: bytes
    empty_command: bytes
    bad_utf8: bytes
    not_smtp: bytes
    """To a verb of another protocol; the connection is closed after it."""
    too_many_errors: bytes
    too_many_connections: bytes
    """Said instead of the banner; the connection is closed after it."""
    timeout: bytes
    not_authorized: bytes
    """To XCLIENT and XFORWARD."""
    forward_in_transaction: bytes
    forward_syntax: bytes
    client_syntax: bytes
    etrn_syntax: bytes
    etrn_bad_domain: bytes
    etrn_in_transaction: bytes
    etrn_refused: bytes
    verify_syntax: bytes
    verified: bytes


@dataclass(frozen=True, slots=True)
class TlsReplies:
    """STARTTLS, RFC 3207."""

    ready: bytes
    syntax: bytes
    active: bytes
    not_offered: bytes
    needed: bytes
    """To everything but EHLO, NOOP, QUIT and STARTTLS where TLS is enforced."""


@dataclass(frozen=True, slots=True)
class AuthReplies:
    """AUTH, RFC 4954."""

    granted: bytes
    refused: bytes
    prompt: bytes
    aborted: bytes
    bad_initial: bytes
    bad_continued: bytes
    bad_mechanism: bytes
    too_long: bytes
    syntax: bytes
    not_offered: bytes
    """Also where it is offered within TLS only, and there is none yet."""
    already: bytes
    in_transaction: bytes


@dataclass(frozen=True, slots=True)
class MailReplies:
    """MAIL, RCPT and their parameters, RFC 5321 and RFC 3461."""

    sender_ok: bytes
    nested: bytes
    sender_after_chunk: bytes
    sender_syntax: bytes
    sender_address: bytes
    recipient_syntax: bytes
    recipient_address: bytes
    recipient_after_chunk: bytes
    need_sender: bytes
    unsupported: bytes
    bad_size: bytes
    size_overflow: bytes
    size_exceeded: bytes
    bad_return: bytes
    bad_envelope_id: bytes
    bad_notify: bytes
    bad_original: bytes
    twice_auth: bytes
    too_many_recipients: bytes
    recipient: Mapping[Acceptance, bytes]
    not_logged_in: bytes
    """To any recipient, where only who is logged in may name one."""


@dataclass(frozen=True, slots=True)
class DataReplies:
    """DATA, and BDAT of RFC 3030."""

    go_ahead: bytes
    data_syntax: bytes
    data_after_chunk: bytes
    need_recipient: bytes
    no_recipients: bytes
    queued: bytes
    queued_chunks: bytes
    """``{size}`` is the size as the real one counts it, ``{}`` the queue id."""
    chunk: bytes
    chunk_syntax: bytes
    """The connection is closed after it."""
    chunk_empty: bytes
    chunk_discarded: bytes
    chunk_too_large: bytes
    message: Mapping[Acceptance, bytes]
    """For a message that is not kept."""
