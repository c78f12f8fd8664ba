"""
What a protocol core wants done.

Theory of operation
===================

A core is driven by five calls, each of which returns effects to carry out in order::

    open()                 the connection is there (banner)
    receive(data)          bytes from the client, any split
    answer(verdict)        the verdict to the one open Ask
    secured()              the TLS handshake that StartTls asked for is done
    woken()                the one pending Wake is due
    eof()                  the client has closed

While an ``Ask``, ``StartTls`` or ``Wake`` with ``hold=True`` is open the core keeps further
input in a bounded buffer and works it off afterwards; so replies stay in order (RFC 2920,
section 3.2).  The driver in ``net`` reads no further while the core says ``holding``, so the
bound is the kernel's socket buffer and not our memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from honeypost.events import Event
from honeypost.model import Envelope
from honeypost.questions import Question, Verdict


@dataclass(frozen=True, slots=True)
class Send:
    """Write these bytes; consecutive ones leave in one segment."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Close:
    """Close after what was sent has left."""


@dataclass(frozen=True, slots=True)
class StartTls:
    """
    Do a TLS handshake now, as the server.

    Everything received before it and not yet worked off is thrown away (CVE-2011-0411).
    The driver calls ``secured()`` when it is done; when it fails the connection just ends.
    """


@dataclass(frozen=True, slots=True)
class Ask:
    """Have this decided; exactly one ``answer`` follows."""

    question: Question


@dataclass(frozen=True, slots=True)
class Emit:
    """Tell the journal that this happened."""

    event: Event


@dataclass(frozen=True, slots=True)
class Wake:
    """
    Call ``woken()`` after so many seconds; a later Wake replaces an earlier one.

    ``hold=True`` is a pause before a reply (input waits); ``hold=False`` an idle limit.
    """

    after_seconds: float
    hold: bool = False


@dataclass(frozen=True, slots=True)
class OpenMessage:
    """A message body begins; spool what follows."""

    envelope: Envelope


@dataclass(frozen=True, slots=True)
class Spool:
    """Body bytes, dot-unstuffed, in order."""

    data: bytes


@dataclass(frozen=True, slots=True)
class AbandonMessage:
    """Forget what was spooled since ``OpenMessage``."""


Effect = Send | Close | StartTls | Ask | Emit | Wake | OpenMessage | Spool | AbandonMessage


class Core(Protocol):
    """What ``net.driver`` can drive.  One object per connection."""

    @property
    def holding(self) -> bool:
        """Is input being held back (open question, handshake or pause)?"""

    def open(self) -> Sequence[Effect]: ...

    def receive(self, data: bytes) -> Sequence[Effect]: ...

    def answer(self, verdict: Verdict) -> Sequence[Effect]: ...

    def secured(self) -> Sequence[Effect]: ...

    def woken(self) -> Sequence[Effect]: ...

    def eof(self) -> Sequence[Effect]: ...
