"""A certificate for a test's daemons, and clients that take any."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path


def make_certificate(certificate: Path, key: Path, hostname: str) -> None:
    """Make a certificate that the host signed itself."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "30", "-subj", f"/CN={hostname}",
         "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip


def trusting_client() -> ssl.SSLContext:
    """Give the context of a client that takes any certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
