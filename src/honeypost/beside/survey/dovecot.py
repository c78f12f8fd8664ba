"""
Read a Dovecot instance through ``doveconf``, secrets left hidden.

The files behind sql and ldap databases (2.3) are read themselves, since a condition in a query is
what makes a disabled account look unknown; they hold a password, so their text is never shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from honeypost.beside.survey.doveconf import Block, parse
from honeypost.beside.survey.programs import Run, output_of
from honeypost.beside.survey.site import AuthListener, DovecotSite, Namespace, Passdb, Userdb
from honeypost.beside.survey.tables import file_text
from honeypost.beside.survey.versions import numbers

_INCLUDE = re.compile(r"(?m)^\s*!include(?:_try)?\s+(\S+)")
_MAIN_FILE = re.compile(r"(?m)^# [\d.]+.*?: (/\S+)$")
_QUERIED = frozenset({"sql", "ldap"})


def read_dovecot(run: Run, config: Path | None) -> DovecotSite:
    """
    Read an instance; changes nothing and needs no daemon.

    :param config: its main file; ``None`` for the host's own.
    :raises SurveyError: ``dovecot`` or ``doveconf`` is missing or fails.
    """
    where = ("-c", str(config)) if config else ()
    said = output_of(run, "doveconf", *where, "-a")
    top = parse(said)
    named = _MAIN_FILE.search(said)
    main = config or Path(named[1] if named else "/etc/dovecot/dovecot.conf")
    modules = Path(top.settings.get("mail_plugin_dir") or "/usr/lib/dovecot/modules")
    return DovecotSite(
        version=numbers(output_of(run, "dovecot", "--version")),
        config=main,
        drop_in=_drop_in(main),
        settings={**top.settings, "protocols": " ".join(top.listed("protocols"))},
        passdbs=tuple(_passdb(block) for block in top.of_kind("passdb")),
        userdbs=tuple(_userdb(block) for block in top.of_kind("userdb")),
        namespaces=tuple(_namespace(block) for block in top.of_kind("namespace")),
        plugins=_plugins(top),
        plugin_settings={
            name: value for b in top.of_kind("plugin") for name, value in b.settings.items()
        },
        listeners=tuple(_listeners(top)),
        lua=(modules / "auth" / "libauthdb_lua.so").exists(),
        lua_http=_has_lua_http(modules.parent),
    )


def _passdb(block: Block) -> Passdb:
    driver = block.settings.get("driver") or block.name
    args = block.settings.get("args", "")
    path = args.split(" ")[-1]
    queried = driver in _QUERIED and path.startswith("/")
    return Passdb(
        driver=driver,
        name=block.name or block.settings.get("name", ""),
        args=args,
        settings={**block.settings, "driver": driver},
        query_file=file_text(Path(path)) if queried else None,
    )


def _userdb(block: Block) -> Userdb:
    driver = block.settings.get("driver") or block.name
    return Userdb(
        driver=driver,
        name=block.name or block.settings.get("name", ""),
        args=block.settings.get("args", ""),
        settings={**block.settings, "driver": driver},
    )


def _namespace(block: Block) -> Namespace:
    return Namespace(
        name=block.name or block.settings.get("name", ""),
        type=block.settings.get("type") or "private",
        prefix=block.settings.get("prefix", ""),
        location=block.settings.get("location") or block.settings.get("mail_path", ""),
        inbox=block.settings.get("inbox") == "yes",
    )


def _plugins(top: Block) -> dict[str, str]:
    """Give ``mail_plugins`` everywhere and per protocol, as they are in force there."""
    found = {"": " ".join(top.listed("mail_plugins"))}
    for block in top.of_kind("protocol"):
        own = block.listed("mail_plugins")
        if block.name in ("imap", "pop3") and own:
            found[block.name] = " ".join(own)
    return {name: found.get(name, found[""]) for name in ("", "imap", "pop3")}


def _listeners(top: Block) -> Iterator[AuthListener]:
    for service in top.of_kind("service"):
        if service.name != "auth":
            continue
        for block in service.of_kind("unix_listener"):
            yield AuthListener(
                path=block.name or block.settings.get("path", ""),
                mode=block.settings.get("mode", ""),
                user=block.settings.get("user", ""),
                group=block.settings.get("group", ""),
            )
        for block in service.of_kind("inet_listener"):
            port = block.settings.get("port", "0")
            if port != "0":
                yield AuthListener(
                    f"inet:{block.settings.get('address') or '*'}:{port}", "", "", ""
                )


def _drop_in(main: Path) -> Path | None:
    """Give ``conf.d`` beside the main file when every ``*.conf`` in it is included."""
    for pattern in _INCLUDE.findall(file_text(main) or ""):
        path = Path(pattern)
        path = path if path.is_absolute() else main.parent / path
        if path.name == "*.conf" and path.parent.is_dir():
            return path.parent
    return None


def _has_lua_http(libraries: Path) -> bool:
    """Look for the HTTP client in the library that Lua scripts run on."""
    found = sorted(libraries.glob("libdovecot-lua.so*"))
    return any(b"dlua_dovecot_http" in path.read_bytes() for path in found[:1])
