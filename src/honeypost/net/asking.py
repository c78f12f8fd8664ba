"""
The one open question of a connection.

Each question is answered by a task of its own.  A director that fails, or takes longer than
``ANSWER_SECONDS``, has said no (:mod:`honeypost.net.verdicts`); what it says afterwards is
dropped.  Keeping a message is never cancelled, also when its client is gone by then: after
the final dot the message is ours, as it would be Postfix's.
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections.abc import Callable

from honeypost.events import MessageRefused
from honeypost.model import Identity
from honeypost.net.reception import Reception
from honeypost.net.service import Service, Timed
from honeypost.net.verdicts import safe_verdict
from honeypost.ports import Body
from honeypost.questions import (
    Acceptance,
    KeepMessage,
    KeepVerdict,
    MayLogin,
    MaySpend,
    NoteReport,
    Question,
    Verdict,
)

log = logging.getLogger(__name__)

ANSWER_SECONDS = 30.0
"""A director that takes longer has said no.  Clients wait at least 5 minutes (RFC 5321)."""

SPOOL_BUDGET = "spool_bytes"


class Asking:
    """Has the core's questions answered, one after the other."""

    __slots__ = ("_answered", "_number", "_overdue", "_reception", "_service", "_who")

    def __init__(
        self,
        service: Service,
        who: Identity,
        reception: Reception,
        answered: Callable[[Verdict], None],
    ) -> None:
        self._service = service
        self._who = who
        self._reception = reception
        self._answered = answered
        self._number = 0
        """Of the open question; an answer with another number comes too late."""
        self._overdue: Timed | None = None

    def ask(self, question: Question) -> None:
        """Have the question answered; ``answered`` is called once, from the loop."""
        self._number += 1
        body = None
        if isinstance(question, KeepMessage):
            if self._reception.full:
                self._no_room(question)
                return
            body = self._reception.hand_over()
        number = self._number
        self._overdue = self._service.timer(ANSWER_SECONDS, lambda: self._late(question, number))
        name = f"{type(question).__name__} {self._who.session}"
        self._service.tasks.start(self._have_answered(question, number, body), name)

    def give_up(self) -> None:
        """The client is gone: nobody wants the answer any more."""
        self._number += 1
        if self._overdue is not None:
            self._overdue.cancel()

    async def _have_answered(self, question: Question, number: int, body: Body | None) -> None:
        try:
            verdict = await self._service.director.answer(question, self._asker(question), body)
        except Exception:
            kind = type(question).__name__
            log.exception("session %s: no answer to %s", self._who.session, kind)
            verdict = safe_verdict(question)
        finally:
            if body is not None:
                body.abandon()
        self._give(number, verdict)

    def _asker(self, question: Question) -> Identity:
        """Give the client that Postfix or Dovecot name, as a session of its own."""
        match question:
            case MayLogin(client=client) | MaySpend(client=client) | NoteReport(client=client):
                if client is not None:
                    session = self._service.new_session()
                    return dataclasses.replace(self._who, session=session, client=client)
        return self._who

    def _no_room(self, question: KeepMessage) -> None:
        verdict = KeepVerdict(Acceptance.TRY_LATER)
        refused = MessageRefused(
            question.envelope.account, str(verdict.acceptance), SPOOL_BUDGET, question.size
        )
        self._reception.abandon()
        self._service.journal.note(refused, self._who)
        asyncio.get_running_loop().call_soon(self._give, self._number, verdict)

    def _late(self, question: Question, number: int) -> None:
        kind = type(question).__name__
        log.error("session %s: %s not answered in %g s", self._who.session, kind, ANSWER_SECONDS)
        self._give(number, safe_verdict(question))

    def _give(self, number: int, verdict: Verdict) -> None:
        if number == self._number:
            self.give_up()
            self._answered(verdict)
