"""The certificate that a site makes for itself."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from honeypost.app.certificate import AGE_DAYS_MOST, create_if_missing

NOW = 1_790_000_000.0


def made(folder: Path, hostname: str = "mail.example.org") -> x509.Certificate:
    create_if_missing(folder, hostname, lambda: NOW, lambda size: b"\x12" * size)
    return x509.load_pem_x509_certificate((folder / "certificate.pem").read_bytes())


def test_it_is_named_after_the_host_and_older_than_its_first_use(tmp_path: Path) -> None:
    certificate = made(tmp_path)
    assert certificate.subject.rfc4514_string() == "CN=mail.example.org"
    assert certificate.issuer == certificate.subject
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["mail.example.org"]
    age = datetime.fromtimestamp(NOW, UTC) - certificate.not_valid_before_utc
    assert timedelta(0) < age < timedelta(days=AGE_DAYS_MOST)
    assert certificate.not_valid_after_utc > datetime.fromtimestamp(NOW, UTC)
    key = certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert key.curve.name == "secp256r1"


def test_it_is_made_once(tmp_path: Path) -> None:
    assert made(tmp_path) == made(tmp_path)


@pytest.mark.parametrize("lost", ["certificate.pem", "key.pem"])
def test_half_a_pair_is_replaced(tmp_path: Path, lost: str) -> None:
    first = made(tmp_path)
    (tmp_path / lost).unlink()
    assert made(tmp_path) != first


def test_the_key_is_ours_alone(tmp_path: Path) -> None:
    made(tmp_path / "tls")
    assert stat.S_IMODE((tmp_path / "tls" / "key.pem").stat().st_mode) == 0o600
    assert not list((tmp_path / "tls").glob("*.new"))


def test_a_long_host_name_stands_in_the_alternative_name(tmp_path: Path) -> None:
    hostname = f"mail.{'x' * 60}.example.org"
    certificate = made(tmp_path, hostname)
    assert certificate.subject.rfc4514_string() == "CN=mail"
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [hostname]
