"""Do known and unknown addresses take the same time at RCPT?"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from honeypost.beside.attach.trial.smtp_client import SmtpClient
from honeypost.beside.doctor.case import PAUSE_SECONDS, Case
from honeypost.beside.doctor.places import mx_place
from honeypost.beside.doctor.results import Check, Result, not_proven, ok, skipped, warn
from honeypost.errors import HoneypostError

SESSIONS, PAIRS = 4, 5
"""Twenty probes of each kind; Postfix slows a session down only after 10 errors."""

MOST_SECONDS = 0.005


def look(case: Case) -> Iterator[Result]:
    """Name a known and an unknown address in turn, and never send a message."""
    place = mx_place(case)
    if place is None:
        yield skipped("no service takes mail from outside")
        return
    known = case.account.name if case.account else "postmaster"
    domain = case.config.site.domains[0]
    known = known if "@" in known else f"{known}@{domain}"
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(SESSIONS):
        with case.connect(*place, "") as session:
            _begin(session, domain)
            for _ in range(PAIRS):
                code = _probe(case, session, known, times[0])
                if code // 100 != 2:  # noqa: PLR2004 - SMTP's "yes"
                    yield not_proven(f"{known} is not taken ({code})", "name a --test-account")
                    return
                _probe(case, session, f"{case.word()}@{domain}", times[1])
    apart = median(times[1]) - median(times[0])
    line = (
        f"known and unknown addresses take {median(times[0]) * 1000:.1f} and"
        f" {median(times[1]) * 1000:.1f} ms (medians of {SESSIONS * PAIRS})"
    )
    yield ok(line) if abs(apart) <= MOST_SECONDS else warn(line, "look for slow address maps")


def _begin(session: SmtpClient, domain: str) -> None:
    for line in ("", "EHLO doctor.invalid", f"MAIL FROM:<postmaster@{domain}>"):
        code, said = session.command(line)
        if code // 100 != 2:  # noqa: PLR2004 - SMTP's "yes"
            raise HoneypostError(f"Postfix says {' '.join(said.split())[:80]}")


def _probe(case: Case, session: SmtpClient, address: str, times: list[float]) -> int:
    case.sleep(PAUSE_SECONDS)
    begun = case.clock()
    code, _ = session.command(f"RCPT TO:<{address}>")
    times.append(case.clock() - begun)
    return code


CHECK = Check(
    "timing",
    "The medians of known and unknown addresses at RCPT differ by 5 ms at most.",
    "20 of each in turn from loopback, 10 a second, no message.",
    look,
)
