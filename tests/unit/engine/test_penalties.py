"""Who is kept away and for how long, and who never is."""

import pytest

from honeypost.engine.known_good import OUTAGE_NETWORKS
from honeypost.events import DecoyAdopted, DecoyEntered, LoginReported
from honeypost.model import Client
from support.penalised import PenalisedSite, client

DAY = 86_400
V4, V6 = "198.51.100.7", "2001:db8:1:2::7"


@pytest.mark.parametrize(("address", "network"), [(V4, V4), (V6, "2001:db8:1:2::/64")])
def test_the_second_failure_is_a_pause_and_each_later_one_a_longer(address, network):
    site = PenalisedSite()
    site.fail(address, "a")
    assert site.imposed == []
    site.fail(address, "b", "c")
    assert site.imposed == [(network, 1, 60.0)]
    site.clock.advance(60)
    site.fail(address, "d")
    assert site.imposed[1:] == [(network, 2, 300.0)]
    assert site.commands.given == [("impose", network, "60"), ("impose", network, "300")]
    assert site.penalties.counts["held-off"] == 1


def test_who_was_penalised_is_noted_with_the_identity():
    site = PenalisedSite()
    site.fail(V4, "a", "b")
    entry = site.journal.entries[-1]
    assert entry.who == client(V4)
    assert (entry.event.failures, entry.event.carried_out) == (2, True)
    assert entry.event.until == site.clock() + 60


def test_chance_makes_it_longer():
    site = PenalisedSite(jitter_share=0.5)
    site.luck = 1 << 31
    site.fail(V4, "a", "b")
    assert site.imposed == [(V4, 1, 75.0)]


def test_neighbours_have_their_own_count():
    site = PenalisedSite()
    site.fail("2001:db8:1:2::7", "a")
    site.fail("2001:db8:1:2::8", "b")
    site.fail("2001:db8:1:3::7", "c")
    site.fail("198.51.100.8", "c")
    site.fail("::ffff:198.51.100.7", "c")
    site.fail(V4, "d")
    assert [network for network, _, _ in site.imposed] == ["2001:db8:1:2::/64", V4]


def test_an_old_password_on_a_device_costs_nothing_however_often_it_is_tried():
    site = PenalisedSite()
    for _ in range(50):
        site.fail(V4, "old")
    assert site.imposed == []


def test_the_same_secret_at_another_account_is_another_guess():
    site = PenalisedSite()
    site.fail(V4, "448", login=b"ann")
    site.fail(V4, "448", login=b"ANN")
    assert site.imposed == []
    site.fail(V4, "448", login=b"bob")
    assert len(site.imposed) == 1


def test_a_login_whose_secret_nobody_saw_counts_once():
    site = PenalisedSite()
    site.fail(V4, "", "", "")
    assert site.imposed == []


@pytest.mark.parametrize("neighbour", ["198.51.100.7", "198.51.100.200"])
def test_a_network_with_a_real_login_never_has_one(neighbour):
    site = PenalisedSite()
    site.enter(neighbour)
    site.fail(V4, *"abcdefgh")
    assert site.imposed == []
    assert site.penalties.counts["spared-login"] == 8


def test_a_real_login_speaks_for_the_home_prefix():
    site = PenalisedSite()
    site.enter("2001:db8:1:ff::1")
    site.fail(V6, *"abcd")
    assert site.imposed == []


def test_a_login_of_long_ago_speaks_for_nobody():
    site = PenalisedSite()
    site.enter(V4)
    site.clock.advance(30 * DAY)
    site.fail(V4, "a", "b")
    assert len(site.imposed) == 1


def test_a_real_login_lifts_what_stands_in_its_neighbourhood_at_once():
    site = PenalisedSite()
    for address in (V4, "198.51.100.8", "198.51.101.8", "198.51.100.9"):
        site.fail(address, "a")
    for address in (V4, "198.51.100.8", "198.51.101.8"):
        site.fail(address, "b")
    site.enter("198.51.100.200")
    assert site.lifted == [(V4, "login"), ("198.51.100.8", "login")]
    assert site.commands.given[-2:] == [("lift", V4), ("lift", "198.51.100.8")]
    assert site.standing == {"198.51.101.8": 60}


def test_what_the_log_showed_counts_like_what_was_reported():
    site = PenalisedSite()
    site.fail(V4, "a", "b")
    site.penalties.learn([("198.51.100.0/24", site.clock() - DAY)])
    assert site.lifted == [(V4, "login")]


def test_a_login_that_the_log_has_from_long_ago_lifts_nothing():
    site = PenalisedSite()
    site.fail(V4, "a", "b")
    site.penalties.learn([("198.51.100.0/24", site.clock() - 31 * DAY)])
    assert site.lifted == []


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "fe80::1", "", "169.254.3.4"])
def test_the_host_itself_never_has_one(address):
    site = PenalisedSite()
    site.fail(address, *"abcd")
    site.enter(address)
    site.win(address)
    assert site.imposed == []
    assert len(site.penalties) == 0
    assert site.penalties.report()["known_good"] == 0


def test_allowed_networks_never_have_one():
    site = PenalisedSite()
    site.allow("198.51.100.0/24", "2001:db8:1:2::99")
    site.fail(V4, *"abcd")
    site.fail(V6, *"abcd")
    assert site.imposed == []


def test_allowing_lifts_at_once():
    site = PenalisedSite()
    site.fail(V4, "a", "b")
    site.fail(V6, "a", "b")
    site.allow(V4)
    assert site.lifted == [(V4, "allowed")]
    assert list(site.standing) == ["2001:db8:1:2::/64"]


def test_who_has_won_a_decoy_may_come_back_but_its_neighbours_are_as_others():
    site = PenalisedSite()
    site.fail(V4, "a", "b")
    site.win(V4)
    assert site.lifted == [(V4, "decoy")]
    site.fail(V4, *"cdef")
    site.fail("198.51.100.8", "a", "b")
    assert [network for network, _, _ in site.imposed] == [V4, "198.51.100.8"]


def test_several_networks_of_one_site_are_one():
    site = PenalisedSite()
    for number in range(1, 4):
        site.fail(f"2001:db8:1:{number}::7", "a", "b")
    assert site.imposed[-1] == ("2001:db8:1::/48", 1, 60.0)
    site.fail("2001:db8:1:4::7", "a", "b")
    assert len(site.imposed) == 4, "it is under the penalty of its site already"
    site.clock.advance(60)
    site.fail("2001:db8:1:4::7", "c", "d")
    site.fail("2001:db8:1:5::7", "a", "b")
    site.fail("2001:db8:1:6::7", "a", "b")
    assert site.imposed[-1] == ("2001:db8:1::/48", 2, 300.0)


def test_networks_of_one_site_that_fail_far_apart_stay_apart():
    site = PenalisedSite()
    for number in range(1, 6):
        site.fail(f"2001:db8:1:{number}::7", "a", "b")
        site.clock.advance(60)
    assert all(network.endswith("/64") for network, _, _ in site.imposed)


@pytest.mark.parametrize("spare", ["win", "allow"])
def test_a_site_with_somebody_spared_in_it_is_not_taken_as_one(spare):
    site = PenalisedSite()
    getattr(site, spare)("2001:db8:1:ffff::7")
    for number in range(1, 6):
        site.fail(f"2001:db8:1:{number}::7", "a", "b")
    assert all(network.endswith("/64") for network, _, _ in site.imposed)


@pytest.mark.parametrize("rescue", ["win", "enter", "allow"])
def test_whoever_is_spared_lifts_the_penalty_of_the_whole_site(rescue):
    site = PenalisedSite()
    for number in range(1, 4):
        site.fail(f"2001:db8:1:{number}::7", "a", "b")
    getattr(site, rescue)("2001:db8:1:ffff::7")
    assert "2001:db8:1::/48" in [network for network, _ in site.lifted]
    assert "2001:db8:1::/48" not in site.standing


def test_while_the_user_database_seems_down_nobody_is_penalised():
    site = PenalisedSite()
    homes = [f"203.0.{number}.1" for number in range(OUTAGE_NETWORKS)]
    for home in homes:
        site.enter(home)
    for home in homes:
        site.fail(home, "right")
    site.fail(V4, "a", "b")
    assert site.imposed == []
    assert site.penalties.counts["spared-outage"] == 2
    site.enter(homes[0])
    site.fail(V4, "a", "b")
    assert len(site.imposed) == 1


def test_observing_notes_the_same_and_does_nothing():
    site = PenalisedSite(mode="observe")
    site.fail(V4, "a", "b")
    site.enter(V4)
    assert site.imposed == [(V4, 1, 60.0)]
    assert not site.journal.entries[0].event.carried_out
    assert site.lifted == [(V4, "login")]
    assert (site.commands.given, site.standing) == ([], {})


def test_off_is_off():
    site = PenalisedSite(mode="off")
    site.fail(V4, "a", "b")
    assert (site.imposed, len(site.penalties), site.penalties.counts.total()) == ([], 0, 0)


def test_memory_is_bounded_and_the_least_recent_go_first():
    site = PenalisedSite(networks=3)
    site.fail(V4, "a")
    for number in range(2, 5):
        site.fail(f"2001:db8:{number}:1::1", "a", "b")
        site.fail(V4, "a")
    assert len(site.penalties) == 3
    assert len(site.penalties._sites) == 3
    site.fail("2001:db8:5:1::1", "a", "b")
    assert len(site.penalties._sites) == 3
    site.fail(V4, "b")
    assert site.imposed[-1][0] == V4


def test_a_restart_keeps_penalties_and_rungs():
    site = PenalisedSite()
    site.fail(V4, "a", "b")
    site.fail("198.51.100.8", "a", "b")
    site.allow("198.51.100.8")
    site.allow()
    site.clock.advance(20)
    site.restart()
    assert site.standing == {V4: 40}
    site.clock.advance(40)
    site.fail(V4, "c")
    assert site.imposed[-1] == (V4, 2, 300.0)


@pytest.mark.parametrize(("before", "after"), [("observe", "on"), ("on", "observe")])
def test_what_was_only_observed_is_not_carried_out_after_a_change_of_mode(before, after):
    site = PenalisedSite(mode=before)
    site.fail(V4, "a", "b")
    site.restart(mode=after)
    assert (site.standing, len(site.penalties)) == ({}, 0)


def test_a_restart_keeps_who_is_spared():
    site = PenalisedSite()
    reported = LoginReported("ann@example.org", b"ann", "imap", True, False, "")
    site.journal.note(reported, client(V4))
    site.journal.note(DecoyEntered("x@example.org", "imap", "PLAIN", True), client(V6))
    site.journal.note(reported, None)
    site.journal.note(reported, client("::1"))
    site.journal.note(DecoyEntered("x@example.org", "imap", "PLAIN", True), client("::1"))
    site.restart()
    site.fail("198.51.100.9", *"abcd")
    site.fail(V6, *"abcd")
    assert site.imposed == []


def test_an_adoption_spares_as_well():
    site = PenalisedSite()
    adopted = DecoyAdopted(
        "x@example.org", "m", "dragon", "imap", "PLAIN", b"x", 2, 2, "list", site.clock() + DAY
    )
    site.journal.note(adopted, client(V4))
    site.restart()
    site.fail(V4, *"abcd")
    assert site.imposed == []


@pytest.mark.parametrize(
    ("address", "known"),
    [(V4, True), ("::1", True), ("203.0.113.9", True), ("192.0.2.1", False), (V6, False)],
)
def test_whose_connections_are_not_counted(address, *, known):
    site = PenalisedSite()
    site.enter("198.51.100.200")
    site.allow("203.0.113.0/24")
    site.win(V6)
    assert site.penalties.known_good(Client(address)) is known


def test_the_figures_tell_how_it_stands():
    site = PenalisedSite()
    site.fail(V4, "a", "b", "c")
    site.fail("203.0.113.1", "a")
    site.enter("192.0.2.1")
    assert site.penalties.report() == {
        "remembered": 2, "standing": 1, "known_good": 1, "imposed": 1, "held-off": 1,
    }  # fmt: skip
