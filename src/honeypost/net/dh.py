"""
Which finite-field Diffie-Hellman group goes with a certificate.

Postfix 3.7 leaves the choice to OpenSSL (``SSL_CTX_set_dh_auto``): a group of RFC 3526 as
strong as the certificate's key, 2048 bits for RSA 2048.  Python cannot ask for that, but it
can load a group; so the choice is made here (measured on Postfix 3.7.11, OpenSSL 3.0).

One group serves all suites.  OpenSSL takes another one for the anonymous suites, which no
client uses that wants to log in.
"""

from __future__ import annotations

import ssl
from pathlib import Path

GROUPS = Path(__file__).with_name("groups")

RSA_KEY = bytes.fromhex("06092a864886f70d0101010500")
"""A public key that is RSA; its BIT STRING follows, a SEQUENCE of modulus and exponent."""

LONG_INTEGER = b"\x02\x82"
"""An INTEGER with two bytes of length."""

STRONGER = (
    (4096, "modp_4096.pem"),
    (3072, "modp_3072.pem"),
)
"""From so many bits of RSA on, the larger group; no other kind of key is used with DHE-RSA."""


def group_for(certificate: str) -> Path:
    """
    Name the file with the group for a PEM certificate (the first one, when it is a chain).

    :raises ValueError: when it is no PEM certificate.
    """
    start, end = certificate.find(ssl.PEM_HEADER), certificate.find(ssl.PEM_FOOTER)
    first = certificate[start : end + len(ssl.PEM_FOOTER)]
    bits = _rsa_bits(ssl.PEM_cert_to_DER_cert(first))
    chosen = (name for least, name in STRONGER if bits >= least)
    return GROUPS / next(chosen, "modp_2048.pem")


def _rsa_bits(certificate: bytes) -> int:
    """Give the size of the RSA key, to the byte; 0 for a shorter one and other kinds."""
    at = certificate.find(RSA_KEY)
    if at < 0:
        return 0
    # Tags and lengths of BIT STRING, SEQUENCE and modulus, 4 bytes each from 2048 bits on, and
    # one byte that says "no unused bits"; the modulus begins with a zero.
    modulus = certificate[at + len(RSA_KEY) + 9 :]
    return (int.from_bytes(modulus[2:4]) - 1) * 8 if modulus.startswith(LONG_INTEGER) else 0
