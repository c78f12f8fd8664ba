"""
The words of Dovecot's LMTP server that a sender gets to read.

A site whose Postfix does not know its recipients hands all mail to Dovecot, and what Dovecot
says of an unknown one is quoted in the bounce that Postfix writes.  A late bounce quotes the
same words (measured on Dovecot 2.3.19; ``lmtp-local.c``).
"""

from __future__ import annotations

from typing import Final

DELIMITER: Final = b"+"
"""Dovecot's ``recipient_delimiter``: what follows it is no part of the user's name."""

_UNKNOWN: Final = b"550 5.1.1 <%b> User doesn't exist: %b"


def user_unknown(address: bytes) -> bytes:
    """
    Say that there is no such user; the address as typed, then the user looked for.

    >>> user_unknown(b"nosuch+x@example.org")
    b"550 5.1.1 <nosuch+x@example.org> User doesn't exist: nosuch@example.org"
    """
    local, at, domain = address.rpartition(b"@")
    name, delimiter, _ = local.partition(DELIMITER)
    user = name + at + domain if delimiter and name else address
    return _UNKNOWN % (address, user)
