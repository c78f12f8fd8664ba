"""Late bounces: kept before anything is said, never 550 without a judgement, within budgets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from honeypost.config.schema import Budgets, LateBounce
from honeypost.decide.disclosure import Judgement
from honeypost.engine import bounces as module
from honeypost.engine.bounces import REMEMBERED_SECONDS, Bounces, withheld
from honeypost.engine.spending import Spending
from honeypost.errors import StoreError
from honeypost.events import (
    BudgetExceeded,
    MessageRefused,
    MessageWithheld,
    RecipientDisclosed,
    RecipientSilenced,
)
from honeypost.model import Client, Envelope, Identity, Protocol, Recipient
from honeypost.questions import (
    Acceptance,
    KeepMessage,
    KeepVerdict,
    MaySpend,
    MayWithhold,
    Withholding,
)
from honeypost.testing.memory import ManualClock, MemoryCaptures, MemoryJournal

WHO = Identity("s-1", Client(""), "limbo", Protocol.LIMBO)
CLIENT = Client("2001:db8:1:2::3", 4711)
SENDER = b"anna@honest.test"
NOSUCH = b"nosuch@example.org"
DECOY = b"info@example.org"
HOUR = 3600.0
SETTINGS = LateBounce(mode="on")


class Table:
    def __init__(self):
        self.known = {}

    def judgement(self, capture_id, recipient):
        return self.known.get((capture_id, recipient))


class Desk:
    def __init__(self, settings=SETTINGS, store=None, clock=None):
        self.clock = clock or ManualClock()
        self.store = store or MemoryCaptures()
        self.journal = MemoryJournal(self.clock)
        self.table = Table()
        self.hurried = False
        self.bounces = Bounces(
            settings,
            self.store,
            spending=Spending(Budgets(), self.journal, self.clock),
            judgements=self.table,
            journal=self.journal,
            clock=self.clock,
            is_decoy=lambda address: address == DECOY,
            hurried=lambda: self.hurried,
        )

    async def rcpt(
        self, address=NOSUCH, *, sender=SENDER, queue_id="Q1", client=CLIENT, local=False
    ):
        question = MayWithhold(Recipient(address), sender, queue_id, client, local)
        return (await self.bounces.answer(question, WHO)).withholding

    async def data(self, *addresses, sender=SENDER, queue_id="Q1", body=b"x" * 10, client=CLIENT):
        envelope = Envelope(
            sender, tuple(map(Recipient, addresses or (NOSUCH,))), queue_id=queue_id, via=client
        )
        spooled = self.bounces.spool()
        spooled.write(body)
        return await self.bounces.answer(KeepMessage(envelope, len(body)), WHO, spooled)

    async def hold(self, **options):
        assert await self.rcpt(**options) is Withholding.HOLD
        assert (await self.data(**options)).acceptance is Acceptance.ACCEPTED

    def judge(self, *, told, near=False, recipient=NOSUCH):
        self.table.known[self.store.index[-1].id, recipient] = Judgement(told, "why", near)


async def test_the_first_time_the_message_is_kept_and_then_it_waits() -> None:
    desk = Desk()
    await desk.hold()
    assert await desk.rcpt() is Withholding.LATER
    (kept,) = desk.journal.of(MessageWithheld)
    assert (kept.queue_id, kept.network) == ("Q1", "2001:db8:1:2::/64")
    assert withheld(desk.store.index[0])


async def test_a_proven_sender_is_told_after_the_delay_and_not_before() -> None:
    desk = Desk()
    await desk.hold()
    desk.judge(told=True)
    desk.clock.advance(4 * HOUR - 1)
    assert await desk.rcpt() is Withholding.LATER
    desk.clock.advance(1)
    assert await desk.rcpt() is Withholding.DISCLOSE
    (told,) = desk.journal.of(RecipientDisclosed)
    assert (told.recipient, told.why, told.after_seconds) == (NOSUCH, "why", 4 * HOUR)


async def test_while_it_is_settled_nobody_waits_but_for_a_judgement() -> None:
    desk = Desk()
    await desk.hold()
    desk.hurried = True
    assert await desk.rcpt() is Withholding.LATER
    desk.judge(told=True)
    assert await desk.rcpt() is Withholding.DISCLOSE
    desk.hurried = False
    assert await desk.rcpt() is Withholding.LATER


async def test_a_near_miss_is_told_at_once() -> None:
    desk = Desk()
    await desk.hold()
    desk.judge(told=True, near=True)
    assert await desk.rcpt() is Withholding.DISCLOSE


async def test_switched_off_what_waits_is_told_at_once_but_never_unjudged() -> None:
    desk = Desk(replace(SETTINGS, mode="off"))
    await desk.hold()
    desk.clock.advance(1000 * HOUR / 10)
    assert await desk.rcpt() is Withholding.LATER
    desk.judge(told=True)
    assert await desk.rcpt() is Withholding.DISCLOSE


async def test_who_is_not_proven_is_swallowed_without_a_word() -> None:
    desk = Desk()
    await desk.hold()
    desk.judge(told=False)
    assert await desk.rcpt() is Withholding.DROP
    assert [event.recipient for event in desk.journal.of(RecipientSilenced)] == [NOSUCH]


@pytest.mark.parametrize(("address", "sender"), [(NOSUCH, b""), (DECOY, SENDER)])
async def test_null_senders_and_mail_to_decoys_are_taken_at_once(address, sender) -> None:
    desk = Desk()
    assert await desk.rcpt(address, sender=sender) is Withholding.TAKE
    await desk.data(address, sender=sender)
    assert len(desk.journal.of(RecipientSilenced)) == 1
    desk.judge(told=True, near=True, recipient=address)
    assert await desk.rcpt(address, sender=sender) is Withholding.DROP


async def test_a_name_that_becomes_a_decoy_meanwhile_is_not_told_of() -> None:
    desk = Desk()
    decoys = set()
    desk.bounces._is_decoy = decoys.__contains__
    await desk.hold()
    desk.judge(told=True, near=True)
    decoys.add(NOSUCH)
    assert await desk.rcpt() is Withholding.DROP


async def test_mail_of_this_host_is_told_at_once_unless_it_is_a_notice() -> None:
    desk = Desk()
    assert await desk.rcpt(client=None, local=True) is Withholding.DISCLOSE
    assert await desk.rcpt(client=None, local=True, sender=b"") is Withholding.TAKE
    # A filter hands in what came from afar: it counts as any other.
    assert await desk.rcpt(client=Client("127.0.0.1"), local=True) is Withholding.HOLD


async def test_without_a_queue_id_nothing_is_promised() -> None:
    desk = Desk()
    assert await desk.rcpt(queue_id="") is Withholding.LATER
    await desk.data(queue_id="")
    assert await desk.rcpt(queue_id="") is Withholding.LATER


@pytest.mark.parametrize(
    "other", [{"queue_id": "Q2"}, {"sender": b"x@y.test"}, {"address": b"else@example.org"}]
)
async def test_a_judgement_counts_for_its_own_message_only(other) -> None:
    desk = Desk()
    await desk.hold()
    desk.judge(told=True, near=True)
    assert await desk.rcpt(**other) is Withholding.HOLD


async def test_a_start_remembers_what_the_captures_tell() -> None:
    before = Desk()
    await before.hold()
    after = Desk(store=before.store, clock=before.clock)
    after.bounces.restore(after.store.captures())
    assert await after.rcpt() is Withholding.LATER


async def test_lost_stores_mean_waiting_and_never_a_bounce() -> None:
    before = Desk()
    await before.hold()
    after = Desk(clock=before.clock)
    after.bounces.restore(())
    assert await after.rcpt() is Withholding.HOLD


async def test_what_is_older_than_any_queue_is_forgotten() -> None:
    desk = Desk()
    await desk.hold()
    desk.judge(told=True)
    desk.clock.advance(REMEMBERED_SECONDS + 1)
    assert await desk.rcpt() is Withholding.HOLD
    again = Desk(store=desk.store, clock=desk.clock)
    again.bounces.restore(again.store.captures())
    assert await again.rcpt() is Withholding.HOLD


async def test_decoys_mail_is_not_taken_for_ours() -> None:
    desk = Desk()
    spooled = desk.store.spool()
    sent = Envelope(SENDER, (Recipient(NOSUCH),), queue_id="Q1")
    await desk.store.keep(sent, replace(WHO, protocol=Protocol.LMTP), spooled, desk.clock())
    desk.bounces.restore(desk.store.captures())
    assert await desk.rcpt() is Withholding.HOLD


async def test_memory_has_a_limit_and_the_least_recent_goes(monkeypatch) -> None:
    monkeypatch.setattr(module, "REMEMBERED", 2)
    desk = Desk()
    for queue_id in ("Q1", "Q2"):
        await desk.hold(queue_id=queue_id)
    assert await desk.rcpt(queue_id="Q1") is Withholding.LATER
    await desk.hold(queue_id="Q3")
    assert await desk.rcpt(queue_id="Q1") is Withholding.LATER
    assert await desk.rcpt(queue_id="Q2") is Withholding.HOLD


async def test_a_network_has_so_many_messages_a_day() -> None:
    desk = Desk(replace(SETTINGS, messages_per_network=1))
    await desk.hold()
    assert await desk.rcpt(queue_id="Q2") is Withholding.LATER
    assert await desk.rcpt(queue_id="Q2", client=Client("192.0.2.9")) is Withholding.HOLD
    assert [event.budget for event in desk.journal.of(BudgetExceeded)] == [module.LIMBO_MESSAGES]
    again = Desk(replace(SETTINGS, messages_per_network=1), desk.store, desk.clock)
    again.bounces.restore(again.store.captures())
    assert await again.rcpt(queue_id="Q2") is Withholding.LATER
    desk.clock.advance(24 * HOUR)
    assert await desk.rcpt(queue_id="Q2") is Withholding.HOLD


async def test_networks_counted_have_a_limit(monkeypatch) -> None:
    monkeypatch.setattr(module, "NETWORKS", 1)
    desk = Desk(replace(SETTINGS, messages_per_network=1))
    await desk.hold()
    await desk.hold(queue_id="Q2", client=Client("192.0.2.9"))
    assert len(desk.bounces._networks) == 1


async def test_the_bytes_of_a_day_have_a_limit() -> None:
    desk = Desk(replace(SETTINGS, bytes_per_day=15))
    await desk.hold()
    assert await desk.rcpt(queue_id="Q2") is Withholding.HOLD
    assert (await desk.data(queue_id="Q2")).acceptance is Acceptance.TRY_LATER
    await desk.data(queue_id="Q3", body=b"12345")
    assert await desk.rcpt(queue_id="Q4") is Withholding.LATER
    assert await desk.rcpt(queue_id="Q5") is Withholding.LATER
    assert [event.budget for event in desk.journal.of(BudgetExceeded)] == [module.LIMBO_BYTES]


async def test_what_cannot_be_kept_is_not_promised() -> None:
    desk = Desk()
    desk.store.failure = StoreError("disk")
    assert await desk.data() == KeepVerdict(Acceptance.TRY_LATER)
    assert desk.journal.of(MessageRefused)[0].budget == "store"
    assert await desk.rcpt() is Withholding.HOLD
    desk.store.failure = None
    assert (await desk.data()).acceptance is Acceptance.ACCEPTED
    nothing = KeepMessage(Envelope(SENDER, (Recipient(NOSUCH),)), 0)
    assert await desk.bounces.answer(nothing, WHO) == KeepVerdict(Acceptance.TRY_LATER)


async def test_other_questions_are_not_for_it() -> None:
    with pytest.raises(TypeError):
        await Desk().bounces.answer(MaySpend("m", CLIENT, "Q", 1, 1), WHO)


async def test_mail_without_a_client_is_kept_too() -> None:
    desk = Desk()
    await desk.hold(client=None)
    assert desk.journal.of(MessageWithheld)[0].network == ""
    again = Desk(store=desk.store, clock=desk.clock)
    again.bounces.restore(again.store.captures())
    assert await again.rcpt(client=None) is Withholding.LATER
