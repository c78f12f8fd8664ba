"""
Choices that look like chance to an attacker and are the same for us for ever.

Each hangs on the site's key by HMAC-SHA256 (RFC 2104), with a purpose of its own so that one
choice tells nothing about another.  No state is needed: after a restart, on every port and
on every node with the same key, an account exists or does not, needs the same number of
failures and has the same marker.
"""

from __future__ import annotations

import hashlib
import hmac

MARKER_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
MARKER_LENGTH = 16
"""36^16 markers: two of at most some thousand decoys do not meet."""

TAG_BYTES = 8
"""64 bits tell two secrets of one account apart and hold less than most secrets do."""


def digest(key: bytes, purpose: str, *parts: bytes) -> bytes:
    """Give 32 bytes; parts are told apart by their length, so ``a|bc`` is not ``ab|c``."""
    message = b"".join(len(part).to_bytes(4, "big") + part for part in (purpose.encode(), *parts))
    return hmac.digest(key, message, hashlib.sha256)


def fraction(key: bytes, purpose: str, account: str) -> float:
    """Give the account's own number, 0 <= number < 1, evenly spread over accounts."""
    return int.from_bytes(digest(key, purpose, account.encode())[:6], "big") / (1 << 48)


def integer(key: bytes, purpose: str, account: str, low: int, high: int) -> int:
    """Give the account's own integer, ``low <= number <= high``."""
    return low + int(fraction(key, purpose, account) * (high - low + 1))


def tag(key: bytes, account: str, secret: bytes) -> str:
    """
    Give 16 hex digits that tell a repeated secret of *this* account, and nothing else.

    The account is bound in, so that equal passwords of two accounts cannot be matched.
    """
    return digest(key, "tag", account.encode(), secret)[:TAG_BYTES].hex()


def marker(key: bytes, account: str) -> str:
    """
    Give the opaque local part of the marker user, ``[a-z0-9]{16}``, always the same.

    Dovecot and Postfix carry it (``sasl_username``) and one SMTP reply can show it to the
    client; it does not lead back to the account without the key.
    """
    number = int.from_bytes(digest(key, "marker", account.encode()), "big")
    letters = []
    for _ in range(MARKER_LENGTH):
        number, place = divmod(number, len(MARKER_LETTERS))
        letters.append(MARKER_LETTERS[place])
    return "".join(letters)
