"""
Mail to the operator, handed in to the host's own Postfix over SMTP.

Not by ``sendmail``: it needs the setgid program postdrop, and the worker runs without new
privileges, so it could not gain that group.  The configuration allows a loopback address and
recipients of this host only, unless the operator says otherwise.

The reverse-path is the null one and the mail is marked as automatic (RFC 3834, section 5), so
neither a notice nor a vacation reply ever comes back.
"""

from __future__ import annotations

import smtplib  # noqa: TID251 - to the host's own Postfix alone
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

from honeypost.config.endpoints import Endpoint
from honeypost.engine.alert_mail import Answer, Mail, Reply
from honeypost.engine.alert_text import plain

ANSWER_SECONDS: Final = 10.0
"""Longest wait for each answer; with five recipients there are at most eleven."""

READY: Final = 220

AGAIN: Final = """\
This mail may have reached you before: the connection broke when it was
handed in.

"""


@dataclass(frozen=True, slots=True)
class Addresses:
    """From whom to whom."""

    host: str
    """Name of this host, behind the ``@`` of the Message-ID."""
    to: Sequence[str]
    sender: str = ""
    """Reverse-path, ``""`` is the null one."""


def written(mail: Mail, addresses: Addresses) -> bytes:
    """
    Write the message; the same mail always has the same Message-ID.

    :raises ValueError: a header would hold a line end.
    """
    message = EmailMessage(policy=SMTP)
    message["From"] = f"Honeypost <{addresses.sender or addresses.to[0]}>"
    message["To"] = ", ".join(addresses.to)
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(datetime.fromtimestamp(mail.time, UTC))
    message["Message-ID"] = f"<{mail.id}@{addresses.host}>"
    message["Auto-Submitted"] = "auto-generated"
    again = AGAIN if mail.doubts else ""
    message.set_content(f"{again}{mail.text}", charset="us-ascii", cte="7bit")
    return message.as_bytes()


def hand_in(
    server: Endpoint, message: bytes, addresses: Addresses, seconds: float = ANSWER_SECONDS
) -> Answer:
    """
    Hand a message in; blocks, never raises for what a server can cause.

    Taken means taken for one recipient at least; who was refused stands in the answer.

    :param server: numeric address and port.
    """
    literal = f"[IPv6:{server.host}]" if ":" in server.host else f"[{server.host}]"
    client = smtplib.SMTP(local_hostname=literal, timeout=seconds)
    try:
        refused = _offered(client, server, addresses)
    except (smtplib.SMTPException, OSError) as error:
        client.close()
        return Answer(Reply.REFUSED, _said(error))
    try:
        code, said = client.data(message)
    except smtplib.SMTPDataError as error:
        answer = Answer(Reply.REFUSED, _said(error))
    except (smtplib.SMTPException, OSError) as error:
        answer = Answer(Reply.DOUBT, _said(error))
    else:
        answer = _judged(code, said, refused)
    with suppress(smtplib.SMTPException, OSError):
        client.quit()
    client.close()
    return answer


def _offered(client: smtplib.SMTP, server: Endpoint, addresses: Addresses) -> str:
    """
    Come as far as DATA; gives whom Postfix refused, and why.

    :raises smtplib.SMTPException: no recipient is taken. :raises OSError: nobody answers.
    """
    code, said = client.connect(server.host, server.port)
    if code != READY:
        raise smtplib.SMTPConnectError(code, said)
    client.ehlo_or_helo_if_needed()
    code, said = client.mail(addresses.sender)
    if not _yes(code):
        raise smtplib.SMTPSenderRefused(code, said, addresses.sender)
    refused = []
    for address in addresses.to:
        code, said = client.rcpt(address)
        if not _yes(code):
            refused.append(f"{address}: {_words(code, said)}")
    if len(refused) == len(addresses.to):
        raise smtplib.SMTPException("; ".join(refused))
    return "; ".join(refused)


def _judged(code: int, said: bytes, refused: str) -> Answer:
    if _yes(code):
        return Answer(Reply.TAKEN, refused)
    # What is no reply at all says nothing about the message.
    understood = 400 <= code <= 599  # noqa: PLR2004 - RFC 5321, section 4.2.1
    return Answer(Reply.REFUSED if understood else Reply.DOUBT, _words(code, said))


def _yes(code: int) -> bool:
    return 200 <= code <= 299  # noqa: PLR2004 - RFC 5321, section 4.2.1


def _words(code: int, said: bytes) -> str:
    return plain(f"{code} {' '.join(said.decode('ascii', 'replace').split())}")


def _said(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        return _words(error.smtp_code, said if isinstance(said, bytes) else said.encode())
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return plain(str(error) or type(error).__name__)
