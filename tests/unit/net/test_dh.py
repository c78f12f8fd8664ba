"""The group that goes with the certificate."""

from __future__ import annotations

import datetime as dt
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from honeypost.net.dh import GROUPS, group_for


def certificate(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail.example.org")])
    begin = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, begin, begin)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


@pytest.mark.parametrize(
    ("bits", "group"), [(1024, 2048), (2048, 2048), (3072, 3072), (4096, 4096)]
)
def test_the_group_is_as_strong_as_an_rsa_key(bits: int, group: int) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    assert group_for(certificate(key)).name == f"modp_{group}.pem"


def test_other_keys_have_the_usual_group() -> None:
    pem = certificate(ec.generate_private_key(ec.SECP256R1()))
    chain = "some text\n" + pem + "-----BEGIN CERTIFICATE-----\nnot looked at"
    assert group_for(chain).name == "modp_2048.pem"


def test_what_is_no_certificate_is_said_so() -> None:
    with pytest.raises(ValueError, match="PEM"):
        group_for("")


@pytest.mark.parametrize("path", sorted(GROUPS.iterdir()), ids=lambda path: path.name)
def test_each_group_can_be_loaded(path: Path) -> None:
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_dh_params(path)
