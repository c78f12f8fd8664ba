"""
Three kinds of real user databases, as sites have them: a passwd-file, PAM, SQL.

Each writes what it needs below a folder and gives the text for Dovecot; ``break_it`` makes it
unable to answer, as a database server that is down.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Mapping
from pathlib import Path

from honeypost.beside.dovecot.chain import PAM_DENY, DenyCopy

DOMAIN = "example.org"
REAL = {
    f"alice@{DOMAIN}": "Sommer-Regen-9431",
    f"bob@{DOMAIN}": "korrekt pferd batterie",
    f"carol@{DOMAIN}": "zZ7-unlikely-word",
}
"""Real accounts; none has a password that anybody guesses."""

VMAIL = 5000


class PasswdFile:
    """``passwd-file``, full addresses."""

    kind = "passwd-file"
    deny: tuple[DenyCopy, ...] = ()
    login_format = "%Lu"

    def __init__(self, base: Path, users: Mapping[str, str] = REAL) -> None:
        self._base, self._path = base, base / "users"
        self._path.write_text(
            "".join(
                f"{name}:{{PLAIN}}{password}:{VMAIL}:{VMAIL}::{base}/mail/{name}::\n"
                for name, password in users.items()
            )
        )

    def passdb(self) -> str:
        return (
            "passdb {\n  driver = passwd-file\n"
            f"  args = scheme=PLAIN username_format=%u {self._path}\n}}\n"
        )

    def userdb(self) -> str:
        return f"userdb {{\n  driver = passwd-file\n  args = username_format=%u {self._path}\n}}\n"

    def command(self, arguments: list[str]) -> list[str]:
        return arguments

    def break_it(self) -> None:
        self._path.rename(self._base / "users.away")

    def mend_it(self) -> None:
        (self._base / "users.away").rename(self._path)


class Sql(PasswdFile):
    """SQLite through Dovecot's SQL driver, full addresses."""

    kind = "sql"

    def __init__(self, base: Path, users: Mapping[str, str] = REAL) -> None:
        self._base, self._path = base, base / "users.db"
        with sqlite3.connect(self._path) as database:
            database.execute("CREATE TABLE users (name TEXT PRIMARY KEY, password TEXT)")
            database.executemany("INSERT INTO users VALUES (?, ?)", users.items())
        database.close()
        home = f"'{base}/mail/' || name AS home, {VMAIL} AS uid, {VMAIL} AS gid"
        (base / "sql.conf").write_text(
            f"driver = sqlite\nconnect = {self._path}\ndefault_pass_scheme = PLAIN\n"
            "password_query = SELECT name AS user, password FROM users WHERE name = '%u'\n"
            f"user_query = SELECT {home} FROM users WHERE name = '%u'\n"
            "iterate_query = SELECT name AS username FROM users\n"
        )

    def passdb(self) -> str:
        return f"passdb {{\n  driver = sql\n  args = {self._base}/sql.conf\n}}\n"

    def userdb(self) -> str:
        return f"userdb {{\n  driver = sql\n  args = {self._base}/sql.conf\n}}\n"


class Pam:
    """
    PAM over system users that exist only for the daemon.

    Dovecot runs in a mount namespace where passwd, shadow, nsswitch.conf and pam.d are ours, so
    nothing of the machine is touched.
    """

    kind = "pam"
    deny = (PAM_DENY,)
    login_format = "%Ln"
    FIRST_UID = 30_000

    def __init__(self, base: Path, users: Mapping[str, str] = REAL) -> None:
        self._etc = base / "etc"
        (self._etc / "pam.d").mkdir(parents=True)
        passwd, shadow = [Path("/etc/passwd").read_text()], []
        for uid, (name, password) in enumerate(users.items(), self.FIRST_UID):
            local, hashed = name.partition("@")[0], hashed_password(password)
            passwd.append(f"{local}:x:{uid}:{uid}::{base}/mail/{name}:/bin/false\n")
            shadow.append(f"{local}:{hashed}:19000:0:99999:7:::\n")
            home = base / "mail" / name
            home.mkdir(parents=True)
            home.chmod(0o700)
            os.chown(home, uid, uid)
        self._passwd = "".join(passwd)
        self._write("passwd", self._passwd, 0o644)
        self._write("shadow", "".join(shadow), 0o600)
        self._write("nsswitch.conf", NSS, 0o644)
        rules = "auth required pam_unix.so nodelay\naccount required pam_unix.so\n"
        self._write("pam.d/dovecot", rules, 0o644)
        self._write("pam.d/other", "auth required pam_deny.so\n", 0o644)

    def passdb(self) -> str:
        return "passdb {\n  driver = pam\n  args = dovecot\n}\n"

    def userdb(self) -> str:
        return "userdb {\n  driver = passwd\n}\n"

    def command(self, arguments: list[str]) -> list[str]:
        names = ("passwd", "shadow", "nsswitch.conf", "pam.d")
        binds = "".join(f"mount --bind {self._etc}/{name} /etc/{name} && " for name in names)
        return ["unshare", "--mount", "sh", "-c", f'{binds} exec "$@"', "sh", *arguments]

    def break_it(self) -> None:
        """The users are in a directory (Hesiod) that cannot be reached; so PAM fails as well."""
        self._write("passwd", Path("/etc/passwd").read_text(), 0o644)
        self._write("nsswitch.conf", NSS.replace("passwd: files", "passwd: files hesiod"), 0o644)

    def mend_it(self) -> None:
        self._write("passwd", self._passwd, 0o644)
        self._write("nsswitch.conf", NSS, 0o644)

    def _write(self, name: str, content: str, mode: int) -> None:
        path = self._etc / name
        path.write_text(content)
        path.chmod(mode)


NSS = "passwd: files\ngroup: files\nshadow: files\n"
KINDS = {kind.kind: kind for kind in (PasswdFile, Pam, Sql)}


def hashed_password(password: str) -> str:
    """Give what /etc/shadow has of a password."""
    done = subprocess.run(
        ["openssl", "passwd", "-6", "-stdin"],
        input=password, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.strip()
