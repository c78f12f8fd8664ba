"""The host's names: what a client compares before it believes that this is a mail server."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from honeypost.beside.doctor.case import Case
from honeypost.beside.doctor.places import place_of
from honeypost.beside.doctor.results import Check, Result, not_proven, ok, red, warn

SOON_DAYS = 14
TELLING = ("honeypot", "honeypost", "spamtrap", "decoy", "canary", "localhost", "localdomain")
"""Words in a host's name that make attackers skip it."""


def look(case: Case) -> Iterator[Result]:
    """Look at hostname, certificate, MX and PTR."""
    hostname = case.site.postfix.settings.get("myhostname", "").lower()
    yield _hostname(hostname)
    yield _certificate(case, hostname)
    yield _mx(case, hostname)
    yield _ptr(case, hostname)


def _hostname(hostname: str) -> Result:
    telling = [word for word in TELLING if word in hostname]
    if telling or "." not in hostname:
        return warn(
            f"HELO and banner say {hostname!r}, which is no mail server's name",
            "set myhostname to the name that the MX record has",
        )
    return ok(f"HELO and banner say {hostname}")


def _certificate(case: Case, hostname: str) -> Result:
    path = _certificate_file(case)
    if path is None:
        return warn("Postfix offers no certificate", "set smtpd_tls_cert_file")
    try:
        found = x509.load_pem_x509_certificate(path.read_bytes())
    except ValueError as error:
        return not_proven(f"{path} cannot be read: {error}", "openssl x509 -text -in it")
    names = _names_of(found)
    days = (found.not_valid_after_utc - datetime.fromtimestamp(case.now, UTC)).days
    if days < 0:
        return red(f"the certificate expired {-days} days ago", "renew it and reload Postfix")
    if not any(_covers(name, hostname) for name in names):
        return warn(
            f"the certificate is for {', '.join(names)}, not {hostname}", "get one for that name"
        )
    if days < SOON_DAYS:
        return warn(f"the certificate for {hostname} expires in {days} days", "renew it")
    return ok(f"the certificate is for {hostname}, for {days} more days")


def _certificate_file(case: Case) -> Path | None:
    for service in case.site.postfix.smtpd:
        if place_of(service) is None:
            continue
        for setting in ("smtpd_tls_chain_files", "smtpd_tls_cert_file"):
            named = service.effective.get(setting, "").replace(",", " ").split()
            if named and named[-1].startswith("/"):
                return Path(named[-1])
    return None


def _names_of(found: x509.Certificate) -> list[str]:
    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return [name.lower() for name in names.get_values_for_type(x509.DNSName)]
    except x509.ExtensionNotFound:
        common = found.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        return [str(name.value).lower() for name in common]


def _covers(name: str, hostname: str) -> bool:
    """Compare as RFC 6125, section 6.4.3: a star stands for one whole first label."""
    return name == hostname or (name[:2] == "*." and hostname.partition(".")[2] == name[2:])


def _mx(case: Case, hostname: str) -> Result:
    domain = case.config.site.domains[0]
    answer = case.ask_dns(domain, "MX")
    if answer is None:
        return not_proven(f"MX of {domain}: no answer from the DNS", "dig MX, from another host")
    hosts = [text.split()[-1].rstrip(".").lower() for text in answer if text]
    if hostname in hosts:
        return ok(f"the MX of {domain} is {hostname}")
    shown = ", ".join(hosts) or "missing"
    return warn(f"the MX of {domain} is {shown}", f"let the MX record name {hostname}")


def _ptr(case: Case, hostname: str) -> Result:
    addresses = [*(case.ask_dns(hostname, "A") or ()), *(case.ask_dns(hostname, "AAAA") or ())]
    if not addresses:
        return not_proven(f"{hostname}: the DNS gives no address", "dig A, from another host")
    for address in addresses:
        pointers = case.ask_dns(address, "PTR")
        if pointers is None:
            return not_proven(f"PTR of {address}: no answer", "dig -x, from another host")
        if hostname not in [text.rstrip(".").lower() for text in pointers]:
            return warn(
                f"{address} points back to {', '.join(pointers) or 'nothing'}",
                f"have your hoster set its PTR to {hostname}",
            )
    return ok(f"{', '.join(addresses)} and {hostname} point to each other")


CHECK = Check(
    "names",
    "HELO, certificate, MX and PTR are one mail server's, so attackers do not skip it.",
    "Read from the configuration and the certificate; MX and PTR asked of the DNS, 2 s each.",
    look,
)
