"""An unknown name reaches the decoy step of the live password chain."""

from __future__ import annotations

from collections.abc import Iterator

from honeypost.beside.doctor.case import PAUSE_SECONDS, Case
from honeypost.beside.doctor.logins import try_login
from honeypost.beside.doctor.results import Check, Result, ok, red, skipped
from honeypost.model import Secret

NOTED_SECONDS = 3.0
"""The journal is written in groups, every second at the latest."""


def look(case: Case) -> Iterator[Result]:
    """Try an invented name with a secret that no list holds."""
    if not case.config.listeners.lookup:
        yield skipped("nothing is attached")
        return
    name, client = f"{case.word()}@{case.config.site.domains[0]}", case.outsider()
    login = try_login(case, name, Secret(case.random(12).hex().encode()), client)
    if login.succeeded:
        yield red(f"{name} got in with a random password", "honeypost detach, and look at Dovecot")
    elif has_reached(case, client):
        yield ok("an invented name is refused, and the decoys were asked about it")
    else:
        yield red(
            "an invented name is refused before the decoys are asked",
            "doveadm reload; then look at chain, sockets and Dovecot's log",
        )


def has_reached(case: Case, client: str) -> bool:
    """Wait for a question from that address to be noted; ``False`` when none is in time."""
    deadline = case.clock() + NOTED_SECONDS
    while not case.evidence.asked(client):
        if case.clock() > deadline:
            return False
        case.sleep(PAUSE_SECONDS)
    return True


CHECK = Check(
    "unknown names",
    "A login with a name that nobody has reaches the decoys, and gets nothing.",
    "One login on the live Dovecot, from an address that no host has; our journal must show it.",
    look,
)
