"""A real mailbox answers as ever."""

from __future__ import annotations

from collections.abc import Iterator

from honeypost.beside.doctor.case import Case
from honeypost.beside.doctor.logins import try_login
from honeypost.beside.doctor.results import Check, Result, not_proven, ok, red

MEND = "honeypost detach restores both daemons; then look at Dovecot's log"


def look(case: Case) -> Iterator[Result]:
    """Log in to the operator's own account."""
    if case.account is None or case.account.password is None:
        yield not_proven("no real account may be tried", "name one of yours with --test-account")
        return
    login = try_login(case, case.account.name, case.account.password, case.outsider())
    if not login.succeeded:
        yield red(f"{case.account.name} is refused: {login.said[-80:]}", MEND)
    elif case.secrets.marker_domain in login.said:
        yield red(f"{case.account.name}, who is real, was let in as a decoy", MEND)
    else:
        yield ok(f"{case.account.name} is let in as itself, in {login.seconds * 1000:.0f} ms")


CHECK = Check(
    "mailbox",
    "A real user with the right password is let in as itself.",
    "One login with the test account and its password.",
    look,
)
