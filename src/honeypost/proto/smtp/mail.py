"""
MAIL, RCPT and VRFY: who a message is from and to (RFC 5321, sections 4.1.1.2, 4.1.1.3, 4.1.1.6).
"""

from __future__ import annotations

from collections.abc import Callable

from honeypost.model import Recipient
from honeypost.proto.smtp.addresses import parse_path
from honeypost.proto.smtp.commands import Command
from honeypost.proto.smtp.parameters import (
    RecipientParameters,
    Refused,
    SenderParameters,
    is_wide,
    read_recipient,
    read_sender,
)
from honeypost.proto.smtp.session import Chunks, Session, Transaction
from honeypost.questions import Acceptance, MayReceive, ReceiveVerdict

_Judged = Callable[[ReceiveVerdict], None]


def mail(session: Session, command: Command) -> None:
    """MAIL: begin a transaction."""
    try:
        session.transaction = _begin(session, command)
    except Refused as refused:
        session.refuse(refused.reply, refused.value)
    else:
        session.reply(session.profile.mail.sender_ok)


def _begin(session: Session, command: Command) -> Transaction:
    replies = session.profile.mail
    if session.transaction is not None:
        raise Refused(replies.nested)
    if session.chunks is not Chunks.NONE:
        raise Refused(replies.sender_after_chunk)
    path, words = _path(command, b"FROM:", replies.sender_syntax)
    sender = parse_path(path, wide=is_wide(words)) if path is not None else None
    if sender is None:
        raise Refused(replies.sender_address)
    said = SenderParameters()
    try:
        read_sender(words, said, replies)
    finally:
        if said.size is not None:
            session.announced_size = said.size
    if session.announced_size > session.setting.message_bytes:
        raise Refused(replies.size_exceeded)
    return Transaction(reverse_path=sender, parameters=b" ".join(words))


def _path(
    command: Command, keyword: bytes, syntax: bytes
) -> tuple[bytes | None, tuple[bytes, ...]]:
    """Give the path (``None`` when it never ends) and the parameters behind it."""
    texts = command.texts
    if len(texts) < 2 or texts[0].upper() != keyword:  # noqa: PLR2004  FROM: and the path
        raise Refused(syntax)
    return texts[1] if command.words[1].whole else None, texts[2:]


def rcpt(session: Session, command: Command) -> None:
    """RCPT: ask whether a recipient may be named."""
    try:
        recipient = _recipient(session, command)
    except Refused as refused:
        session.refuse(refused.reply, refused.value)
        return
    transaction = session.transaction
    assert transaction is not None
    if len(transaction.recipients) >= session.setting.recipients:
        _too_many(session, transaction)
    else:
        _judge(session, recipient, lambda verdict: _received(session, recipient, verdict))


def _recipient(session: Session, command: Command) -> Recipient:
    replies = session.profile.mail
    if session.transaction is None:
        raise Refused(replies.need_sender)
    if session.chunks is not Chunks.NONE:
        raise Refused(replies.recipient_after_chunk)
    path, words = _path(command, b"TO:", replies.recipient_syntax)
    wide = is_wide(session.transaction.parameters.split())
    address = parse_path(path, wide=wide) if path is not None else None
    if not address:
        raise Refused(replies.recipient_address)
    said = RecipientParameters()
    read_recipient(words, said, replies)
    return Recipient(address, original=said.original, notify=said.notify)


def _too_many(session: Session, transaction: Transaction) -> None:
    """Refuse; only a client that goes on for long is at fault (RFC 5321, 4.5.3.1.10)."""
    session.reply(session.profile.mail.too_many_recipients)
    transaction.overshoot += 1
    if transaction.overshoot > session.setting.limits.recipient_overshoot:
        session.errors += 1


def _judge(session: Session, recipient: Recipient, then: _Judged) -> None:
    """Have a recipient decided on; who must log in first is refused without a question."""
    if session.setting.role.login_needed and not session.account:
        session.refuse(session.profile.mail.not_logged_in, recipient.address)
        session.probed(recipient.address, Acceptance.RELAY_DENIED)
        return
    transaction = session.transaction
    question = MayReceive(
        recipient=recipient,
        reverse_path=transaction.reverse_path if transaction else b"",
        account=session.account,
        first=transaction is not None and not transaction.recipients,
    )
    session.turns.ask(question, then)


def _received(session: Session, recipient: Recipient, verdict: ReceiveVerdict) -> None:
    transaction = session.transaction
    assert transaction is not None
    reply = session.profile.mail.recipient[verdict.acceptance]
    if verdict.acceptance is Acceptance.ACCEPTED:
        transaction.recipients.append(recipient)
        transaction.queue_id = transaction.queue_id or verdict.queue_id
        session.reply(reply)
    else:
        session.refuse(reply, recipient.address)
    session.probed(recipient.address, verdict.acceptance)


def vrfy(session: Session, command: Command) -> None:
    """VRFY: the same verdict as RCPT gives, so that the two never differ."""
    texts = command.texts
    if not texts:
        session.refuse(session.profile.session.verify_syntax)
        return
    wide = len(texts) > 1 and is_wide(texts[-1:])
    said = b" ".join(texts[:-1] if wide else texts)
    whole = all(word.whole for word in command.words)
    address = parse_path(said, wide=wide) if whole else None
    if not address:
        session.refuse(session.profile.mail.recipient_address)
        return
    recipient = Recipient(address)
    _judge(session, recipient, lambda verdict: _verified(session, said, recipient, verdict))


def _verified(session: Session, said: bytes, recipient: Recipient, verdict: ReceiveVerdict) -> None:
    if verdict.acceptance is Acceptance.ACCEPTED:
        session.reply(session.profile.session.verified, value=said)
    else:
        session.refuse(session.profile.mail.recipient[verdict.acceptance], recipient.address)
    session.probed(recipient.address, verdict.acceptance)
