"""
The rules about decoys, one test each.

Every test here turns red when its rule is taken out of the product.
"""

from __future__ import annotations

import asyncio
import re
from functools import wraps

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from honeypost.decide.decoys import Reason
from honeypost.decide.evidence import recompute
from honeypost.decide.names import ROLES
from honeypost.decide.secrets import is_obvious_pair
from honeypost.errors import StoreError
from honeypost.events import DecoyAdopted, LoginRefused
from honeypost.model import Protocol
from support.decoy_site import DecoySite, shipped

DAY = 86_400.0
ENTRANCES = (Protocol.SUBMISSION, Protocol.SUBMISSIONS, Protocol.SMTP, Protocol.LOOKUP)

WORDS = sorted(shipped())
winning = st.sampled_from([word for word in WORDS if len(word) >= 6])
short = st.sampled_from([word for word in WORDS if len(word) < 6])
random_secret = st.text(
    "abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ23456789", min_size=14, max_size=14
)
plain_name = st.from_regex(r"[a-z0-9]{1,10}([._-][a-z0-9]{1,10}){0,2}", fullmatch=True)
address = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)).map(str)
key = st.binary(min_size=32, max_size=32)


def played(test):
    """Run the coroutine of a property test, each example in a loop of its own."""

    @wraps(test)
    def run(*args, **kwargs):
        asyncio.run(test(*args, **kwargs))

    return settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])(
        run
    )


def all_exist(site_key=bytes(32), **changed) -> DecoySite:
    return DecoySite(key=site_key, **{"name_share": 1.0, "role_share": 1.0, **changed})


async def tried(site: DecoySite, name: str, secrets, addresses=None) -> list[bool]:
    sources = addresses or ["192.0.2.1"]
    return [
        (await site.guess(name, secret, sources[place % len(sources)])).granted
        for place, secret in enumerate(secrets)
    ]


@given(plain_name, st.lists(winning, min_size=15, max_size=40, unique=True))
@played
async def test_one_password_per_account(name, secrets):
    site = all_exist()
    first = await tried(site, name, secrets)
    again = await tried(site, name, secrets)
    assert sum(first) <= 1
    assert first == again
    assert len(site.decoys.kept) == sum(first)


@given(
    key,
    plain_name,
    st.lists(winning, min_size=12, max_size=12, unique=True),
    st.lists(address, min_size=12, max_size=12),
)
@played
async def test_so_many_distinct_failures_as_the_key_says_over_all_sources(
    site_key, name, secrets, addresses
):
    site = all_exist(site_key, failures_min=2, failures_max=8)
    secrets = [one for one in secrets if not is_obvious_pair(one, f"{name}@example.org")]
    needed = site.rules.needed(f"{name}@example.org")
    assert 2 <= needed <= 8
    granted = await tried(site, name, secrets, addresses)
    assert granted.index(True) == needed


@given(plain_name, winning, st.integers(1, 30))
@played
async def test_a_repeated_secret_is_one_failure_only(name, secret, times):
    site = all_exist(failures_min=2, failures_max=2)
    assume(not is_obvious_pair(secret, f"{name}@example.org"))
    await tried(site, name, [secret] * times)
    other = next(word for word in ("dragon", "baseball") if word not in (secret.lower(), name))
    assert await tried(site, name, [other]) == [False]


@given(key, plain_name, winning, st.integers(-3, 3))
@played
async def test_the_first_try_never_wins_whatever_the_settings(site_key, name, secret, fewest):
    site = all_exist(site_key, failures_min=fewest, failures_max=fewest)
    assert not (await site.guess(name, secret)).granted


@given(
    plain_name,
    winning,
    st.lists(st.tuples(st.floats(60, DAY), st.lists(winning, max_size=3)), min_size=5, max_size=25),
)
@played
async def test_a_stale_device_never_wins(name, its_own, weeks):
    """It repeats one wrong secret for weeks while others guess at the same account."""
    site = all_exist()
    for seconds, guesses in weeks:
        assert not (await site.guess(name, its_own, "198.51.100.99")).granted
        site.clock.advance(seconds)
        await tried(site, name, [one for one in guesses if one != its_own])
        if int(seconds) % 3 == 0:
            site.restart()
    assert not (await site.guess(name, its_own, "198.51.100.99")).granted


@given(plain_name, st.lists(winning, min_size=1, max_size=8, unique=True), winning)
@played
async def test_a_secret_refused_for_an_outside_reason_is_refused_for_ever(name, refused, later):
    site = all_exist(new_per_day=1)
    await site.win("somebody.else")
    await site.ripen(name)
    assert not any(await tried(site, name, refused))
    site.clock.advance(2 * DAY)
    assert not any(await tried(site, name, refused))
    assume(later not in refused and not is_obvious_pair(later, f"{name}@example.org"))
    assert (await site.guess(name, later)).granted


@given(
    st.sampled_from(sorted(ROLES)),
    st.sampled_from([*sorted(ROLES), "password", "Passwd", "changeme"]),
)
@played
async def test_obvious_pairs_never_win_on_a_role(name, secret):
    site = all_exist()
    await site.ripen(name)
    assert not (await site.guess(name, secret)).granted


@given(st.sampled_from([word for word in WORDS if len(word) >= 6 and word.isalnum()]))
@played
async def test_a_name_is_never_its_own_secret(name):
    site = all_exist()
    await site.ripen(name)
    for secret in (name, name.upper(), f"{name}@example.org"):
        assert not (await site.guess(name, secret)).granted


@given(plain_name, short)
@played
async def test_a_secret_under_six_characters_never_wins(name, secret):
    site = all_exist()
    await site.ripen(name)
    assert not (await site.guess(name, secret)).granted


@given(plain_name, st.lists(random_secret, min_size=1, max_size=20))
@played
async def test_a_random_secret_never_wins(name, secrets):
    site = all_exist()
    account = f"{name}@example.org"
    assume(not any(shipped().rule(one.encode(), account, site.clock()) for one in secrets))
    await site.ripen(name)
    assert not any(await tried(site, name, secrets))


@given(plain_name, st.sampled_from(["{}123456", "{}@2026", "{0}{0}12", "123{}"]))
@played
async def test_a_template_of_the_name_wins_in_its_year(name, pattern):
    site = all_exist()
    secret = pattern.format(name)
    rule = shipped().rule(secret.encode(), f"{name}@example.org", site.clock())
    await site.ripen(name)
    verdict = await site.guess(name, secret)
    assert verdict.granted is bool(rule and len(secret) >= 6)


@given(key)
@settings(max_examples=10, deadline=None)
def test_only_a_keyed_share_of_names_exists(site_key):
    site = DecoySite(key=site_key, name_share=0.05, role_share=0.9)
    names = [f"{number}person@example.org" for number in range(3000)]
    share = sum(map(site.rules.exists, names)) / len(names)
    assert 0.03 < share < 0.07
    roles = sum(site.rules.exists(f"{role}@example.org") for role in ROLES) / len(ROLES)
    assert 0.75 < roles <= 1.0


@given(key, plain_name)
@played
async def test_a_name_outside_its_share_never_opens(site_key, name):
    site = DecoySite(key=site_key)
    assume(not site.rules.exists(f"{name}@example.org"))
    await site.ripen(name)
    assert not any(await tried(site, name, WORDS[1000:1060]))


@given(st.integers(0, 4), st.lists(st.floats(0, DAY / 4), min_size=12, max_size=12))
@played
async def test_no_more_new_decoys_in_any_day_than_the_cap(cap, pauses):
    site = all_exist(new_per_day=cap)
    for number, pause in enumerate(pauses):
        site.clock.advance(pause)
        await site.ripen(f"name{number}")
        await site.guess(f"name{number}", "dragon")
    times = [decoy.adopted_at for decoy in site.decoys.kept]
    for end in times:
        assert sum(end - DAY < time <= end for time in times) <= cap


@given(plain_name, st.from_regex(r"[a-z]{1,8}\.(org|net|invalid)", fullmatch=True))
@played
async def test_only_listed_domains_have_decoys(name, domain):
    site = all_exist()
    assume(domain not in site.config.site.domains)
    login = f"{name}@{domain}"
    secrets = [f"spray-{number}" for number in range(8)] + WORDS[1000:1020]
    assert not any(await tried(site, login, secrets))
    assert site.decoys.kept == []


@st.composite
def slips(draw):
    """A real name and what somebody may type for it."""
    real = draw(st.from_regex(r"[a-z]{4,12}", fullmatch=True))
    place = draw(st.integers(0, len(real) - 1))
    letter = draw(st.sampled_from("abcxyz0"))
    typed = draw(
        st.sampled_from(
            [
                real,
                real.upper(),
                real + "@example.org",
                real[:place] + real[place + 1 :],
                real[:place] + letter + real[place:],
                real[:place] + letter + real[place + 1 :],
                real[: place - 1] + real[place] + real[place - 1] + real[place + 1 :]
                if place
                else real,
            ]
        )
    )
    return real, typed


@given(slips(), st.booleans())
@played
async def test_real_names_and_their_near_misses_never_open_and_leave_nothing(pair, late):
    real, typed = pair
    site = all_exist()
    if late:
        await site.ripen(typed)
    before = len(site.journal.entries)
    site.names.names = [real]
    if not late:
        assert not any(await tried(site, typed, [f"spray-{number}" for number in range(8)]))
    else:
        site.clock.advance(3600)
    assert not any(await tried(site, typed, WORDS[1000:1020]))
    for entry in site.journal.entries[before:]:
        assert (entry.event.secret, entry.event.secret_tag) == ("", "")
        assert entry.event.reason == Reason.REAL


@given(plain_name)
@played
async def test_a_name_that_cannot_be_told_never_opens(name):
    site = all_exist()
    await site.ripen(name)
    site.names.unsure = True
    site.clock.advance(3600)
    assert not any(await tried(site, name, WORDS[1000:1010]))
    assert {e.reason for e in site.journal.of(LoginRefused)[-10:]} == {"unsure-name"}
    assert all(not e.secret_tag for e in site.journal.of(LoginRefused)[-10:])


@given(
    plain_name,
    winning,
    st.lists(
        st.tuples(st.floats(0, 200 * DAY), st.sampled_from(ENTRANCES), address, st.booleans()),
        min_size=1,
        max_size=8,
    ),
)
@played
async def test_a_won_credential_works_everywhere_for_its_frozen_time(name, secret, returns):
    assume(not is_obvious_pair(secret, f"{name}@example.org"))
    site = all_exist()
    await site.win(name, secret)
    (decoy,) = site.decoys.kept
    assert decoy.frozen_until >= decoy.adopted_at + 180 * DAY
    for seconds, entrance, source, restarted in returns:
        site.clock.advance(seconds)
        if restarted:
            site.restart()
        assert (await site.guess(name, secret, source, entrance)).granted
        assert not (await site.guess(name, secret + "x", source, entrance)).granted


@given(plain_name, winning, st.data())
@played
async def test_twin_names_in_any_case_are_one_account(name, secret, data):
    assume(not is_obvious_pair(secret, f"{name}@example.org"))
    site = all_exist(failures_min=4, failures_max=4)
    forms = [name, name.upper(), f"{name}@example.org", f"{name.title()}@EXAMPLE.org"]
    for number in range(4):
        form = data.draw(st.sampled_from(forms))
        assert not (await site.guess(form, f"spray-{number}")).granted
    assert (await site.guess(data.draw(st.sampled_from(forms)), secret)).granted
    for form in forms:
        assert (await site.guess(form, secret)).granted


@given(st.binary(max_size=80))
@played
async def test_only_plain_logins_have_an_account(login):
    site = all_exist()
    account = site.rules.account(login)
    plain = re.fullmatch(rb"(?i)[a-z0-9._-]{1,64}(@example\.(org|net))?", login)
    if account:
        assert plain
        assert account.partition("@")[0] == login.decode().lower().partition("@")[0]
    else:
        assert not plain or re.search(rb"^\.|\.\.|\.(@|$)", login)
        await tried(site, login, WORDS[1000:1010])
        assert site.decoys.kept == []


@given(plain_name, st.one_of(winning, random_secret.map(str.encode), st.binary(max_size=30)))
@played
async def test_a_secret_is_kept_in_clear_only_if_it_can_be_guessed(name, secret):
    site = all_exist()
    await site.guess(name, secret)
    raw = secret if isinstance(secret, bytes) else secret.encode()
    (refused,) = site.journal.of(LoginRefused)
    rule = shipped().rule(raw, f"{name}@example.org", site.clock())
    assert refused.secret.encode() == (raw if rule else b"")
    assert re.fullmatch("[0-9a-f]{16}", refused.secret_tag)


@given(key, plain_name)
@played
async def test_a_marker_is_stable_and_opaque(site_key, name):
    site = all_exist(site_key)
    verdict = await site.win(name, "dragon" if name != "dragon" else "baseball")
    assert re.fullmatch("[a-z0-9]{16}", verdict.marker)
    site.restart()
    assert site.director.account_of(verdict.marker) == verdict.account
    assert site.rules.marker(verdict.account) == verdict.marker
    other_site = all_exist(bytes(31) + b"\x01")
    assume(site_key != bytes(31) + b"\x01")
    assert other_site.rules.marker(verdict.account) != verdict.marker


steps = st.lists(
    st.one_of(
        st.tuples(st.just("guess"), st.one_of(st.sampled_from(WORDS[:40]), short, random_secret)),
        st.tuples(
            st.just("guess"), st.sampled_from(["dragon", "baseball", "Dragon", "root", "bob123"])
        ),
        st.tuples(st.just("wait"), st.sampled_from([1.0, 700.0, 3600.0, 90_000.0])),
        st.tuples(st.just("restart"), st.none()),
        st.tuples(st.just("unsure"), st.booleans()),
        st.tuples(st.just("real"), st.booleans()),
        st.tuples(st.just("doubt"), st.booleans()),
        st.tuples(st.just("store"), st.booleans()),
    ),
    max_size=60,
)


@given(key, st.sampled_from(["bob", "root", "info@example.net", "bob@other.org"]), steps)
@played
async def test_what_is_stored_leads_to_the_same_answers(site_key, login, history):
    site = DecoySite(key=site_key, name_share=0.8, role_share=0.8, new_per_day=1)
    await play(site, login, history)
    findings = recompute(site.journal.entries, site.rules)
    answers = len(site.journal.of(LoginRefused)) + len(site.journal.of(DecoyAdopted))
    assert len(findings) >= answers
    for finding in findings:
        assert finding.agrees, finding
        assert not finding.gap, finding


async def play(site: DecoySite, login: str, history) -> None:
    for what, with_what in history:
        match what:
            case "guess":
                await site.guess(login, with_what)
            case "wait":
                site.clock.advance(with_what)
            case "restart":
                site.restart()
            case "unsure":
                site.names.unsure = with_what
            case "real":
                site.names.names = [login] if with_what else []
            case "doubt":
                site.fence.reason = "doubt" if with_what else ""
            case "store":
                site.decoys.failure = StoreError("disk") if with_what else None
