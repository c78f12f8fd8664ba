"""
Looking at the logs of mailcow, docker-mailserver and Mailu, whose daemons run in containers.

Honeypost's package is on the host, and only looks.  Decoys are offered in none of them, each for
its own reason, which stands in the notes; where it cannot be told who exists, or where containment
cannot be watched, there is no decoy.  Facts: the three projects' own configuration as published
in 2025 and 2026.  None of it was run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from honeypost.beside.recipes.parts import File, Proof, Recipe

MAILCOW: Final = "/opt/mailcow-dockerized"
DOCKER_MAILSERVER: Final = "/opt/docker-mailserver"
MAILU: Final = "/mailu"
"""Where the manuals of the three put their compose files."""

_FROM_LOGS: Final = """\
#!/bin/sh
# Has Honeypost look at what the mail containers said yesterday.
set -eu
cd {folder}
day=$(date -d yesterday +%F)
kept=$(mktemp -d)
trap 'rm -rf "$kept"' EXIT
docker compose logs --no-log-prefix --no-color --since "${{day}}T00:00:00" \\
  --until "${{day}}T23:59:59" {services} | sort -s -k3,3 > "$kept/mail.log"
honeypost import "$kept/mail.log"
"""
_UNWATCHED: Final = (
    "No decoys: containment is checked against Postfix's running processes, which a container"
    " hides from us."
)


def mailcow(folder: str = MAILCOW) -> Recipe:
    """
    Give the recipe for mailcow.

    :param folder: where its compose file lies.
    """
    return Recipe(
        (_daily("mailcow", folder, ("postfix-mailcow", "dovecot-mailcow")),),
        Proof.SYNTAX,
        (
            (
                "No decoys: Dovecot hands each password to a script that asks a web page, which"
                " does not tell an unknown name from a wrong password."
            ),
            "master.cf, where containment would stand, belongs to mailcow's own repository.",
        ),
    )


def docker_mailserver(folder: str = DOCKER_MAILSERVER) -> Recipe:
    """Give the recipe for docker-mailserver, which writes its log into a folder of the host."""
    log = f"{folder}/docker-data/dms/mail-logs/mail.log"
    return Recipe(
        (File("/etc/honeypost/honeypost.toml", f'[observe]\nlog = ["{log}"]\n'),),
        Proof.SYNTAX,
        (
            _UNWATCHED,
            (
                "Let the user honeypost-worker read that file: setfacl -m u:honeypost-worker:r,"
                " and x for the folders above it."
            ),
        ),
    )


def mailu(folder: str = MAILU) -> Recipe:
    """Give the recipe for Mailu."""
    return Recipe(
        (_daily("mailu", folder, ("smtp", "imap")),),
        Proof.SYNTAX,
        (
            "No decoys: its web server checks passwords before Postfix or Dovecot hear of them.",
            (
                "So refused logins stand in the log of that web server, which is not understood;"
                " what is seen are unknown recipients, relay attempts and who logged in."
            ),
        ),
    )


def _daily(name: str, folder: str, services: Sequence[str]) -> File:
    text = _FROM_LOGS.format(folder=folder, services=" ".join(services))
    return File(f"/etc/cron.daily/honeypost-{name}", text)
