"""
The verbs of the server in one table: who handles each, and two marks that Postfix has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from honeypost.proto.smtp import auth, chunking, data, greeting, mail
from honeypost.proto.smtp.commands import Command
from honeypost.proto.smtp.session import Session


@dataclass(frozen=True, slots=True)
class Verb:
    """One row of the table."""

    handle: Callable[[Session, Command], None]
    before_tls: bool = False
    """May it be said where TLS is demanded but not there yet?"""
    junk: bool = False
    """Does it count as junk, as what brings no mail does?"""


VERBS: Mapping[bytes, Verb] = {
    b"HELO": Verb(greeting.helo, before_tls=True, junk=True),
    b"EHLO": Verb(greeting.ehlo, before_tls=True, junk=True),
    b"STARTTLS": Verb(greeting.starttls, before_tls=True),
    b"AUTH": Verb(auth.auth),
    b"MAIL": Verb(mail.mail),
    b"RCPT": Verb(mail.rcpt),
    b"DATA": Verb(data.data),
    b"BDAT": Verb(chunking.bdat),
    b"RSET": Verb(greeting.rset, junk=True),
    b"NOOP": Verb(greeting.noop, before_tls=True, junk=True),
    b"VRFY": Verb(mail.vrfy, junk=True),
    b"ETRN": Verb(greeting.etrn, junk=True),
    b"XCLIENT": Verb(greeting.xclient, before_tls=True),
    b"XFORWARD": Verb(greeting.xforward),
    b"QUIT": Verb(greeting.quit_, before_tls=True),
}
KNOWN = frozenset(VERBS)
