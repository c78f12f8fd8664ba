"""A real name never reaches the decoy step."""

from __future__ import annotations

from collections.abc import Iterator

from honeypost.beside.doctor.case import Case
from honeypost.beside.doctor.checks.unknown_names import has_reached
from honeypost.beside.doctor.logins import try_login
from honeypost.beside.doctor.results import Check, Result, not_proven, ok, red, skipped
from honeypost.model import Secret


def look(case: Case) -> Iterator[Result]:
    """Try the operator's own account with a wrong password, once."""
    if not case.config.listeners.lookup:
        yield skipped("nothing is attached")
        return
    if case.account is None:
        yield not_proven("no real account may be tried", "name one of yours with --test-account")
        return
    name, client = case.account.name, case.outsider()
    login = try_login(case, name, Secret(case.random(12).hex().encode()), client)
    if login.succeeded:
        yield red(f"{name} got in with a random password", "honeypost detach, and look at Dovecot")
    elif has_reached(case, client):
        yield red(
            f"the decoys were asked about {name}, who is real",
            "honeypost detach now; is it really a user of this host?",
        )
    else:
        yield ok(f"a wrong password of {name} was refused without asking the decoys")


CHECK = Check(
    "real names",
    "A wrong password of a real user is refused without asking the decoys.",
    "One login with the test account and a random password; our journal must not show it.",
    look,
)
