from dataclasses import replace

import pytest

from honeypost.config.schema import Budgets
from honeypost.engine.captures import Captures
from honeypost.engine.journal import Journal
from honeypost.engine.spending import Spending
from honeypost.errors import StoreError, StoreFull
from honeypost.events import BudgetExceeded, MessageCaptured, MessageRefused
from honeypost.model import Client, Envelope, Identity, Protocol, Recipient
from honeypost.questions import Acceptance, KeepMessage, KeepVerdict
from honeypost.testing.memory import CountingChance, ManualClock, MemoryCaptures, MemoryEventLog

POSTFIX = Identity("s-1", Client("2001:db8::1", 25), "lmtp", Protocol.LMTP)
DIRECT = Identity("s-2", Client("192.0.2.1", 25), "submission", Protocol.SUBMISSION)
TO = Envelope(b"a@example.org", (Recipient(b"b@example.net"),), queue_id="4Xq1")
ACCOUNTS = {"m4rk3r": "info@example.org"}


class Desk:
    """Captures with all around it in memory."""

    def __init__(self, budgets=None, spent_today=0):
        self.store = MemoryCaptures(body_limit=1 << 24)
        self.log = MemoryEventLog()
        self.clock = ManualClock()
        journal = Journal(self.log, self.clock, CountingChance())
        budgets = budgets or Budgets()
        self.captures = Captures(
            self.store,
            journal,
            budgets,
            Spending(budgets, journal, self.clock, spent_today=spent_today),
            clock=self.clock,
            header=b"X-Tq81mR",
            account_of=lambda marker: ACCOUNTS.get(marker, ""),
        )

    async def keep(self, data, who=DIRECT, to=TO):
        self.body = self.captures.spool()
        self.body.write(data)
        return await self.captures.keep(KeepMessage(to, len(data)), who, self.body)

    @property
    def events(self):
        return [entry.event for entry in self.log.entries]

    @property
    def kept(self):
        return [
            (capture.envelope.account, self.store.read(capture.id))
            for capture in self.store.captures()
        ]


async def test_a_kept_message_is_noted_with_what_it_was():
    desk = Desk()
    assert await desk.keep(b"hello") == KeepVerdict(Acceptance.ACCEPTED, "4Xq1")
    (capture,) = desk.store.captures()
    assert (capture.time, capture.who, capture.envelope) == (desk.clock(), DIRECT, TO)
    assert desk.events == [
        MessageCaptured(capture.id, "", "4Xq1", b"a@example.org", 1, 5, capture.sha256)
    ]
    assert desk.log.entries[0].who == DIRECT


@pytest.mark.parametrize(
    "line", [b"X-Tq81mR: m4rk3r\r\n", b"x-tq81mr:m4rk3r \r\n", b"X-Tq81mR: m4rk3r\n"]
)
async def test_behind_postfix_our_header_is_taken_off_and_names_the_account(line):
    desk = Desk()
    await desk.keep(line + b"Received: x\r\n\r\nbody", POSTFIX)
    assert desk.kept == [("info@example.org", b"Received: x\r\n\r\nbody")]
    assert desk.events[0].account == "info@example.org"


SIGNED = b"DKIM-Signature: v=1; d=example.org;\r\n\tb=abc\r\n"
OURS = b"X-Tq81mR: m4rk3r\r\n"
TRACE = b"Received: from x (y [192.0.2.1])\r\n\tby z (Postfix) with ESMTPSA id 4Xq1;\r\n\tMon\r\n"
CLIENTS = b"DKIM-Signature: v=1; d=spam.test\r\nSubject: x\r\n\r\nReceived: by z id 4Xq1;\r\n"


@pytest.mark.parametrize(
    ("added", "left"),
    [
        (SIGNED + OURS, TRACE),
        (OURS + SIGNED + b"X-Spam: Yes\r\n", TRACE),
        (SIGNED + OURS + SIGNED, TRACE),
        (SIGNED + OURS, b""),
        (TRACE + OURS, TRACE.replace(b"Received", b"received")),
        (OURS, b"Received: by z (Postfix) id 4Xq12; Mon\r\n"),
    ],
    ids=["above", "below", "both", "no trace line", "trace line twice", "another's trace line"],
)
async def test_what_milters_put_before_the_clients_message_is_taken_off(added, left):
    desk = Desk()
    await desk.keep(added + left + CLIENTS, POSTFIX)
    assert desk.kept == [("info@example.org", left + CLIENTS)]


async def test_a_message_that_was_put_through_the_queue_again_is_told_by_our_header_too():
    """pickup(8) writes a trace line of its own, with the new id, above all others."""
    again = b"Received: by z (Postfix, from userid 0)\r\n\tid 9Zz1; Mon\r\n"
    desk = Desk()
    await desk.keep(again + SIGNED + OURS + TRACE + CLIENTS, POSTFIX, replace(TO, queue_id="9Zz1"))
    assert desk.kept == [("info@example.org", TRACE + CLIENTS)]


async def test_an_unknown_marker_is_taken_off_and_names_nobody():
    desk = Desk()
    await desk.keep(b"X-Tq81mR: \xff\xfe\r\nbody", POSTFIX, replace(TO, account="as@was"))
    assert desk.kept == [("as@was", b"body")]


@pytest.mark.parametrize(
    ("data", "who"),
    [
        (b"X-Tq81mR: m4rk3r\r\nbody", DIRECT),
        (b"Subject: x\r\n\r\nX-Tq81mR: m4rk3r\r\n", POSTFIX),
        (b"Subject: x\r\n" * 2000 + b"X-Tq81mR: m4rk3r\r\n", POSTFIX),
        (b"X-Tq81mRx: m4rk3r\r\nbody", POSTFIX),
        (b"X-Tq81mR: m4rk3r", POSTFIX),
        (b"X-Tq81mR: " + b"m" * 20_000 + b"\r\n", POSTFIX),
        (b"", POSTFIX),
    ],
    ids=["standalone", "in the body", "too far down", "longer name", "no end", "endless", "empty"],
)
async def test_what_is_not_our_header_stays(data, who):
    desk = Desk()
    await desk.keep(data, who)
    assert desk.kept == [("", data)]


async def test_taking_the_header_off_does_not_read_the_body(monkeypatch):
    desk = Desk()
    asked = []
    body = desk.captures.spool()
    real = body.head
    monkeypatch.setattr(body, "head", lambda limit: asked.append(limit) or real(limit))
    body.write(b"X-Tq81mR: m4rk3r\r\n" + b"x" * 10_000_000)
    await desk.captures.keep(KeepMessage(TO, body.size), POSTFIX, body)
    assert max(asked) <= 16 * 1024


async def test_a_message_that_is_too_large_is_not_kept():
    desk = Desk(Budgets(message_bytes=10))
    assert await desk.keep(b"x" * 11) == KeepVerdict(Acceptance.TOO_LARGE)
    assert (await desk.keep(b"x" * 10)).acceptance is Acceptance.ACCEPTED
    assert desk.events[0] == MessageRefused("", "too-large", "message_bytes", 11)


async def test_our_header_does_not_count_as_size():
    desk = Desk(Budgets(message_bytes=10))
    verdict = await desk.keep(b"X-Tq81mR: m4rk3r\r\n" + b"x" * 10, POSTFIX)
    assert verdict.acceptance is Acceptance.ACCEPTED


async def test_the_days_bytes_are_a_budget():
    desk = Desk(Budgets(capture_bytes_per_day=100), spent_today=30)
    assert (await desk.keep(b"x" * 60)).acceptance is Acceptance.ACCEPTED
    assert (await desk.keep(b"x" * 11)).acceptance is Acceptance.TRY_LATER
    assert desk.body.abandoned
    assert (await desk.keep(b"x" * 10)).acceptance is Acceptance.ACCEPTED
    assert desk.events[1:3] == [
        BudgetExceeded("capture_bytes_per_day", 100),
        MessageRefused("", "try-later", "capture_bytes_per_day", 11),
    ]
    desk.clock.advance(86_400)
    assert (await desk.keep(b"x" * 100)).acceptance is Acceptance.ACCEPTED


async def test_what_could_not_be_kept_is_not_counted_for_the_day():
    desk = Desk(Budgets(capture_bytes_per_day=100))
    desk.store.failure = StoreError("broken")
    assert (await desk.keep(b"x" * 100)).acceptance is Acceptance.TRY_LATER
    desk.store.failure = None
    assert (await desk.keep(b"x" * 100)).acceptance is Acceptance.ACCEPTED


@pytest.mark.parametrize(
    ("failure", "notice"),
    [
        (StoreFull("full"), [BudgetExceeded("disk_bytes", Budgets().disk_bytes)]),
        (StoreError("broken"), []),
    ],
)
async def test_a_store_that_fails_makes_the_sender_try_later(failure, notice):
    desk = Desk()
    desk.store.failure = failure
    assert await desk.keep(b"hello") == KeepVerdict(Acceptance.TRY_LATER)
    assert desk.events == [*notice, MessageRefused("", "try-later", "store", 5)]
    assert desk.body.abandoned


async def test_a_used_up_budget_is_noted_once_a_minute():
    desk = Desk(Budgets(capture_bytes_per_day=1))
    for _ in range(130):
        await desk.keep(b"xx")
        desk.clock.advance(1)
    assert sum(isinstance(event, BudgetExceeded) for event in desk.events) == 3


async def test_without_an_injected_lookup_nobody_is_named():
    desk = Desk()
    journal = Journal(desk.log, desk.clock, CountingChance())
    spending = Spending(Budgets(), journal, desk.clock)
    captures = Captures(desk.store, journal, Budgets(), spending, clock=desk.clock, header=b"X-A")
    body = captures.spool()
    body.write(b"X-A: m4rk3r\nbody")
    await captures.keep(KeepMessage(TO, 16), POSTFIX, body)
    assert desk.kept == [("", b"body")]
