"""What a Dovecot instance is, as data; see :mod:`honeypost.beside.survey.site`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from honeypost.beside.survey.versions import Version


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
