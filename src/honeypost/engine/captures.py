"""
Keeping messages: budgets before, durability then, and only after that the 250.

Behind Postfix the login of a client is told by a header that Postfix prepends (integration
facts, A: named at random per site, its value the marker).  It is taken off before the message is
kept, so nothing that is shown, hashed or exported has it.  A milter may have put fields above it:
OpenDKIM does, and would leave a capture that says the site's key stands for it (measured with
2.11 on Postfix 3.7.11).  So everything above Postfix's own ``Received`` goes; where the site
removes that, everything down to our header does.
Standalone nothing is taken off: a client that happens to know the name gains nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from honeypost.config.schema import Budgets
from honeypost.engine.grants import Notebook
from honeypost.engine.spending import DAY_BYTES, TELL_SECONDS, Spending
from honeypost.errors import StoreError, StoreFull
from honeypost.events import BudgetExceeded, Event, MessageCaptured, MessageRefused
from honeypost.model import Envelope, Identity, Protocol
from honeypost.ports import Body, Capture, CaptureStore, Clock
from honeypost.questions import Acceptance, KeepMessage, KeepVerdict

TRACE_BYTES: Final = 16 * 1024
"""Of header fields that Postfix and milters add on the way to our sink; ours is among them."""

_FIELD: Final = re.compile(rb"[^\s:]+:[^\n]*\n(?:[ \t][^\n]*\n)*")

AccountOf = Callable[[str], str]
"""The decoy account of a marker, ``""`` when there is none."""


class Captures:
    """The use case behind :class:`~honeypost.questions.KeepMessage`."""

    def __init__(
        self,
        store: CaptureStore,
        journal: Notebook,
        budgets: Budgets,
        spending: Spending,
        *,
        clock: Clock,
        header: bytes,
        account_of: AccountOf = lambda _: "",
    ) -> None:
        """
        :param header: name of the secret header, without the colon.
        """
        self._store = store
        self._journal = journal
        self._budgets = budgets
        self._spending = spending
        self._clock = clock
        self._header = header.lower() + b":"
        self._account_of = account_of
        self._disk_told_at = float("-inf")

    def spool(self) -> Body:
        """Begin a body; who gets it writes, then gives it to :meth:`keep` or abandons it."""
        return self._store.spool()

    async def keep(self, question: KeepMessage, who: Identity, body: Body) -> KeepVerdict:
        """
        Keep a message and say how it went; ACCEPTED only when it is safe on disk.

        Takes the body over: it is freed in every case.  Never raises for a full disk or a
        broken store: the sender is then asked to try later, as a full Postfix would.
        """
        envelope = self._bound(question.envelope, who, body)
        size = body.size
        behind_postfix = who.protocol is Protocol.LMTP
        # What Postfix has queued is better kept than sent again and again until it expires.
        if size > self._budgets.message_bytes + (TRACE_BYTES if behind_postfix else 0):
            return self._refuse(envelope, who, body, Acceptance.TOO_LARGE, "message_bytes")
        # Behind Postfix the sender's share was charged when its policy service asked.
        payer = "" if behind_postfix else envelope.account
        if not self._spending.take(payer, size):
            return self._refuse(envelope, who, body, Acceptance.TRY_LATER, DAY_BYTES)
        try:
            capture = await self._store.keep(envelope, who, body, self._clock())
        except StoreError as error:
            self._spending.give_back(payer, size)
            if isinstance(error, StoreFull):
                self._tell_disk()
            return self._refuse(envelope, who, body, Acceptance.TRY_LATER, "store")
        self._journal.note(_captured(capture), who)
        return KeepVerdict(Acceptance.ACCEPTED, envelope.queue_id)

    def _bound(self, envelope: Envelope, who: Identity, body: Body) -> Envelope:
        """Take the secret header off and put the account that it names into the envelope."""
        if who.protocol is not Protocol.LMTP:
            return envelope
        marker, added = self._told(body.head(TRACE_BYTES), envelope.queue_id)
        body.skip(added)
        account = self._account_of(marker) if marker else ""
        return replace(envelope, account=account or envelope.account)

    def _told(self, head: bytes, queue_id: str) -> tuple[str, int]:
        """Give the marker, and how many bytes the site put before the client's message."""
        marker, added, start = "", 0, 0
        received = re.compile(rb"(?i)received:[^;]*\bid %b\b" % re.escape(queue_id.encode()))
        while field := _FIELD.match(head, start):
            if marker and queue_id and received.match(field[0]):
                return marker, start
            start = field.end()
            if not marker and field[0].lower().startswith(self._header):
                marker = field[0][len(self._header) :].strip().decode("ascii", "replace")
                added = start
        return marker, added

    def _refuse(
        self, envelope: Envelope, who: Identity, body: Body, answer: Acceptance, budget: str
    ) -> KeepVerdict:
        event = MessageRefused(envelope.account, str(answer), budget, body.size)
        body.abandon()
        self._journal.note(event, who)
        return KeepVerdict(answer)

    def _tell_disk(self) -> None:
        now = self._clock()
        if now - self._disk_told_at >= TELL_SECONDS:
            self._disk_told_at = now
            self._journal.note(BudgetExceeded("disk_bytes", self._budgets.disk_bytes), None)


def _captured(capture: Capture) -> Event:
    return MessageCaptured(
        capture=capture.id,
        account=capture.envelope.account,
        queue_id=capture.envelope.queue_id,
        reverse_path=capture.envelope.reverse_path,
        recipients=len(capture.envelope.recipients),
        size=capture.size,
        sha256=capture.sha256,
    )
