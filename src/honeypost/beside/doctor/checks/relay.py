"""Is this host an open relay?"""

from __future__ import annotations

from collections.abc import Iterator

from honeypost.beside.doctor.case import Case
from honeypost.beside.doctor.places import mx_place, outside_source, trusted_by_postfix
from honeypost.beside.doctor.results import Check, Result, not_proven, ok, red, skipped
from honeypost.errors import HoneypostError

RECIPIENT = "relay-test@example.com"
"""A domain that nobody receives mail for (RFC 2606); no message is sent, only RCPT."""


def look(case: Case) -> Iterator[Result]:
    """Ask to relay from an address that Postfix does not trust, and break off."""
    place = mx_place(case)
    if place is None:
        yield skipped("no service takes mail from outside")
        return
    source = outside_source(case, trusted_by_postfix(case), place[0])
    if source is None:
        yield not_proven(
            "every address of this host is in mynetworks", "test port 25 from another host"
        )
        return
    code, said = _asked(case, place, source)
    if code // 100 == 2:  # noqa: PLR2004 - SMTP's "yes"
        yield red(
            f"from {source}, which is not in mynetworks, mail to {RECIPIENT} is relayed",
            "end smtpd_relay_restrictions with reject_unauth_destination, now",
        )
    else:
        yield ok(f"from {source} relaying is refused: {said}")


def _asked(case: Case, place: tuple[str, int], source: str) -> tuple[int, str]:
    with case.connect(*place, source) as session:
        for line in ("", "EHLO doctor.invalid", f"MAIL FROM:<postmaster@{_domain(case)}>"):
            code, said = session.command(line)
            if code // 100 != 2:  # noqa: PLR2004 - SMTP's "yes"
                raise HoneypostError(f"Postfix says {_short(said)} to {line or 'a connection'}")
        answer = session.command(f"RCPT TO:<{RECIPIENT}>")
        session.command("QUIT")
    return answer[0], _short(answer[1])


def _domain(case: Case) -> str:
    return case.config.site.domains[0]


def _short(said: str) -> str:
    return " ".join(said.split())[:80]


CHECK = Check(
    "relay",
    "Mail from outside to outside is refused.",
    "RCPT to example.com from an address of this host that is not in mynetworks; never DATA.",
    look,
)
