"""
Try a login on the live Dovecot, as Postfix or a login process would ask it.

``doveadm auth test`` takes the client's address from us, so a probe need not come over the
network, and its secret from standard input, so it never stands in the list of processes
(measured on 2.3.19).
"""

from __future__ import annotations

from dataclasses import dataclass

from honeypost.beside.doctor.case import Case
from honeypost.errors import SurveyError
from honeypost.model import Secret

LOCAL = "192.0.2.2"
"""Address of ours that a probe names (TEST-NET-1, RFC 5737)."""


@dataclass(frozen=True, slots=True)
class Login:
    """What became of a login."""

    succeeded: bool
    seconds: float
    said: str
    """Without secrets; several lines in one."""


def try_login(case: Case, name: str, secret: Secret, client: str) -> Login:
    """
    Try a login over IMAP's chain.

    :param client: address that it is told to come from.
    :raises SurveyError: Dovecot does not answer within 10 s or cannot tell (temporary failure).
    """
    begun = case.clock()
    answer = case.run(
        ("doveadm", "-c", str(case.site.dovecot.config), "auth", "test",
         "-x", "service=imap", "-x", f"rip={client}", "-x", f"lip={LOCAL}", "--", name),
        secret.reveal().decode("utf-8", "surrogateescape") + "\n",
    )  # fmt: skip
    said = " ".join(f"{answer.out} {answer.err}".split())
    if "auth succeeded" not in said and "auth failed" not in said:
        raise SurveyError(f"Dovecot does not judge a login: {said[-200:] or answer.code}")
    if "temp" in said.partition("auth failed")[2]:
        raise SurveyError(f"Dovecot cannot judge a login now: {said[-200:]}")
    return Login("auth succeeded" in said, case.clock() - begun, said)
