"""
Is the sender of mail to an unknown address told, and when?

Theory of operation
===================

A bounce to somebody who never wrote is backscatter.  So a sender is told only when it is shown that
the domain of MAIL FROM, to which the bounce would go, sent the message:

* SPF says *pass* for the client's address (RFC 7208); or
* the domain has no SPF record and the client is one of its own MX or A hosts; or
* a DKIM signature of that domain, or of a domain above it, verifies, and the signed To or Cc names
  this very recipient.  Without the last a message that somebody once got from a bank could be
  sent on, and the bank would get the bounce.

Machines are never told: the null sender, automatic replies (RFC 3834) and bulk mail.  What could
not be found out now (DNS does not answer) is judged later, and given up in the end.

Whoever is told is told after the delay, since a list of addresses is worth nothing to a
prober who has no answers; a slip of the keyboard beside a real name is told at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from honeypost.questions import Withholding

HEAD_BYTES: Final = 64 * 1024
"""Of a message, looked at for header fields."""

_FOLD: Final = re.compile(rb"\r?\n(?=[ \t])")
_BULK: Final = frozenset({b"bulk", b"list", b"junk", b"auto_reply"})
_LIST_FIELDS: Final = frozenset({b"list-id", b"list-post", b"list-unsubscribe"})
_ADDRESSED: Final = frozenset({b"to", b"cc"})


class Why(StrEnum):
    """What a judgement rests on, in the operator's words."""

    SPF = "SPF passes"
    DIRECT = "no SPF, and the client is a host of the domain"
    DKIM = "signed by the domain"
    NULL_SENDER = "the null sender"
    AUTOMATIC = "an automatic message"
    BULK = "bulk mail"
    NO_DOMAIN = "the sender has no domain that could be asked about"
    NOT_PROVEN = "nothing shows that the domain sent it"
    GIVEN_UP = "DNS did not answer for too long"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was found out about a message and its client."""

    spf: str
    """The result as RFC 7208 names it: ``pass``, ``none``, ``fail``, ..."""
    direct: bool = False
    """Asked only when SPF is ``none``: is the client an MX or A of the domain?"""
    signers: tuple[str, ...] = ()
    """Domains whose signature verifies and covers a To or Cc that names the recipient."""
    unsure: bool = False
    """Was there a question that DNS did not answer?"""


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether a sender is told about one recipient."""

    told: bool
    why: str
    near: bool = False
    """Is the recipient a slip of the keyboard away from a real name?"""


def never_told(reverse_path: bytes, head: bytes) -> Why | None:
    r"""
    Say why nobody is told whatever SPF and DKIM say, ``None`` when that does not follow.

    >>> never_told(b"a@b.example", b"Precedence: bulk\r\n\r\n")
    <Why.BULK: 'bulk mail'>
    """
    if not reverse_path:
        return Why.NULL_SENDER
    for name, value in fields(head):
        first = value.split(b";")[0].strip().lower()
        if name == b"auto-submitted" and first != b"no":
            return Why.AUTOMATIC
        if name in _LIST_FIELDS or (name == b"precedence" and first in _BULK):
            return Why.BULK
    return None if sender_domain(reverse_path) else Why.NO_DOMAIN


def sender_domain(reverse_path: bytes) -> str:
    """
    Give the domain of MAIL FROM in lower case, ``""`` when it has none that DNS knows.

    >>> sender_domain(b"a@Example.ORG"), sender_domain(b"a@[192.0.2.1]"), sender_domain(b"a")
    ('example.org', '', '')
    """
    domain = reverse_path.rpartition(b"@")[2] if b"@" in reverse_path else b""
    if not re.fullmatch(rb"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+", domain):
        return ""
    return domain.decode("ascii").lower()


def weigh(domain: str, evidence: Evidence) -> tuple[bool, Why] | None:
    """
    Judge who sent it; ``None`` when DNS must be asked again.

    What proves the sender counts even if another question is open.
    """
    if evidence.spf == "pass":
        return True, Why.SPF
    if any(covers(signer, domain) for signer in evidence.signers):
        return True, Why.DKIM
    if evidence.spf == "none" and evidence.direct:
        return True, Why.DIRECT
    return None if evidence.unsure else (False, Why.NOT_PROVEN)


def covers(signer: str, domain: str) -> bool:
    """
    May the signer speak for the domain?  It is the same, or lies above it.

    >>> covers("example.org", "mail.example.org"), covers("mail.example.org", "example.org")
    (True, False)
    """
    return bool(signer) and (domain == signer or domain.endswith(f".{signer}"))


def addressed_to(recipient: bytes, head: bytes, signed: frozenset[bytes]) -> bool:
    """
    Is the recipient named in a To or Cc that is among the signed fields?

    A field that is there twice does not count: a signature covers the lower one only.

    :param signed: names of the fields that a signature covers, in lower case.
    """
    whole = re.compile(rb"(?<![\w.+-])" + re.escape(recipient.lower()) + rb"(?![\w-]|\.\w)")
    wanted = _ADDRESSED & signed
    found = [(name, value) for name, value in fields(head) if name in wanted]
    names = [name for name, _ in found]
    return any(names.count(name) == 1 and whole.search(value.lower()) for name, value in found)


def fields(head: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Header fields of a message with names in lower case, unfolded, up to the empty line."""
    for line in _FOLD.sub(b"", head[:HEAD_BYTES]).split(b"\n"):
        if not line.strip():
            return
        name, colon, value = line.partition(b":")
        if colon:
            yield name.strip().lower(), value.strip()


def answer(
    judgement: Judgement | None, *, seen: float, now: float, delay_seconds: float
) -> Withholding:
    """
    Say what a recipient is answered at a later try.

    Without a judgement never anything that is for good.

    :param seen: when the message came for the first time.
    """
    if judgement is None:
        return Withholding.LATER
    if not judgement.told:
        return Withholding.DROP
    due = judgement.near or now >= seen + delay_seconds
    return Withholding.DISCLOSE if due else Withholding.LATER
