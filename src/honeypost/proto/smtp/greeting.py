"""
Commands about the session: HELO, EHLO, STARTTLS, RSET, NOOP, QUIT, ETRN and the forwarding ones.
"""

from __future__ import annotations

from honeypost.personality.profile import Encryption
from honeypost.proto.smtp.addresses import is_host
from honeypost.proto.smtp.commands import Command
from honeypost.proto.smtp.session import Session


def helo(session: Session, command: Command) -> None:
    """HELO: the greeting of RFC 821."""
    if not command.words:
        session.refuse(session.profile.session.helo_syntax)
        return
    session.greeted("HELO", _name(command))
    session.reply(session.profile.session.helo)


def ehlo(session: Session, command: Command) -> None:
    """EHLO: the greeting, and what we can do, in the real one's order."""
    if not command.words:
        session.refuse(session.profile.session.ehlo_syntax)
        return
    session.greeted("EHLO", _name(command))
    host = session.setting.hostname.encode()
    lines = [host, *_keywords(session)]
    heads = [b"250-"] * (len(lines) - 1) + [b"250 "]
    session.reply(*(head + line for head, line in zip(heads, lines, strict=True)))


def _name(command: Command) -> bytes:
    return b" ".join(command.texts)


def _keywords(session: Session) -> list[bytes]:
    """What may be announced now: no STARTTLS within TLS, no AUTH where it is not offered."""
    setting = session.setting
    filled = {
        b"SIZE": b"SIZE %d" % setting.message_bytes,
        b"STARTTLS": b"STARTTLS" if _can_start_tls(session) else b"",
        b"AUTH": b"AUTH " + b" ".join(setting.profile.mechanisms) if session.offers_auth else b"",
    }
    keywords = (filled.get(keyword, keyword) for keyword in setting.profile.keywords)
    return [keyword for keyword in keywords if keyword]


def _can_start_tls(session: Session) -> bool:
    return not session.secured and session.setting.role.encryption is not Encryption.NONE


def starttls(session: Session, command: Command) -> None:
    """STARTTLS, RFC 3207; what came in behind it is never looked at (CVE-2011-0411)."""
    replies = session.profile.tls
    if command.words:
        session.refuse(replies.syntax)
    elif session.secured:
        session.refuse(replies.active)
    elif not _can_start_tls(session):
        session.refuse(replies.not_offered)
    else:
        session.reply(replies.ready)
        session.turns.start_tls()
        session.forget()


def rset(session: Session, command: Command) -> None:
    """RSET: forget the transaction."""
    if command.words:
        session.refuse(session.profile.session.reset_syntax)
        return
    session.reset()
    session.reply(session.profile.session.done)


def noop(session: Session, _command: Command) -> None:
    """NOOP, with whatever behind it."""
    session.reply(session.profile.session.done)


def quit_(session: Session, _command: Command) -> None:
    """QUIT, with whatever behind it."""
    session.reply(session.profile.session.goodbye)
    session.close("quit")


def etrn(session: Session, command: Command) -> None:
    """ETRN, RFC 1985: refused for every domain, as by Debian's default."""
    replies = session.profile.session
    if session.transaction is not None:
        session.refuse(replies.etrn_in_transaction)
    elif len(command.words) != 1:
        session.refuse(replies.etrn_syntax)
    else:
        domain = command.texts[0]
        domain = domain[1:] if domain[:1] in (b"@", b"#") else domain
        good = is_host(domain)
        session.refuse(replies.etrn_refused if good else replies.etrn_bad_domain, domain)


def xclient(session: Session, command: Command) -> None:
    """XCLIENT: only for hosts that the site trusts; nobody is."""
    _forwarding(session, command, session.profile.session.client_syntax)


def xforward(session: Session, command: Command) -> None:
    """XFORWARD: only for hosts that the site trusts; nobody is."""
    _forwarding(session, command, session.profile.session.forward_syntax)


def _forwarding(session: Session, command: Command, syntax: bytes) -> None:
    replies = session.profile.session
    if session.transaction is not None:
        session.refuse(replies.forward_in_transaction)
    else:
        session.refuse(replies.not_authorized if command.words else syntax)
