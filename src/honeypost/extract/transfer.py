"""
Content-Transfer-Encoding, read leniently (RFC 2045, 6).

Kits write ``base64; x``, leave out padding or put blanks and text between: mail programs
show such parts, so we must read them.
"""

from __future__ import annotations

import binascii
import re
import string

from honeypost.extract.marks import Marks

ALPHABET = (string.ascii_letters + string.digits + "+/").encode()
NOT_BASE64 = bytes(sorted(set(range(256)) - set(ALPHABET) - set(b"=")))
BLANKS = b" \t\r\n"
SEGMENTS = 64
"""Separately padded pieces that are decoded apart; the last takes the rest."""
IDENTITY = frozenset({"", "7bit", "8bit", "binary"})


def encoding_name(value: str) -> str:
    """
    Give the encoding that a field means.

    >>> encoding_name("BASE64; x"), encoding_name(" quoted-printable (sic)")
    ('base64', 'quoted-printable')
    """
    found = re.match(r"[\s\"']{0,16}([\w-]{1,40})", value)
    return found[1].lower() if found else ""


def decoded(body: bytes, encoding: str, marks: Marks) -> bytes:
    """Decode a body; what is unknown or broken is read as well as it can be and marked."""
    if encoding == "base64":
        return _base64(body, marks)
    if encoding == "quoted-printable":
        return binascii.a2b_qp(body)
    if encoding not in IDENTITY:
        marks.add("encoding-unknown")
    return body


def _base64(body: bytes, marks: Marks) -> bytes:
    kept = body.translate(None, NOT_BASE64)
    if len(kept) != len(body.translate(None, BLANKS)):
        marks.add("base64-broken")
    pieces = re.split(rb"=+", kept, maxsplit=SEGMENTS)
    return b"".join(_segment(piece.replace(b"=", b"")) for piece in pieces)


def _segment(piece: bytes) -> bytes:
    whole = len(piece) - (len(piece) % 4 == 1)
    return binascii.a2b_base64(piece[:whole] + b"=" * (-whole % 4))
