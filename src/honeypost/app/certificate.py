"""
A certificate as a small host makes it for itself.

Self-signed, EC P-256, named after the host; it began some weeks ago, so that it is not born
with the first connection, and lasts ten years, as Debian's ``ssl-cert`` has it.  Made once;
a certificate that changes with each start would be noticed.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from honeypost.ports import Chance, Clock

VALID_DAYS = 3650
AGE_DAYS_MOST = 90
COMMON_NAME_MAX = 64
"""RFC 5280, appendix A; a longer host name stands in the alternative name only."""


def create_if_missing(folder: Path, hostname: str, clock: Clock, chance: Chance) -> None:
    """
    Make ``certificate.pem`` and ``key.pem`` (mode 0600) in ``folder`` unless they are there.

    :raises OSError: when they cannot be written.
    """
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    if certificate.exists() and key.exists():
        return
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    private = ec.generate_private_key(ec.SECP256R1())
    age = timedelta(seconds=int.from_bytes(chance(4), "big") % (AGE_DAYS_MOST * 86_400))
    signed = _signed(private, hostname, datetime.fromtimestamp(clock(), UTC) - age)
    _write(
        key,
        private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
    )
    _write(certificate, signed.public_bytes(serialization.Encoding.PEM))


def _signed(
    private: ec.EllipticCurvePrivateKey, hostname: str, begin: datetime
) -> x509.Certificate:
    common = hostname if len(hostname) <= COMMON_NAME_MAX else hostname.partition(".")[0]
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=VALID_DAYS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(hostname)]), critical=False)
        .sign(private, hashes.SHA256())
    )


def _write(path: Path, data: bytes) -> None:
    """Replace the file in one step; it is never readable by others."""
    draft = path.with_suffix(".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    draft.replace(path)
