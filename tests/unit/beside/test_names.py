from __future__ import annotations

import asyncio

import pytest

from honeypost.beside import names as names_module
from honeypost.beside.cannot_tell import CannotTell
from honeypost.beside.names import SiteNames
from honeypost.ports import Reality
from honeypost.testing.memory import ManualClock

REAL, UNKNOWN, UNSURE = Reality.REAL, Reality.UNKNOWN, Reality.UNSURE


class Source:
    """A scripted source: Dovecot or the maps."""

    def __init__(self, *known, lists=True):
        self.known, self.lists = set(known), lists
        self.broken: BaseException | None = None
        self.hangs: asyncio.Event | None = None
        self.asked, self.listings = [], 0

    async def any_of(self, names):
        names = list(names)
        self.asked.append(names)
        if self.hangs is not None:
            await self.hangs.wait()
        if self.broken:
            raise self.broken
        return not self.known.isdisjoint(names)

    async def listed(self):
        self.listings += 1
        if self.broken:
            raise self.broken
        return frozenset(self.known) if self.lists else None


@pytest.fixture
def clock():
    return ManualClock(1000.0)


def site(clock, *, users=None, maps=None, file="", seen=frozenset, seconds=0.5):
    made = SiteNames(
        userdb_socket="",
        postfix_directory="/etc/postfix",
        maps=(),
        domains=("example.org", "example.net"),
        real_names=str(file),
        seconds=seconds,
        ever_logged_in=seen,
        clock=clock,
    )
    made._users, made._maps = users, maps
    return made


@pytest.mark.parametrize("lists", [True, False])
@pytest.mark.parametrize(
    ("account", "reality"),
    [
        ("alice@example.org", REAL),
        ("ALICE@Example.ORG", REAL),
        ("alice@example.net", REAL),  # one of our domains taken for the other
        ("alice+shop@example.org", REAL),
        ("alcie@example.org", REAL),
        ("alic@example.org", REAL),
        ("aalice@example.org", REAL),
        ("info@example.org", UNKNOWN),
        ("alyse@example.org", UNKNOWN),
    ],
)
async def test_dovecots_users_and_their_near_misses_are_real(clock, account, reality, lists):
    users = Source("alice@example.org", lists=lists)
    assert await site(clock, users=users).reality(account) is reality


@pytest.mark.parametrize(
    ("key", "account"),
    [
        ("sales@example.org", "sales@example.org"),
        ("sales", "sales@example.org"),
        ("sales", "sale@example.org"),
        ("@example.org", "anybody@example.org"),
    ],
)
async def test_keys_of_maps_are_real_and_a_catch_all_makes_everybody_real(clock, key, account):
    names = site(clock, users=Source("zacharias@example.org"), maps=Source(key))
    assert await names.reality(account) is REAL


async def test_names_of_the_file_are_real(clock, tmp_path):
    file = tmp_path / "names"
    file.write_text("# the staff\nDora@example.org   # on leave\n\npostmaster\n")
    names = site(clock, file=file)
    assert await names.reality("dora@example.org") is REAL
    assert await names.reality("dra@example.org") is REAL
    assert await names.reality("postmaster@example.org") is REAL
    assert await names.reality("info@example.org") is UNKNOWN
    file.write_text("info@example.org\n")
    assert await names.reality("info@example.org") is REAL
    assert await names.reality("inf@example.org") is REAL


async def test_who_has_ever_logged_in_is_real(clock):
    seen = {"erin@example.org"}
    names = site(clock, users=Source("zacharias@example.org"), seen=lambda: frozenset(seen))
    assert await names.reality("erin@example.org") is REAL
    assert await names.reality("frank@example.org") is UNKNOWN
    seen.add("frank@example.org")
    assert await names.reality("frank@example.org") is REAL
    assert await names.reality("frnk@example.org") is REAL


async def test_letters_of_real_names_are_typing_errors_too(clock):
    names = site(clock, users=Source("jürgen@example.org"))
    assert await names.reality("jurgen@example.org") is REAL


@pytest.mark.parametrize("broken", [CannotTell("down"), OSError("gone")])
async def test_one_source_that_cannot_tell_makes_it_unsure(clock, broken):
    users, maps = Source("alice@example.org"), Source()
    maps.broken = broken
    names = site(clock, users=users, maps=maps)
    assert await names.reality("info@example.org") is UNSURE
    maps.broken, users.broken = None, broken
    assert await names.reality("info@example.org") is UNSURE
    users.broken = None
    assert await names.reality("info@example.org") is UNKNOWN


async def test_an_unreadable_file_makes_it_unsure(clock, tmp_path):
    names = site(clock, users=Source("zacharias@example.org"), file=tmp_path / "none")
    assert await names.reality("info@example.org") is UNSURE
    (tmp_path / "none").write_bytes(b"\xff\xfe\n")
    assert await names.reality("info@example.org") is UNSURE


async def test_with_nothing_to_ask_nobody_can_be_told(clock):
    assert await site(clock).reality("info@example.org") is UNSURE


async def test_what_cannot_be_asked_is_unsure_and_asks_nobody(clock):
    users = Source("zacharias@example.org")
    assert await site(clock, users=users).reality("in\tfo@example.org") is UNSURE
    assert users.asked == []


async def test_a_hung_source_costs_the_asker_his_time_and_then_the_answer_is_there(clock):
    users, maps = Source("zacharias@example.org"), Source()
    maps.hangs = asyncio.Event()
    names = site(clock, users=users, maps=maps, seconds=0.01)
    assert await names.reality("info@example.org") is UNSURE
    maps.hangs.set()
    await asyncio.gather(*names._lookups)
    names._seconds = 1
    assert await names.reality("info@example.org") is UNKNOWN
    assert len(maps.asked) == 3  # exact and near the first time, exact alone the second


async def test_patience_ends(clock, monkeypatch):
    monkeypatch.setattr(names_module, "PATIENCE_SECONDS", 0.01)
    users = Source("zacharias@example.org")
    users.hangs = asyncio.Event()
    assert await site(clock, users=users).reality("info@example.org") is UNSURE


async def test_a_name_made_this_second_counts_though_its_neighbourhood_is_remembered(clock):
    users = Source("zacharias@example.org")
    names = site(clock, users=users)
    assert await names.reality("info@example.org") is UNKNOWN
    users.known.add("info@example.org")
    assert await names.reality("info@example.org") is REAL


async def test_the_neighbourhood_is_believed_for_a_bound_time(clock):
    users = Source("zacharias@example.org")
    names = site(clock, users=users)
    assert await names.reality("info@example.org") is UNKNOWN
    users.known.add("infos@example.org")
    clock.now += names_module.FRESH_SECONDS
    assert await names.reality("info@example.org") is UNKNOWN
    clock.now += 1
    assert await names.reality("info@example.org") is REAL
    assert users.listings == 2


async def test_a_database_that_lost_its_users_cannot_tell_and_a_listed_name_stays_real(clock):
    users = Source("zacharias@example.org", "alice@example.org")
    names = site(clock, users=users)
    assert await names.reality("info@example.org") is UNKNOWN
    users.known.clear()
    assert await names.reality("alice@example.org") is UNSURE
    assert await names.reality("info@example.org") is UNSURE
    users.known.add("alice@example.org")
    assert await names.reality("alice@example.org") is REAL
    assert await names.reality("info@example.org") is UNKNOWN


async def test_a_database_that_never_had_a_user_cannot_tell(clock):
    assert await site(clock, users=Source()).reality("info@example.org") is UNSURE


async def test_a_listed_name_is_real_though_it_was_just_deleted(clock):
    users = Source("zacharias@example.org", "alice@example.org")
    names = site(clock, users=users)
    assert await names.reality("info@example.org") is UNKNOWN
    users.known.remove("alice@example.org")
    assert await names.reality("alice@example.org") is REAL


async def test_memory_of_neighbourhoods_is_bounded(clock, monkeypatch):
    monkeypatch.setattr(names_module, "REMEMBERED", 2)
    names = site(clock, users=Source("zacharias@example.org"))
    for account in ("a1@example.org", "b2@example.org", "a1@example.org", "c3@example.org"):
        assert await names.reality(account) is UNKNOWN
    assert list(names._nobody_near) == ["b2@example.org", "c3@example.org"]


async def test_too_many_lookups_at_once_are_unsure_and_close_ends_them(clock, monkeypatch):
    monkeypatch.setattr(names_module, "LOOKUPS_AT_ONCE", 1)
    users = Source("zacharias@example.org")
    users.hangs = asyncio.Event()
    names = site(clock, users=users, seconds=0.01)
    assert await names.reality("info@example.org") is UNSURE
    users.hangs.set()
    asked = len(users.asked)
    assert await names.reality("sales@example.org") is UNSURE
    assert len(users.asked) == asked
    await names.close()
    assert not names._lookups


async def test_sources_are_made_from_the_configuration(tmp_path):
    names = SiteNames(
        userdb_socket=str(tmp_path / "none-userdb"),
        postfix_directory="/etc/postfix",
        maps=("hash:/none",),
        domains=(),
        real_names="",
        seconds=1.0,
    )
    assert await names.reality("info@example.org") is UNSURE
    await names.close()


async def test_users_are_listed_before_the_first_guess(clock):
    users = Source("bob@example.org")
    names = site(clock, users=users)
    await names.prepare()
    assert users.listings == 1
    assert await names.reality("sales@example.org") is UNKNOWN
    assert users.listings == 1


@pytest.mark.parametrize("hangs", [False, True])
async def test_a_dead_or_hung_database_does_not_hold_up_the_start(clock, hangs):
    users = Source("bob@example.org")
    users.hangs = asyncio.Event() if hangs else None
    users.broken = None if hangs else CannotTell("away")
    async with asyncio.timeout(5):
        await site(clock, users=users, seconds=0.01).prepare()
