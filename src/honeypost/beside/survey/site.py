"""
What a mail host is, as data: what :func:`~honeypost.beside.survey.read.read_site` found.

Nothing here reads anything.  Everything is as the programs themselves say it (``postconf``,
``doveconf``), so includes, defaults and ``-o`` options are already resolved.  Where a value
could not be read the field says so (``None``); it is never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

Version = tuple[int, ...]
"""As far as it is numbers: ``(3, 7, 11)``, ``(2, 3, 19, 1)``; ``()`` where none was told."""


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


@dataclass(frozen=True, slots=True)
class Passdb:
    """A password database, in its place in the chain."""

    driver: str
    name: str = ""
    """Its name in 2.4 (``passdb NAME {``), mostly empty in 2.3."""
    args: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    """All of its settings, ``driver`` and ``args`` among them."""
    query_file: str | None = None
    """Text of the file that ``args`` names for sql and ldap; holds a password."""

    def is_on(self, setting: str) -> bool:
        """Is a yes-or-no setting of it on?"""
        return self.settings.get(setting, "no") == "yes"

    def __repr__(self) -> str:
        return f"Passdb(driver={self.driver!r}, name={self.name!r}, args={self.args!r})"


@dataclass(frozen=True, slots=True)
class Userdb:
    """A user database, in its place in the chain."""

    driver: str
    name: str = ""
    args: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Namespace:
    """A namespace of the mailboxes."""

    name: str
    type: str
    """``private``, ``shared`` or ``public``."""
    prefix: str
    location: str
    """Its own location, ``""`` for the user's ``mail_location``."""
    inbox: bool


@dataclass(frozen=True, slots=True)
class AuthListener:
    """A socket of Dovecot's auth service over which others ask it."""

    path: str
    """A path, or ``inet:ADDRESS:PORT``."""
    mode: str
    user: str
    group: str


@dataclass(frozen=True, slots=True)
class DovecotSite:
    """A Dovecot instance."""

    version: Version
    config: Path
    """The main configuration file."""
    drop_in: Path | None
    """``conf.d`` beside it where that is included (what is put there is read), else ``None``."""
    settings: Mapping[str, str]
    """Settings outside any block."""
    passdbs: tuple[Passdb, ...]
    userdbs: tuple[Userdb, ...]
    namespaces: tuple[Namespace, ...] = ()
    plugins: Mapping[str, str] = field(default_factory=dict)
    """``mail_plugins`` of ``""`` (everywhere), ``imap`` and ``pop3``."""
    plugin_settings: Mapping[str, str] = field(default_factory=dict)
    listeners: tuple[AuthListener, ...] = ()
    lua: bool = False
    """The Lua module for auth is installed."""
    lua_http: bool = False
    """Its library has ``dovecot.http``."""

    @property
    def dialect(self) -> str:
        """``2.3`` or ``2.4``: the language of its configuration."""
        return "2.3" if self.version < (2, 4) else "2.4"

    @property
    def protocols(self) -> frozenset[str]:
        return frozenset(self.settings.get("protocols", "").split())

    @property
    def real_passdbs(self) -> tuple[Passdb, ...]:
        """Databases of the site's own that can let somebody in."""
        return tuple(
            p
            for p in self.passdbs
            if not (p.is_on("deny") or p.is_on("master") or belongs_to_us(p.settings))
        )


def belongs_to_us(settings: Mapping[str, str]) -> bool:
    """Tell our own links of the password chain by the scripts that they run."""
    script = settings.get("args", "") + settings.get("lua_file", "")
    return settings.get("driver") == "lua" and script.split(" ")[0].endswith(
        ("/guard.lua", "/decoy.lua")
    )


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
    decoy_uid: int | None = None
    """Uid of the system user for decoy mailboxes, ``None`` while there is none."""


@dataclass(frozen=True, slots=True)
class MailSite:
    """A mail host: Postfix, Dovecot and what stands around them."""

    postfix: PostfixSite
    dovecot: DovecotSite
    system: SystemSite
