"""
Late bounces: mail to addresses that do not exist is taken, judged, and answered later.

Postfix's queue is the store of what waits; we keep a copy of the message for the operator and
remember which recipients we have seen.  That memory is made anew at every start from the
captures themselves, which are on the disk before anything is answered, so whatever ends this
process loses nothing.  A recipient that we do not remember (memory full, store lost) is like
one that comes for the first time: it is kept and waits; nothing is ever said for good
without a judgement.

Budgets hold before a message is taken: bytes of the day, and messages of one network.  What is
over them waits in Postfix's queue.  Whether a name is a decoy's is looked at every time: nobody
is told that a decoy does not exist.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Protocol

from honeypost.config.schema import LateBounce
from honeypost.decide.disclosure import Judgement, Why, answer
from honeypost.decide.spend import DAY_SECONDS, DayBudget
from honeypost.engine.grants import Notebook
from honeypost.engine.spending import DAY_BYTES, TELL_SECONDS, Spending
from honeypost.errors import StoreError
from honeypost.events import (
    BudgetExceeded,
    MessageRefused,
    MessageWithheld,
    RecipientDisclosed,
    RecipientSilenced,
)
from honeypost.model import Identity
from honeypost.model import Protocol as Spoken
from honeypost.ports import Body, Capture, CaptureStore, Clock
from honeypost.questions import (
    Acceptance,
    KeepMessage,
    KeepVerdict,
    MayWithhold,
    Question,
    Verdict,
    Withholding,
    WithholdVerdict,
)

REMEMBERED: Final = 20_000
"""Recipients remembered (about 10 MB); the one least recently asked about goes first."""

REMEMBERED_SECONDS: Final = 7 * DAY_SECONDS
"""Older ones are forgotten: Postfix gives up after 5 days, and uses queue ids again one day."""

NETWORKS: Final = 10_000
"""Networks whose messages of the day are counted."""

LIMBO_BYTES: Final = "late_bounce.bytes_per_day"
LIMBO_MESSAGES: Final = "late_bounce.messages_per_network"

WHY_LOCAL: Final = "mail of this host"
WHY_DECOY: Final = "a decoy's address"

_Key = tuple[str, bytes, bytes]
"""Queue id, recipient, reverse-path."""


class Judgements(Protocol):
    """What was found out about senders; see :mod:`honeypost.stores.judgements`."""

    def judgement(self, capture_id: str, recipient: bytes) -> Judgement | None:
        """The judgement, ``None`` as long as there is none or it cannot be read."""


@dataclass(frozen=True, slots=True)
class _Seen:
    capture: str
    time: float


def withheld(capture: Capture) -> bool:
    """Is this mail from outside to an unknown address (and not what a decoy sent)?"""
    return capture.who.protocol is Spoken.LIMBO


class Bounces:
    """
    Answers the sessions of the late bounce; a director of its own for their listener.

    :param store: where messages are kept, the one of the decoys' mail.
    :param spending: the day's bytes of all captures.
    :param is_decoy: is this address, as typed, a decoy that exists?
    :param hurried: is everybody to be answered without the delay now?
    """

    def __init__(
        self,
        settings: LateBounce,
        store: CaptureStore,
        *,
        spending: Spending,
        judgements: Judgements,
        journal: Notebook,
        clock: Clock,
        is_decoy: Callable[[bytes], bool],
        hurried: Callable[[], bool] = lambda: False,
    ) -> None:
        self._store = store
        self._spending = spending
        self._judgements = judgements
        self._journal = journal
        self._clock = clock
        self._is_decoy = is_decoy
        self._hurried = hurried
        self._delay = settings.delay_hours * 3600 if settings.mode == "on" else 0.0
        self._bytes = DayBudget(settings.bytes_per_day)
        self._per_network = settings.messages_per_network
        self._networks: OrderedDict[str, int] = OrderedDict()
        self._day = -1
        self._seen: OrderedDict[_Key, _Seen] = OrderedDict()
        self._told_at: dict[str, float] = {}

    def restore(self, captures: Iterable[Capture]) -> None:
        """Take up where we were; once, before the first question, captures oldest first."""
        now = self._clock()
        for capture in captures:
            if withheld(capture) and capture.time > now - REMEMBERED_SECONDS:
                self._remember(capture)
                if capture.time // DAY_SECONDS == now // DAY_SECONDS:
                    self._bytes.spend(now, capture.size)
                    self._count(_network(capture), now)

    def spool(self) -> Body:
        """Begin a body; see :class:`honeypost.net.service.Director`."""
        return self._store.spool()

    async def answer(self, question: Question, who: Identity, body: Body | None = None) -> Verdict:
        """
        Answer a session's question.

        :raises TypeError: it is none that such a session asks.
        """
        match question:
            case MayWithhold():
                return WithholdVerdict(self._withholding(question, who))
            case KeepMessage():
                return await self._keep(question, who, body)
            case _:
                raise TypeError(f"{type(question).__name__} is no question of a late bounce")

    def has_room(self, network: str) -> bool:
        """May one more message to an unknown address come from that network today?  Tells."""
        now = self._clock()
        self._turn(now)
        if self._networks.get(network, 0) >= self._per_network:
            self._tell(LIMBO_MESSAGES, self._per_network, now)
            return False
        if not self._bytes.has_room(now, 1, ""):
            self._tell(LIMBO_BYTES, self._bytes.limit, now)
            return False
        return self._spending.has_room("")

    # One recipient

    def _withholding(self, question: MayWithhold, who: Identity) -> Withholding:
        # A filter on this host may hand in what came from afar; only then there is a client.
        if question.local and question.client is None and question.reverse_path:
            self._disclose(question, who, "", WHY_LOCAL, 0.0)
            return Withholding.DISCLOSE
        if not question.queue_id:
            return Withholding.LATER
        silent = self._silent(question)
        seen = self._recall(question)
        if seen is None:
            return self._first(question, silent)
        if silent:
            return Withholding.DROP
        return self._again(question, who, seen)

    def _first(self, question: MayWithhold, silent: str) -> Withholding:
        network = question.client.network if question.client else ""
        if not self.has_room(network):
            return Withholding.LATER
        return Withholding.TAKE if silent else Withholding.HOLD

    def _again(self, question: MayWithhold, who: Identity, seen: _Seen) -> Withholding:
        address, now = question.recipient.address, self._clock()
        judgement = self._judgements.judgement(seen.capture, address)
        delay = 0.0 if self._hurried() else self._delay
        found = answer(judgement, seen=seen.time, now=now, delay_seconds=delay)
        if judgement is None or found is Withholding.LATER:
            return found
        if found is Withholding.DISCLOSE:
            self._disclose(question, who, seen.capture, judgement.why, now - seen.time)
        else:
            self._silence(seen.capture, question.queue_id, address, judgement.why, who)
        return found

    def _silent(self, question: MayWithhold) -> str:
        """Say why nobody is told about this recipient in any case, ``""`` when that is open."""
        if not question.reverse_path:
            return Why.NULL_SENDER
        return WHY_DECOY if self._is_decoy(question.recipient.address) else ""

    # One message

    async def _keep(self, question: KeepMessage, who: Identity, body: Body | None) -> KeepVerdict:
        envelope = question.envelope
        if body is None:
            return KeepVerdict(Acceptance.TRY_LATER)
        now, size = self._clock(), body.size
        network = envelope.via.network if envelope.via else ""
        if not (self._bytes.has_room(now, size, "") and self._spending.take("", size)):
            return self._refuse(body, who, DAY_BYTES)
        try:
            capture = await self._store.keep(envelope, who, body, now)
        except StoreError:
            self._spending.give_back("", size)
            return self._refuse(body, who, "store")
        self._bytes.spend(now, size)
        self._count(network, now)
        self._remember(capture)
        self._note_kept(capture, network, who)
        return KeepVerdict(Acceptance.ACCEPTED, envelope.queue_id)

    def _note_kept(self, capture: Capture, network: str, who: Identity) -> None:
        envelope = capture.envelope
        count = len(envelope.recipients)
        kept = MessageWithheld(
            capture.id, envelope.queue_id, envelope.reverse_path, count, capture.size, network
        )
        self._journal.note(kept, who)
        for recipient in envelope.recipients:
            address = recipient.address
            why = Why.NULL_SENDER if not envelope.reverse_path else ""
            why = why or (WHY_DECOY if self._is_decoy(address) else "")
            if why:
                self._silence(capture.id, envelope.queue_id, address, why, who)

    def _refuse(self, body: Body, who: Identity, budget: str) -> KeepVerdict:
        size = body.size
        body.abandon()
        answered = str(Acceptance.TRY_LATER)
        self._journal.note(MessageRefused("", answered, budget, size), who)
        return KeepVerdict(Acceptance.TRY_LATER)

    # Memory

    def _recall(self, question: MayWithhold) -> _Seen | None:
        key = (question.queue_id, question.recipient.address, question.reverse_path)
        seen = self._seen.get(key)
        if seen is None:
            return None
        if seen.time < self._clock() - REMEMBERED_SECONDS:
            del self._seen[key]
            return None
        self._seen.move_to_end(key)
        return seen

    def _remember(self, capture: Capture) -> None:
        envelope = capture.envelope
        if not envelope.queue_id:
            return
        for recipient in envelope.recipients:
            key = (envelope.queue_id, recipient.address, envelope.reverse_path)
            self._seen[key] = _Seen(capture.id, capture.time)
        while len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)

    def _turn(self, now: float) -> None:
        day = int(now // DAY_SECONDS)
        if day != self._day:
            self._day = day
            self._networks.clear()

    def _count(self, network: str, now: float) -> None:
        self._turn(now)
        self._networks[network] = self._networks.get(network, 0) + 1
        self._networks.move_to_end(network)
        while len(self._networks) > NETWORKS:
            self._networks.popitem(last=False)

    # The journal

    def _disclose(
        self, question: MayWithhold, who: Identity, capture: str, why: str, after: float
    ) -> None:
        address = question.recipient.address
        event = RecipientDisclosed(capture, question.queue_id, address, why, round(after, 1))
        self._journal.note(event, who)

    def _silence(
        self, capture: str, queue_id: str, address: bytes, why: str, who: Identity
    ) -> None:
        self._journal.note(RecipientSilenced(capture, queue_id, address, why), who)

    def _tell(self, budget: str, limit: int, now: float) -> None:
        """Tell the operator that a budget is used up, once a minute."""
        if now - self._told_at.get(budget, -TELL_SECONDS) >= TELL_SECONDS:
            self._told_at[budget] = now
            self._journal.note(BudgetExceeded(budget, limit), None)


def _network(capture: Capture) -> str:
    via = capture.envelope.via
    return via.network if via else ""
