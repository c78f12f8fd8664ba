"""
Our part of a site's Dovecot, as files.

* ``conf.d/00-honeypost.conf``: the prefetch user database, before the site's own.
* ``conf.d/99-honeypost.conf``: deny copies, guard, decoys, the names socket; behind the site's own
  password databases.
* ``honeypost/``: both scripts with their settings, and the reporting of logins with its key.

The scripts are copies in Dovecot's own folder, so what was tried is what runs, and a package of
ours that is upgraded, half removed or gone leaves Dovecot with all that it needs to start.

Programs of ordinary users read Dovecot's configuration too (``dovecot-lda`` run by Postfix as the
recipient), and a file that they cannot open is fatal for them, unless it comes in by
``!include_try`` (both run on 2.3.19).  So the drop-ins are open to all and hold no secret, and the
key for reports is in a closed file that is only tried.

The names socket lies in Dovecot's own run folder: a listener whose folder is missing keeps
Dovecot from starting.

A site whose main file does not include ``conf.d`` gets two ``!include_try`` lines in that file,
the first before everything else and the last behind it.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from honeypost.beside.dovecot import chain_2_4
from honeypost.beside.dovecot.chain import SCRIPTS, SETTINGS, DecoyChain, names_socket, report_only

FIRST, LAST = "00-honeypost.conf", "99-honeypost.conf"
FOLDER = "honeypost"
REPORTS = "reports.ext"
NAMES_SOCKET = "honeypost-userdb"
DISARMED = ".disarmed"
"""Ending that the guard gives a file which it took out."""

HEAD = "# Written by honeypost attach; honeypost detach removes it.\n"

_VERSIONS = ("dovecot_config_version", "dovecot_storage_version")


@dataclass(frozen=True, slots=True)
class Reports:
    """Where Dovecot reports logins to."""

    url: str
    key: str
    nonce: str


@dataclass(frozen=True, slots=True)
class DovecotText:
    """
    What is written for one site.

    :raises ValueError: a value that cannot stand in a configuration.
    """

    chain: DecoyChain
    reports: Reports | None
    """``None`` where Dovecot reports to somebody else already: it can to one only."""
    names_user: str
    """System user that may ask who exists."""
    dialect: str
    """``2.3`` or ``2.4``."""

    def first(self) -> str:
        """Text that goes before all user databases of the site."""
        return HEAD + (self.chain.userdb() if self._is_2_3 else chain_2_4.userdb())

    def last(self) -> str:
        """Text that goes behind all password databases of the site."""
        passdbs = self.chain.passdbs() if self._is_2_3 else chain_2_4.passdbs(self.chain)
        reports = f"!include_try {self.chain.directory / REPORTS}\n" if self.reports else ""
        return HEAD + passdbs + names_socket(Path(NAMES_SOCKET), self.names_user) + reports

    def scripts(self) -> dict[str, bytes]:
        """Give the scripts by name."""
        package = files("honeypost.beside.lua")
        return {name: (package / name).read_bytes() for name in SCRIPTS}

    def secret_files(self) -> dict[str, str]:
        """Give the files of our folder that are not for everybody's eyes."""
        files = {SETTINGS: self.chain.settings()}
        if self.reports:
            files[REPORTS] = HEAD + self._reporting(self.reports)
        return files

    def _reporting(self, reports: Reports) -> str:
        make = report_only if self._is_2_3 else chain_2_4.report_only
        return make(reports.url, reports.key, reports.nonce)

    @property
    def _is_2_3(self) -> bool:
        return self.dialect == "2.3"


def with_includes(text: str, folder: Path) -> str:
    """
    Give a main file that takes our two files in, as its first and its last lines.

    In 2.4 the lines that name the version have to come first of all.
    """
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    place = max((n for n, x in enumerate(lines, 1) if x.lstrip().startswith(_VERSIONS)), default=0)
    first, last = include_lines(folder)
    return "".join([*lines[:place], first, *lines[place:], last])


def without_includes(text: str, folder: Path) -> str:
    """Take our lines out of a main file that somebody edited since."""
    ours = {line.strip() for line in include_lines(folder)}
    return "".join(x for x in text.splitlines(keepends=True) if x.strip() not in ours)


def include_lines(folder: Path) -> tuple[str, str]:
    """Give the lines that a main file without ``conf.d`` gets."""
    # Tried only: the guard may rename them, and a file that is missing is fatal to "!include".
    return f"!include_try {folder / FIRST}\n", f"!include_try {folder / LAST}\n"
