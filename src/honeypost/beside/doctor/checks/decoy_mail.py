"""What a decoy sends ends in the vault."""

from __future__ import annotations

from collections.abc import Iterator

from honeypost.beside.doctor.case import PAUSE_SECONDS, Case
from honeypost.beside.doctor.places import outside_source, place_of, trusted_by_postfix
from honeypost.beside.doctor.results import Check, Result, not_proven, ok, red, skipped

CAUGHT_SECONDS = 10.0
TEXT = "Subject: doctor\r\n\r\nWritten by honeypost doctor.\r\n"


def look(case: Case) -> Iterator[Result]:
    """Log in as a decoy and send one message to a recipient that cannot exist."""
    if not case.deep:
        yield skipped("no message was sent as a decoy", "--deep does it; it leaves a capture")
        return
    decoy = case.evidence.decoy()
    place = _submission(case)
    if decoy is None or place is None:
        yield not_proven("there is no decoy yet", "wait for the first: honeypost status")
        return
    spared = (*trusted_by_postfix(case), *case.config.beside.no_decoys_from)
    source = outside_source(case, spared, place[0])
    if source is None:
        yield not_proven(
            "decoys are refused on every address of this host", "send one from another host"
        )
        return
    recipient = f"{case.word()}@doctor.invalid"
    with case.connect(*place, source) as session:
        session.greet()
        session.log_in(decoy[0], decoy[1].reveal().decode())
        session.send(f"postmaster@{case.config.site.domains[0]}", [recipient], TEXT, notify=False)
    yield _caught(case, recipient)


def _submission(case: Case) -> tuple[str, int] | None:
    """Give a service with logins that is not wrapped in TLS."""
    services = case.site.postfix.sasl_services
    plain = (s for s in services if s.effective.get("smtpd_tls_wrappermode") != "yes")
    return next((place for s in plain if (place := place_of(s))), None)


def _caught(case: Case, recipient: str) -> Result:
    deadline = case.clock() + CAUGHT_SECONDS
    while not case.evidence.captured(recipient):
        if case.clock() > deadline:
            return red(
                f"the message to {recipient} was not captured",
                "look for it: postqueue -p; nothing leaves as long as containment is ok",
            )
        case.sleep(PAUSE_SECONDS)
    return ok("a message of a decoy was captured")


CHECK = Check(
    "decoy mail",
    "A message that a decoy sends ends in our vault.",
    "With --deep and a decoy: one login and one message to a .invalid recipient, both kept.",
    look,
)
