"""
What a mail host is, as data: what :func:`~honeypost.beside.survey.read.read_site` found.

Nothing here reads anything.  Everything is as the programs themselves say it (``postconf``,
``doveconf``), so includes, defaults and ``-o`` options are already resolved.  Where a value
could not be read the field says so (``None``); it is never guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from honeypost.beside.survey.dovecot_site import (
    AuthListener,
    DovecotSite,
    Namespace,
    Passdb,
    Userdb,
    belongs_to_us,
)
from honeypost.beside.survey.postfix_site import (
    Domain,
    DomainKind,
    NameMap,
    OtherInstance,
    PostfixService,
    PostfixSite,
    Table,
)
from honeypost.beside.survey.versions import Version

__all__ = [
    "AuthListener",
    "Domain",
    "DomainKind",
    "DovecotSite",
    "Fail2ban",
    "MailSite",
    "NameMap",
    "Namespace",
    "OtherInstance",
    "PamService",
    "Passdb",
    "PostfixService",
    "PostfixSite",
    "SystemSite",
    "Table",
    "Userdb",
    "Version",
    "belongs_to_us",
]


@dataclass(frozen=True, slots=True)
class PamService:
    """What ``/etc/pam.d`` asks for one service, includes followed."""

    name: str
    modules: tuple[str, ...]
    """Modules of its ``auth`` lines in order, without path: ``pam_unix.so``."""
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Fail2ban:
    """What fail2ban is told."""

    ignored: tuple[str, ...]
    """``ignoreip``: addresses and networks that are never blocked."""
    mail_jails: tuple[str, ...]
    """Enabled jails that read Postfix's or Dovecot's log."""


@dataclass(frozen=True, slots=True)
class SystemSite:
    """What stands around the two daemons."""

    nsswitch: str
    """The ``passwd`` line of nsswitch.conf, without ``passwd:``."""
    pam: tuple[PamService, ...] = ()
    memory_bytes: int | None = None
    fail2ban: Fail2ban | None = None
    webmail: tuple[Path, ...] = ()
    """Folders of webmail programs found on this host."""
    addresses: tuple[str, ...] = ()
    """Of this host, without loopback and link-local ones."""
    decoy_uid: int | None = None
    """Uid of the system user for decoy mailboxes, ``None`` while there is none."""


@dataclass(frozen=True, slots=True)
class MailSite:
    """A mail host: Postfix, Dovecot and what stands around them."""

    postfix: PostfixSite
    dovecot: DovecotSite
    system: SystemSite
