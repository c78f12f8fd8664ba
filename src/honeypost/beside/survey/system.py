"""Read what stands around the two daemons: name service, PAM, fail2ban, webmail, memory."""

from __future__ import annotations

import configparser
import re
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from honeypost.beside.survey.pam import read_pam
from honeypost.beside.survey.site import Fail2ban, SystemSite
from honeypost.beside.survey.tables import file_text

DECOY_USER = "honeypost-decoy"
"""System user whose uid the decoys' mailboxes have."""

WEBMAIL = (
    "usr/share/roundcube",
    "etc/roundcube",
    "var/lib/roundcube",
    "usr/share/squirrelmail",
    "etc/sogo",
    "var/www/rainloop",
    "var/www/snappymail",
    "var/www/roundcube",
    "var/www/html/roundcube",
    "var/www/html/webmail",
    "opt/roundcubemail",
    "usr/share/horde",
)
"""Where webmail programs are put by packages and by their own instructions."""

_MAIL_JAIL = re.compile(r"postfix|dovecot|sasl|sieve|imap|pop3|smtp|courier|recidive")


def read_system(root: Path, pam_services: Iterable[str]) -> SystemSite:
    """
    Read it.

    :param root: ``/``, or a folder with an ``etc`` of its own.
    :param pam_services: services that Dovecot's PAM databases name.
    """
    etc = root / "etc"
    return SystemSite(
        nsswitch=_passwd_line(file_text(etc / "nsswitch.conf")),
        pam=tuple(read_pam(etc / "pam.d", name) for name in dict.fromkeys(pam_services)),
        memory_bytes=_memory(file_text(root / "proc" / "meminfo")),
        fail2ban=_fail2ban(etc / "fail2ban"),
        webmail=tuple(path for path in (root / name for name in WEBMAIL) if path.is_dir()),
        addresses=tuple(dict.fromkeys(_addresses(root / "proc" / "net"))),
        decoy_uid=_uid(file_text(etc / "passwd"), DECOY_USER),
    )


def _passwd_line(text: str | None) -> str:
    """Give the sources of ``passwd``; without a line the C library takes ``files``."""
    match = re.search(r"(?m)^\s*passwd\s*:([^#\n]*)", text or "")
    return match[1].strip() if match else "files"


def _memory(text: str | None) -> int | None:
    match = re.search(r"(?m)^MemTotal:\s*(\d+) kB", text or "")
    return int(match[1]) * 1024 if match else None


def _uid(text: str | None, name: str) -> int | None:
    match = re.search(rf"(?m)^{re.escape(name)}:[^:]*:(\d+):", text or "")
    return int(match[1]) if match else None


def _addresses(net: Path) -> Iterator[str]:
    """Give the addresses of this host: local routes of IPv4, interfaces of IPv6 (proc(5))."""
    routes = re.finditer(r"\|-- ([\d.]+)\n\s+/32 host LOCAL", file_text(net / "fib_trie") or "")
    interfaces = (file_text(net / "if_inet6") or "").splitlines()
    found: Iterable[IPv4Address | IPv6Address] = (
        *(IPv4Address(route[1]) for route in routes),
        *(IPv6Address(int(line.split()[0], 16)) for line in interfaces),
    )
    for address in found:
        if not (address.is_loopback or address.is_link_local):
            yield str(address)


def _fail2ban(directory: Path) -> Fail2ban | None:
    """Read its jails in the order in which it does (jail.conf(5))."""
    if not directory.is_dir():
        return None
    files = [
        directory / "jail.conf",
        *sorted((directory / "jail.d").glob("*.conf")),
        directory / "jail.local",
        *sorted((directory / "jail.d").glob("*.local")),
    ]
    jails = configparser.RawConfigParser(strict=False, allow_no_value=True)
    for path in files:
        try:
            jails.read_string(file_text(path) or "", str(path))
        except configparser.Error:
            continue
    ignored = " ".join(
        jails.get(section, "ignoreip", fallback="") for section in ("DEFAULT", *jails.sections())
    )
    enabled = (name for name in jails.sections() if _is_enabled(jails, name))
    return Fail2ban(
        ignored=tuple(dict.fromkeys(re.findall(r"[\w.:/-]+", ignored))),
        mail_jails=tuple(name for name in enabled if _MAIL_JAIL.search(name)),
    )


def _is_enabled(jails: configparser.RawConfigParser, name: str) -> bool:
    return (jails.get(name, "enabled", fallback="") or "").strip().lower() in ("true", "yes", "1")
