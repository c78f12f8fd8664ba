"""
What the real programs said about a site, kept so that unit tests need none of them.

Recorded on Postfix 3.7.11 and Dovecot 2.3.19.1 by ``record``; ``tests/integration/beside`` compares
them with the programs of this machine when those have the same version.  Of ``postconf`` only the
settings that our own source names are kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import honeypost.beside.survey
from honeypost.beside.survey.programs import Answer, Run, run_program

GOLDEN = Path(__file__).parent.parent / "unit/beside/survey/golden"
SITE = "/srv/site"
"""Stands for the folder of the site."""

Told = dict[str, list[str]]


def record(base: Path) -> tuple[Told, Run]:
    """Give what is told, to be filled by the runs of the second."""
    told: Told = {}

    def run(command: Sequence[str], given: str) -> Answer:
        answer = run_program(command, given)
        lines = [*_kept(command, answer.out), *(f"! {line}" for line in answer.err.splitlines())]
        told[_key(command, base)] = [line.replace(str(base), SITE) for line in lines]
        return answer

    return told, run


def replay(name: str, base: Path) -> Run:
    """Give a run that answers as the programs once did."""
    told: Told = json.loads((GOLDEN / f"{name}.json").read_text())

    def run(command: Sequence[str], given: str) -> Answer:
        lines = [line.replace(SITE, str(base)) for line in told[_key(command, base)]]
        out = [line for line in lines if not line.startswith("! ")]
        err = [line.removeprefix("! ") for line in lines if line.startswith("! ")]
        # postmap ends with 1 when it found nothing; nobody but the caller's own eyes needs it.
        return Answer("".join(f"{line}\n" for line in out), "\n".join(err), 0)

    return run


def _key(command: Sequence[str], base: Path) -> str:
    return " ".join(command).replace(str(base), SITE)


def _kept(command: Sequence[str], out: str) -> list[str]:
    lines = out.splitlines()
    if command[0] != "postconf" or {"-M", "-P"} & set(command):
        return lines
    named = _named()
    return [line for line in lines if line.partition(" ")[0] in named]


def _named() -> frozenset[str]:
    folder = Path(honeypost.beside.survey.__path__[0])
    source = "".join(path.read_text() for path in sorted(folder.rglob("*.py")))
    extra = {
        "smtpd_client_restrictions",
        "smtpd_relay_restrictions",
        "smtpd_recipient_restrictions",
    }
    return frozenset(re.findall(r"\w+", source)) | extra
