"""Does this credential work?"""

import asyncio

import pytest

from honeypost.decide.evidence import recompute
from honeypost.engine.guesses import KNOWN_SECONDS, UNSURE_SECONDS
from honeypost.engine.logins import LOGIN_LIMIT
from honeypost.errors import StoreError
from honeypost.events import DecoyAdopted, DecoyEntered, GrantsStopped, LoginRefused
from honeypost.model import Client, Protocol
from honeypost.ports import Decoy, Reality
from support.decoy_site import LISTED, DecoySite

DAY = 86_400.0


async def test_a_guess_wins_after_its_failures_and_is_frozen_on_disk_first():
    site = DecoySite()
    name = site.open_name(needed=3)
    await site.ripen(name)
    flushed = site.journal.log.flushes
    verdict = await site.guess(name, "Dragon")
    (decoy,) = site.decoys.kept
    assert verdict.account == decoy.account == f"{name}@example.org"
    assert verdict.marker == decoy.marker == site.rules.marker(decoy.account)
    assert verdict.delay_seconds == 0
    assert decoy.secret == "Dragon"
    assert decoy.frozen_until == decoy.adopted_at + 180 * DAY
    assert site.journal.log.flushes == flushed + 1
    (adopted,) = site.journal.of(DecoyAdopted)
    assert (adopted.distinct_failures, adopted.needed_failures, adopted.rule) == (3, 3, "list")
    assert site.journal.of(DecoyEntered)[0].account == decoy.account


async def test_the_secret_is_exact_and_the_only_one():
    site = DecoySite()
    name = site.open_name()
    await site.win(name, "Dragon")
    for other in ("dragon", "Dragon ", "Dragon\0", "baseball", ""):
        assert not (await site.guess(name, other)).granted
    assert site.last_reason == "other-secret"
    assert (await site.guess(name, "Dragon")).granted


@pytest.mark.parametrize(
    "form",
    ["{0}", "{0}@example.org", "{1}", "{1}@EXAMPLE.ORG"],
    ids=["bare", "full", "BARE", "FULL"],
)
async def test_all_forms_of_a_name_are_one_account(form):
    site = DecoySite()
    name = site.open_name()
    await site.win(name)
    assert (await site.guess(form.format(name, name.upper()), "dragon")).granted


@pytest.mark.parametrize("form", ["{}+tag", "{}@example.net", "{} ", "{}@other.org", " {}"])
async def test_no_other_form_works(form):
    site = DecoySite()
    name = site.open_name()
    await site.win(name)
    assert not (await site.guess(form.format(name), "dragon")).granted


@pytest.mark.parametrize("login", ["bob+tag", "bob@other.org", "b\u00f6b", ""])
async def test_of_a_login_that_no_decoy_has_nothing_is_kept(login):
    site = DecoySite()
    verdict = await site.guess(login, "dragon")
    assert verdict.delay_seconds == site.config.decoys.refusal_seconds
    (refused,) = site.journal.of(LoginRefused)
    assert (refused.account, refused.secret, refused.secret_tag) == ("", "", "")
    assert refused.reason == "not-a-name"


async def test_a_long_login_is_cut_in_the_journal():
    site = DecoySite()
    await site.guess("x" * 5000, "dragon")
    assert len(site.journal.of(LoginRefused)[0].login) == LOGIN_LIMIT


async def test_what_is_kept_of_a_secret():
    site = DecoySite()
    name = site.open_name()
    await site.guess(name, "dragon")
    await site.guess(name, "xk3Jq9PzR2mW7t")
    listed, other = site.journal.of(LoginRefused)
    assert listed.secret == "dragon"
    assert other.secret == ""
    assert len(other.secret_tag) == 16
    assert other.secret_tag != listed.secret_tag


@pytest.mark.parametrize(("unsure", "reason"), [(False, "real-name"), (True, "unsure-name")])
async def test_of_a_guess_at_a_real_name_nothing_is_kept(unsure, reason):
    site = DecoySite()
    name = site.open_name()
    site.names.names, site.names.unsure = [name + "x"], unsure
    for secret in LISTED:
        assert not (await site.guess(name, secret)).granted
    for refused in site.journal.of(LoginRefused):
        assert (refused.secret, refused.secret_tag, refused.reason) == ("", "", reason)
        assert refused.distinct_failures == 0


async def test_an_answer_about_a_name_is_used_for_a_while():
    site = DecoySite()
    name = next(site.names_that(exist=False))
    await site.guess(name, "one-1111")
    await site.guess(name, "two-2222")
    assert len(site.names.asked) == 1
    site.clock.advance(KNOWN_SECONDS)
    await site.guess(name, "three-33")
    assert len(site.names.asked) == 2


async def test_a_source_that_could_not_be_asked_is_spared_for_seconds_only():
    site = DecoySite()
    site.names.unsure = True
    await site.guess("somebody", "one-1111")
    await site.guess("somebody", "two-2222")
    assert len(site.names.asked) == 1
    site.clock.advance(UNSURE_SECONDS)
    site.names.unsure = False
    await site.guess("somebody", "three-33")
    assert len(site.names.asked) == 2
    assert site.last_reason != "unsure-name"


async def test_before_an_adoption_the_name_is_asked_for_once_more():
    site = DecoySite()
    name = site.open_name()
    await site.ripen(name)
    site.names.names = [name]
    assert not (await site.guess(name, "dragon")).granted
    refused = site.journal.of(LoginRefused)[-1]
    assert (refused.reason, refused.secret, refused.secret_tag) == ("real-name", "", "")
    assert site.decoys.kept == []
    site.names.names = []
    assert not (await site.guess(name, "baseball")).granted
    assert site.last_reason == "real-name"
    site.clock.advance(KNOWN_SECONDS)
    await site.guess(name, "baseball")
    assert site.last_reason == "too-few-failures"


async def test_a_name_that_nobody_can_tell_at_its_adoption_rests_a_day():
    site = DecoySite()
    name = site.open_name()
    await site.ripen(name)
    site.names.unsure = True
    assert not (await site.guess(name, "dragon")).granted
    site.names.unsure = False
    site.clock.advance(23 * 3600)
    assert not (await site.guess(name, "baseball")).granted
    assert site.last_reason == "resting"
    site.clock.advance(3600)
    assert not (await site.guess(name, "baseball")).granted  # refused once, so for ever
    assert (await site.guess(name, "dragon")).granted


async def test_a_frozen_decoys_own_secret_is_answered_without_asking_for_names():
    site = DecoySite()
    name = site.open_name()
    await site.win(name)
    asked = len(site.names.asked)
    site.names.unsure = True
    site.clock.advance(3600)
    assert (await site.guess(name, "dragon")).granted
    assert len(site.names.asked) == asked


@pytest.mark.parametrize(("unsure", "reason"), [(False, "real-name"), (True, "unsure-name")])
async def test_a_slip_of_a_user_who_came_after_the_adoption_leaves_nothing(unsure, reason):
    site = DecoySite()
    name = site.open_name()
    await site.win(name)
    site.clock.advance(3600)
    site.names.names, site.names.unsure = (f"{name}x",), unsure
    assert not (await site.guess(name, "football")).granted
    refused = site.journal.of(LoginRefused)[-1]
    assert (refused.reason, refused.secret, refused.secret_tag) == (reason, "", "")
    assert all(f.agrees for f in recompute(site.journal.entries, site.rules))


async def test_a_decoy_whose_name_has_become_real_lets_nobody_in():
    site = DecoySite()
    name = site.open_name()
    await site.win(name)
    site.clock.advance(3600)
    site.names.names = (name,)
    assert not (await site.guess(name, "football")).granted
    assert not (await site.guess(name, "dragon")).granted
    assert site.last_reason == "real-name"


async def test_doubt_about_the_containment_stops_adoptions_and_grants():
    site = DecoySite()
    first, second = list(_two(site))
    await site.win(first)
    await site.ripen(second)
    site.fence.reason = "main.cf was replaced"
    assert not (await site.guess(first, "dragon")).granted
    assert site.last_reason == "containment-doubt"
    assert not (await site.guess(second, "dragon")).granted
    assert site.last_reason == "containment-doubt"
    assert len(site.decoys.kept) == 1
    assert site.journal.of(GrantsStopped) == [GrantsStopped("main.cf was replaced")]
    site.fence.reason = ""
    assert (await site.guess(first, "dragon")).granted
    assert not (await site.guess(second, "dragon")).granted
    assert site.last_reason == "repeated-secret"
    assert (await site.guess(second, "baseball")).granted


def _two(site):
    names = site.names_that(exist=True)
    yield next(names)
    yield next(names)


async def test_a_store_that_cannot_keep_the_decoy_means_a_refusal():
    site = DecoySite()
    name = site.open_name()
    await site.ripen(name)
    site.decoys.failure = StoreError("disk")
    assert not (await site.guess(name, "dragon")).granted
    assert site.last_reason == "store-failed"
    site.decoys.failure = None
    assert not (await site.guess(name, "dragon")).granted
    assert (await site.guess(name, "baseball")).granted


async def test_a_journal_that_cannot_flush_does_not_undo_a_durable_decoy():
    site = DecoySite()
    name = site.open_name()
    await site.ripen(name)
    site.journal.log.failure = StoreError("disk")
    assert (await site.guess(name, "dragon")).granted


async def test_no_more_new_decoys_in_a_day_than_the_cap():
    site = DecoySite(new_per_day=2)
    names = site.names_that(exist=True)
    await site.win(next(names))
    site.clock.advance(DAY / 2)
    await site.win(next(names))
    third = next(names)
    await site.ripen(third)
    assert not (await site.guess(third, "dragon")).granted
    assert site.last_reason == "daily-cap"
    site.clock.advance(DAY / 2 + 1)
    assert (await site.guess(third, "baseball")).granted
    site.restart()
    fourth = next(names)
    await site.ripen(fourth)
    assert not (await site.guess(fourth, "dragon")).granted
    assert site.last_reason == "daily-cap"


class SlowDecoys:
    """A store that is durable only when it is told so."""

    def __init__(self) -> None:
        self.kept: list[Decoy] = []
        self.asked = asyncio.Event()
        self.done = asyncio.Event()

    def all(self):
        return tuple(self.kept)

    async def adopt(self, decoy: Decoy) -> None:
        self.asked.set()
        await self.done.wait()
        self.kept.append(decoy)


async def slow_site(**settings) -> DecoySite:
    site = DecoySite(**settings)
    site.decoys = SlowDecoys()
    site.restart()
    return site


async def test_two_winning_guesses_at_once_yield_one_secret():
    site = await slow_site()
    name = site.open_name()
    await site.ripen(name)
    guesses = [asyncio.ensure_future(site.guess(name, secret)) for secret in ("dragon", "baseball")]
    await site.decoys.asked.wait()
    site.decoys.done.set()
    verdicts = await asyncio.gather(*guesses)
    assert [verdict.granted for verdict in verdicts] == [True, False]
    assert site.last_reason == "other-secret"
    assert [decoy.secret for decoy in site.decoys.kept] == ["dragon"]


async def test_no_grant_before_the_decoy_is_durable():
    site = await slow_site()
    name = site.open_name()
    await site.ripen(name)
    guess = asyncio.ensure_future(site.guess(name, "dragon"))
    await site.decoys.asked.wait()
    assert not guess.done()
    assert site.journal.of(DecoyAdopted) == []
    site.decoys.done.set()
    assert (await guess).granted


async def test_a_session_that_ends_during_the_adoption_leaves_one_secret():
    site = await slow_site()
    name = site.open_name()
    await site.ripen(name)
    lost = asyncio.ensure_future(site.guess(name, "dragon"))
    await site.decoys.asked.wait()
    lost.cancel()
    second = asyncio.ensure_future(site.guess(name, "baseball"))
    site.decoys.done.set()
    assert not (await second).granted
    assert lost.cancelled()
    assert [decoy.secret for decoy in site.decoys.kept] == ["dragon"]
    assert (await site.guess(name, "dragon")).granted


async def test_adoptions_under_way_count_for_the_cap():
    site = await slow_site(new_per_day=1)
    first, second = _two(site)
    await site.ripen(first)
    await site.ripen(second)
    winning = asyncio.ensure_future(site.guess(first, "dragon"))
    await site.decoys.asked.wait()
    async with asyncio.timeout(5):
        assert not (await site.guess(second, "dragon")).granted
    assert site.last_reason == "daily-cap"
    site.decoys.done.set()
    assert (await winning).granted


async def test_a_restart_keeps_decoys_and_counts():
    site = DecoySite()
    first, second = _two(site)
    await site.win(first)
    await site.ripen(second)
    site.restart()
    assert (await site.guess(first, "dragon", "2001:db8::1")).granted
    assert site.director.account_of(site.rules.marker(f"{first}@example.org")) == (
        f"{first}@example.org"
    )
    assert not (await site.guess(second, "ripen-0")).granted
    assert (await site.guess(second, "baseball")).granted


@pytest.mark.parametrize("who", ["missing", "real", "malformed", "decoy"])
async def test_every_refusal_takes_the_same_time(who):
    site = DecoySite(refusal_seconds=2.0)
    name = site.open_name()
    if who == "decoy":
        await site.win(name)

    class SlowNames:
        async def reality(self, account: str) -> Reality:
            site.clock.advance(0.25)
            return Reality.REAL if who == "real" else Reality.UNKNOWN

    site.names = SlowNames()
    site.restart()
    asked_at = site.clock()
    verdict = await site.guess("not a name" if who == "malformed" else name, "baseball")
    assert site.clock() + verdict.delay_seconds == pytest.approx(asked_at + 2.0)


async def test_a_clock_that_jumps_delays_no_longer_and_no_less_than_nothing():
    site = DecoySite(refusal_seconds=2.0)
    jumps = iter([-3600.0, 3600.0])

    class JumpingNames:
        async def reality(self, account: str) -> Reality:
            site.clock.advance(next(jumps))
            return Reality.UNKNOWN

    site.names = JumpingNames()
    site.restart()
    assert (await site.guess("one", "dragon")).delay_seconds == 2.0
    assert (await site.guess("two", "dragon")).delay_seconds == 0.0


async def test_behind_dovecot_the_delay_is_dovecots():
    site = DecoySite()
    assert (await site.guess("one", "dragon", service=Protocol.LOOKUP)).delay_seconds == 0.0


async def test_the_client_is_the_one_that_dovecot_names():
    site = DecoySite()
    await site.guess("one", "dragon", address="", client=Client("2001:db8:7::9", 0))
    who = site.journal.entries[-1].who
    assert who.client.address == "2001:db8:7::9"
    assert who.session == "session"


async def test_a_lock_is_kept_only_while_a_guess_is_under_way():
    site = DecoySite()
    for number in range(50):
        await site.guess(f"name{number}", "dragon")
    assert len(site.director._logins._locks) == 0
    assert len(site.director._logins._opening) == 0
