"""Decoy mail is kept within the day's bytes."""

from honeypost.config.schema import Budgets
from honeypost.errors import StoreFull
from honeypost.events import BudgetExceeded, MessageCaptured, MessageRefused
from honeypost.model import Envelope, Protocol
from honeypost.questions import Acceptance, KeepMessage
from support.decoy_site import DecoySite, somebody

BUDGET = Budgets(capture_bytes_per_day=100)


async def keep(site: DecoySite, size: int, account: str = "a@example.org") -> Acceptance:
    body = site.director.spool()
    body.write(b"x" * size)
    question = KeepMessage(Envelope(b"", (), account, queue_id="Q"), size)
    verdict = await site.director.answer(question, somebody(), body)
    assert verdict.acceptance is Acceptance.ACCEPTED or body.size == 0
    return verdict.acceptance


async def test_a_message_within_the_budget_is_kept():
    site = DecoySite(budgets=BUDGET)
    assert await keep(site, 50) is Acceptance.ACCEPTED
    assert site.journal.of(MessageCaptured)[0].size == 50


async def test_one_decoy_has_half_of_the_day():
    site = DecoySite(budgets=BUDGET)
    assert await keep(site, 50) is Acceptance.ACCEPTED
    assert await keep(site, 1) is Acceptance.TRY_LATER
    assert await keep(site, 50, "b@example.org") is Acceptance.ACCEPTED
    assert await keep(site, 1, "c@example.org") is Acceptance.TRY_LATER
    refused = site.journal.of(MessageRefused)
    assert [event.budget for event in refused] == ["capture_bytes_per_day"] * 2


async def test_a_message_that_was_not_kept_costs_nothing():
    site = DecoySite(budgets=BUDGET)
    site.store.failure = StoreFull("disk")
    assert await keep(site, 50) is Acceptance.TRY_LATER
    site.store.failure = None
    assert await keep(site, 50) is Acceptance.ACCEPTED


async def test_a_used_up_budget_is_told_once_a_minute():
    site = DecoySite(budgets=BUDGET)
    for _ in range(5):
        assert await keep(site, 60) is Acceptance.TRY_LATER
    assert site.journal.of(BudgetExceeded) == [BudgetExceeded("capture_bytes_per_day", 100)]
    site.clock.advance(60)
    await keep(site, 60)
    assert len(site.journal.of(BudgetExceeded)) == 2


async def test_mail_of_an_unknown_sender_has_no_share_but_counts():
    site = DecoySite(budgets=BUDGET)
    assert await keep(site, 90, "") is Acceptance.ACCEPTED
    assert await keep(site, 20, "a@example.org") is Acceptance.TRY_LATER


async def test_a_restart_knows_what_was_spent_today():
    site = DecoySite(budgets=BUDGET)
    await keep(site, 50)
    site.restart()
    assert await keep(site, 1) is Acceptance.TRY_LATER
    site.clock.advance(86_400)
    assert await keep(site, 1) is Acceptance.ACCEPTED


async def test_after_a_restart_older_days_do_not_hide_what_today_has_cost():
    site = DecoySite(budgets=BUDGET)
    assert await keep(site, 40, "a@example.org") is Acceptance.ACCEPTED
    site.clock.advance(5 * 86_400)
    assert await keep(site, 50, "b@example.org") is Acceptance.ACCEPTED
    assert await keep(site, 40, "c@example.org") is Acceptance.ACCEPTED
    site.restart()
    assert await keep(site, 20, "d@example.org") is Acceptance.TRY_LATER
    assert await keep(site, 1, "b@example.org") is Acceptance.TRY_LATER


async def test_what_postfix_adds_to_the_largest_message_does_not_keep_it_out():
    site = DecoySite(budgets=Budgets(message_bytes=1000))
    body = site.director.spool()
    body.write(b"x" * 1500)
    question = KeepMessage(Envelope(b"", (), queue_id="Q"), 1500)
    verdict = await site.director.answer(question, somebody(protocol=Protocol.LMTP), body)
    assert verdict.acceptance is Acceptance.ACCEPTED
    assert await keep(site, 1001) is Acceptance.TOO_LARGE
