"""The edge's keeper: who is spared is looked at, orders reach the helper."""

import sqlite3
import time
from dataclasses import replace

import pytest

from honeypost.app import penalties as keeping
from honeypost.app.penalties import Keeper, settings_allow
from honeypost.config.schema import Beside, Config, Paths, Penalties
from honeypost.net.tasks import Tasks
from honeypost.stores.allowances import AllowedNetwork, write_allowed
from honeypost.stores.observations import TABLES
from honeypost.testing.memory import ManualClock, MemoryJournal
from support.penalised import KEY, client
from support.waiting import until_async

GUESSER = "198.51.100.7"


@pytest.fixture
def made(tmp_path):
    def make(**changes) -> Keeper:
        settings = replace(
            Penalties(mode="on", helper=str(tmp_path / "s"), fail2ban_directory=""), **changes
        )
        journal = MemoryJournal(ManualClock(time.time()))
        return Keeper(Config(penalties=settings), KEY, Paths(tmp_path), journal, bytes)

    return make


def fail(keeper: Keeper, address: str = GUESSER) -> None:
    for tag in "ab":
        keeper.penalties.failed(client(address), b"ann", tag)


def test_the_configuration_spares_its_own_networks():
    config = Config(penalties=Penalties(never=("192.0.2.0/24",)), beside=Beside())
    assert [(each.network, each.source) for each in settings_allow(config)] == [
        ("192.0.2.0/24", "setting penalties.never"),
        ("127.0.0.0/8", "setting beside.no_decoys_from"),
        ("::1/128", "setting beside.no_decoys_from"),
    ]


def test_a_site_behind_a_proxy_shuts_nobody_out(made):
    keeper = made()
    fail(keeper, "172.17.0.1")
    assert keeper.report()["standing"] == 0


def test_what_the_operator_allows_lifts_at_the_next_look(made, tmp_path):
    keeper = made()
    keeper.look_at_allowance()
    fail(keeper)
    path = Paths(tmp_path).allowed
    write_allowed(path, [AllowedNetwork(GUESSER, 1.0)])
    keeper.look_at_allowance()
    assert (keeper.report()["standing"], keeper.report()["lifted"]) == (0, 1)
    write_allowed(path, [])
    keeper.look_at_allowance()
    fail(keeper)
    assert keeper.report()["standing"] == 1


def test_a_damaged_file_changes_nothing_and_is_told_once(made, tmp_path, caplog):
    keeper = made()
    path = Paths(tmp_path).allowed
    write_allowed(path, [AllowedNetwork(GUESSER, 1.0)])
    keeper.look_at_allowance()
    path.write_text("garbage")
    keeper.look_at_allowance()
    keeper.look_at_allowance()
    fail(keeper)
    assert keeper.report()["standing"] == 0
    assert len(caplog.records) == 1


async def test_fail2bans_ignoreip_is_honoured(made, tmp_path):
    (tmp_path / "jail.local").write_text(f"[DEFAULT]\nignoreip = {GUESSER}\n")
    keeper = made(fail2ban_directory=str(tmp_path))
    fail(keeper)
    await keeper.look_slowly()
    assert keeper.report()["standing"] == 0


async def test_places_that_the_log_showed_are_honoured(made, tmp_path, monkeypatch):
    monkeypatch.setattr(keeping, "PLACES_AT_ONCE", 1)
    path = Paths(tmp_path).intel
    path.parent.mkdir()
    with sqlite3.connect(path) as connection:
        connection.executescript(TABLES)
        for home in ("198.51.100.0/24", "203.0.113.0/24"):
            row = ("ann", home, 1.0, time.time())
            connection.execute("INSERT INTO observed_homes VALUES (?, ?, ?, ?)", row)
    connection.close()
    keeper = made()
    await keeper.look_slowly()
    fail(keeper)
    assert (keeper.report()["standing"], keeper.report()["known_good"]) == (0, 2)


async def test_a_file_of_the_worker_that_cannot_be_read_is_told(made, tmp_path, caplog):
    path = Paths(tmp_path).intel
    path.parent.mkdir()
    path.write_text("no database")
    await made().look_slowly()
    assert "known networks" in caplog.text


async def test_without_a_helper_it_says_so_and_goes_on(made, monkeypatch):
    monkeypatch.setattr(keeping, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(keeping, "SLOW_LOOKS", 1)
    keeper, tasks = made(), Tasks()
    keeper.start(tasks)
    await until_async(lambda: "does not answer" in keeper.report()["trouble"])
    fail(keeper)
    assert keeper.report()["standing"] == 1
    keeper.stop()
    await tasks.settle(1)


async def test_an_edge_that_only_observes_carries_nothing_out(made):
    keeper, tasks = made(mode="observe"), Tasks()
    keeper.start(tasks)
    fail(keeper)
    assert keeper.report() == {
        "mode": "observe", "remembered": 1, "standing": 1, "known_good": 0, "imposed": 1,
        "held-off": 0, "refused_packets": 0, "trouble": "",
    }  # fmt: skip
    keeper.stop()
    await tasks.settle(1)
