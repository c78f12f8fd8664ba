"""What a Postfix instance is, as data; see :mod:`honeypost.beside.survey.site`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from honeypost.beside.survey.versions import Version


@dataclass(frozen=True, slots=True)
class PostfixService:
    """One line of master.cf."""

    name: str
    """As it stands there: ``smtp``, ``127.0.0.1:10025``, ``bounce``."""
    type: str
    """``inet``, ``unix``, ``pass``, ``fifo``, ``unix-dgram``."""
    fields: str
    """private, unpriv, chroot, wakeup and maxproc as they stand there, blank-separated."""
    command: str
    """The program: ``smtpd``, ``bounce``, ``pipe``."""
    chroot: bool
    options: Mapping[str, str] = field(default_factory=dict)
    """Its ``-o`` settings as written, ``$`` and all."""
    effective: Mapping[str, str] = field(default_factory=dict)
    """Every setting in force there, expanded: ``-o`` wins over main.cf."""

    @property
    def label(self) -> str:
        """How master.cf and ``postconf -P`` name it: ``submission/inet``."""
        return f"{self.name}/{self.type}"

    @property
    def has_sasl(self) -> bool:
        """Do clients log in here?"""
        return self.command == "smtpd" and self.effective.get("smtpd_sasl_auth_enable") == "yes"

    @property
    def takes_mail_from_outside(self) -> bool:
        """
        Is this an MX: may a client without a login hand in mail for our domains?

        Submission and the way back from a content filter end in ``reject`` for strangers.
        """
        lists = ("client", "relay", "recipient")
        values = (self.effective.get(f"smtpd_{name}_restrictions", "") for name in lists)
        closed = any("reject" in value.replace(",", " ").split() for value in values)
        return self.command == "smtpd" and not closed

    def written(self, name: str, raw: Mapping[str, str]) -> str:
        """
        Give a setting as it is written (``$name`` kept), what ours are put before.

        :param raw: main.cf as written (:attr:`PostfixSite.raw`).
        """
        return self.options.get(name, raw.get(name, ""))


@dataclass(frozen=True, slots=True)
class Table:
    """A lookup table that Postfix is told to use, and its text where that could be read."""

    parameter: str
    """Where it is named: ``header_checks``, ``smtpd_data_restrictions``."""
    spec: str
    """As named: ``regexp:/etc/postfix/header_checks``."""
    text: str | None
    """The lines of its source; ``None`` where only Postfix can read it (SQL, LDAP) or nobody."""
    services: tuple[str, ...] = ()
    """Labels of the services that use it."""
    unknown_header: str = ""
    """What checks of headers do to one that nobody knows, as ours is; ``""`` when nothing."""


@dataclass(frozen=True, slots=True)
class NameMap:
    """A map that holds names of real people, and how it answered."""

    parameter: str
    spec: str
    """As ``postmap -q`` takes it."""
    everyone: bool
    """It knew a name that nobody has: a catch-all by pattern, so it tells nothing."""
    trouble: str = ""
    """What ``postmap`` complained of, ``""`` when it answered."""
    closed: bool = False
    """Its file is closed to all but root and Postfix, so our worker could not ask it."""
    missing: tuple[str, ...] = ()
    """Names that stand in its source file and that Postfix does not find."""


class DomainKind(StrEnum):
    """Postfix's address classes."""

    LOCAL = "mydestination"
    MAILBOX = "virtual mailbox"
    ALIAS = "virtual alias"
    RELAY = "relay"


@dataclass(frozen=True, slots=True)
class Domain:
    """A domain that this host takes mail for."""

    name: str
    kind: DomainKind
    catch_all: str = ""
    """The map in which every name of it exists, ``""`` when there is none."""


@dataclass(frozen=True, slots=True)
class OtherInstance:
    """Another Postfix of the same host (``multi_instance_directories``)."""

    directory: Path
    sasl_path: str
    """Its ``smtpd_sasl_path`` where clients can log in through Dovecot, else ``""``."""


@dataclass(frozen=True, slots=True)
class PostfixSite:
    """A Postfix instance."""

    version: Version
    config_directory: Path
    queue_directory: Path
    settings: Mapping[str, str]
    """main.cf with defaults, expanded (``postconf -x``)."""
    raw: Mapping[str, str]
    """The same as written (``postconf``)."""
    services: tuple[PostfixService, ...]
    checks: tuple[Table, ...] = ()
    """header, mime_header, nested_header, body and milter_header checks of what decoys pass."""
    access: tuple[Table, ...] = ()
    """Access tables in the data and end-of-data lists of services with SASL."""
    names: tuple[NameMap, ...] = ()
    domains: tuple[Domain, ...] = ()
    unlisted_domains: tuple[str, ...] = ()
    """``parameter = table`` where domains are in a table that cannot be listed."""
    other_instances: tuple[OtherInstance, ...] = ()

    @property
    def smtpd(self) -> tuple[PostfixService, ...]:
        """Services that run smtpd(8)."""
        return tuple(s for s in self.services if s.command == "smtpd")

    @property
    def sasl_services(self) -> tuple[PostfixService, ...]:
        """Services where clients log in; containment goes on each of them."""
        return tuple(s for s in self.smtpd if s.has_sasl)

    def service(self, name: str, kind: str = "unix") -> PostfixService | None:
        """Find a service by name and type."""
        return next((s for s in self.services if (s.name, s.type) == (name, kind)), None)

    @property
    def pickup(self) -> PostfixService | None:
        """The service that takes in what local programs and ``postsuper -r`` hand in."""
        return next((s for s in self.services if s.command == "pickup"), None)

    def cleanup_of(self, service: PostfixService) -> PostfixService | None:
        """Find the cleanup(8) that a service hands its mail to."""
        name = service.effective.get("cleanup_service_name", "cleanup")
        found = self.service(name)
        return found if found is not None and found.command == "cleanup" else None
