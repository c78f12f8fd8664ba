"""Who may be written to, what may be sent on, and what Dovecot reports."""

import pytest

from honeypost.config.schema import Budgets
from honeypost.engine.director import Director
from honeypost.events import LoginReported
from honeypost.model import Client, Envelope, Protocol, Recipient
from honeypost.questions import (
    Acceptance,
    KeepMessage,
    MayReceive,
    MaySpend,
    MayWithhold,
    Noted,
    NoteReport,
    Withholding,
)
from support.decoy_site import DecoySite, somebody

ACCEPTED, UNKNOWN = Acceptance.ACCEPTED, Acceptance.UNKNOWN


async def receive(site, address, account="", first=True, protocol=Protocol.SMTP):
    raw = address if isinstance(address, bytes) else address.encode()
    question = MayReceive(Recipient(raw), b"a@b.example", account, first)
    return await site.director.answer(question, somebody(protocol=protocol))


async def test_a_decoy_may_write_to_anybody_and_gets_one_queue_id():
    site = DecoySite()
    account = (await site.win(site.open_name())).account
    verdict = await receive(site, "victim@elsewhere.example", account)
    assert verdict.acceptance is ACCEPTED
    assert verdict.queue_id == f"Q1@{int(site.clock())}"
    assert (await receive(site, b"\xff@x", account, first=False)).queue_id == ""


async def test_a_decoy_writes_to_nobody_while_its_mail_may_get_out():
    site = DecoySite()
    account = (await site.win(site.open_name())).account
    site.fence.reason = "doubt"
    assert (await receive(site, "v@x.example", account)).acceptance is Acceptance.TRY_LATER


async def test_a_decoy_without_bytes_left_is_stopped_at_its_first_recipient():
    site = DecoySite(budgets=Budgets(capture_bytes_per_day=1))
    account = (await site.win(site.open_name())).account
    verdict = await receive(site, "v@x.example", account)
    assert (verdict.acceptance, verdict.queue_id) == (Acceptance.TRY_LATER, "")


async def test_a_stranger_finds_the_names_that_exist():
    site = DecoySite()
    name = site.open_name()
    verdict = await receive(site, f"{name.upper()}@Example.ORG")
    assert verdict.acceptance is ACCEPTED
    assert verdict.queue_id
    absent = next(site.names_that(exist=False))
    assert (await receive(site, f"{absent}@example.org")).acceptance is UNKNOWN


async def test_an_adopted_decoy_is_found_even_with_its_names_source_down():
    site = DecoySite()
    name = site.open_name()
    await site.win(name)
    site.names.unsure = True
    assert (await receive(site, f"{name}@example.org")).acceptance is ACCEPTED
    other = list(zip(site.names_that(exist=True), range(2), strict=False))[1][0]
    assert (await receive(site, f"{other}@example.org")).acceptance is Acceptance.TRY_LATER


async def test_mail_for_a_real_name_is_never_taken():
    site = DecoySite()
    name = site.open_name()
    site.names.names = [name]
    assert (await receive(site, f"{name}@example.org")).acceptance is UNKNOWN


@pytest.mark.parametrize(
    ("address", "acceptance"),
    [
        ("bob@elsewhere.example", Acceptance.RELAY_DENIED),
        ("bob+tag@example.org", UNKNOWN),
        ("bob+tag@EXAMPLE.NET", UNKNOWN),
        (b"\xff\xfe@example.org", UNKNOWN),
        (b"\xff\xfe@\xff", Acceptance.RELAY_DENIED),
        ("no domain", UNKNOWN),
        ("", UNKNOWN),
    ],
)
async def test_what_cannot_be_ours_is_refused(address, acceptance):
    verdict = await receive(DecoySite(), address)
    assert (verdict.acceptance, verdict.queue_id) == (acceptance, "")


async def test_what_postfix_hands_over_was_decided_by_postfix():
    verdict = await receive(DecoySite(), "v@x.example", protocol=Protocol.LMTP)
    assert (verdict.acceptance, verdict.queue_id) == (ACCEPTED, "")


async def test_only_a_decoy_that_exists_is_one():
    site = DecoySite()
    name = site.open_name()
    address = f"{name}@example.org".encode()
    assert not site.director.is_decoy(address)
    await site.win(name)
    assert site.director.is_decoy(address)
    assert site.director.is_decoy(address.upper())
    assert not site.director.is_decoy(b"\xff@example.org")


async def test_a_late_bounce_is_not_its_business():
    question = MayWithhold(Recipient(b"x@y"), b"", "Q", None, local=False)
    answer = await DecoySite().director.answer(question, somebody())
    assert answer.withholding is Withholding.LATER


async def test_a_message_without_its_body_is_asked_for_again():
    question = KeepMessage(Envelope(b"", ()), 5)
    verdict = await DecoySite().director.answer(question, somebody())
    assert verdict.acceptance is Acceptance.TRY_LATER


async def spend(site, marker, size=10):
    question = MaySpend(marker, Client("192.0.2.1"), "Q", size, 1)
    return (await site.director.answer(question, somebody(protocol=Protocol.POLICY))).acceptance


async def test_postfix_may_hand_on_what_a_known_decoy_sends_within_its_share():
    site = DecoySite(budgets=Budgets(capture_bytes_per_day=100))
    marker = (await site.win(site.open_name())).marker
    assert await spend(site, marker, 51) is Acceptance.TRY_LATER
    assert await spend(site, marker, 50) is ACCEPTED
    assert await spend(site, marker, 1) is Acceptance.TRY_LATER
    assert await spend(site, "nobody") is Acceptance.TRY_LATER


async def test_what_waits_in_postfixs_queue_is_never_more_than_a_day_may_bring():
    site = DecoySite(budgets=Budgets(capture_bytes_per_day=100))
    names = site.names_that(exist=True)
    markers = [(await site.win(next(names))).marker for _ in range(4)]
    answers = [await spend(site, marker, 40) for marker in markers]  # and nothing arrives
    assert answers == [ACCEPTED, ACCEPTED, Acceptance.TRY_LATER, Acceptance.TRY_LATER]


async def test_what_the_sink_would_not_take_never_waits_in_postfixs_queue():
    site = DecoySite(budgets=Budgets(message_bytes=1000))
    marker = (await site.win(site.open_name())).marker
    assert await spend(site, marker, 1001) is Acceptance.TOO_LARGE
    assert await spend(site, marker, 1000) is ACCEPTED


async def test_a_session_let_in_before_the_doubt_sends_nothing_after_it():
    site = DecoySite()
    marker = (await site.win(site.open_name())).marker
    site.fence.reason = "main.cf was replaced"
    assert await spend(site, marker) is Acceptance.TRY_LATER


async def report(site, login, *, success, original=b"", tag="0448"):
    client = Client("2001:db8::5", 4711)
    question = NoteReport(login, original, "imap", client, success, tag, "abc")
    verdict = await site.director.answer(question, somebody("", Protocol.AUTHPOLICY))
    assert isinstance(verdict, Noted)
    return site.journal.of(LoginReported)[-1]


async def test_a_failure_is_noted_with_dovecots_tag_and_client():
    site = DecoySite()
    assert not (await site.guess("bob", "football")).granted  # Dovecot asks before it reports
    event = await report(site, b"Bob", success=False)
    assert event == LoginReported("bob@example.org", b"Bob", "imap", False, False, "0448")
    who = site.journal.entries[-1].who
    assert (who.client, who.session) == (Client("2001:db8::5", 4711), "abc")


@pytest.mark.parametrize("asked", [False, True])
async def test_of_a_real_users_failed_login_no_tag_is_kept(asked):
    site = DecoySite()
    site.names.names = ("bob",)
    if asked:
        await site.guess("bob", "football")
    assert (await report(site, b"bob", success=False)).secret_tag == ""


@pytest.mark.parametrize("form", ["{}", "{}@example.org", "{}+lists@example.org"])
async def test_who_logged_in_for_real_is_never_a_decoy_and_leaves_no_tag(form):
    site = DecoySite()
    name = site.open_name()
    await site.ripen(name)
    event = await report(site, form.format(name).encode(), success=True)
    assert (event.account, event.decoy, event.secret_tag) == (f"{name}@example.org", False, "")
    assert not (await site.guess(name, "dragon")).granted
    assert site.last_reason == "real-name"


async def test_a_marker_user_is_reported_as_its_decoy():
    site = DecoySite()
    verdict = await site.win(site.open_name())
    login = f"{verdict.marker}@K3F9X2.invalid".encode()
    event = await report(site, login, success=True, original=b"person")
    assert (event.account, event.decoy, event.login) == (verdict.account, True, b"person")
    assert (await report(site, b"zzz@k3f9x2.invalid", success=True)).account == ""


async def test_a_login_elsewhere_or_unreadable_is_noted_without_account():
    site = DecoySite()
    assert (await report(site, b"\xff\xfe", success=False)).account == ""
    assert (await report(site, b"bob@other.example", success=True)).account == ""


async def test_the_shipped_list_is_used_unless_another_is_given():
    site = DecoySite()
    director = Director(
        site.config, site.secrets, decoys=site.decoys, captures=site.captures,
        spending=site.spending, journal=site.journal, names=site.names, containment=site.fence, clock=site.clock,
        queue_id=lambda _: "",
    )  # fmt: skip
    site.director = director
    await site.win(site.open_name())
