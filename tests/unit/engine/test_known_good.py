"""Networks that got in lately, and when their failing looks like a site's own trouble."""

from honeypost.engine.known_good import OUTAGE_NETWORKS, OUTAGE_SECONDS, Outage, Recent


def test_a_login_speaks_for_its_network_for_a_while():
    recent = Recent(100.0)
    assert recent.note("a", 5.0)
    assert recent.has("a", 104.9)
    assert not recent.has("a", 105.0)
    assert not recent.has("b", 5.0)


def test_the_latest_login_counts_in_whatever_order_they_are_told():
    recent = Recent(100.0)
    recent.note("a", 50.0)
    assert not recent.note("a", 5.0)
    assert recent.has("a", 149.0)


def test_the_longest_without_a_login_goes_first():
    recent = Recent(100.0, limit=2)
    for name in ("a", "b", "a", "c"):
        recent.note(name, 0.0)
    assert len(recent) == 2
    assert recent.has("a", 1.0)
    assert not recent.has("b", 1.0)


def test_several_known_networks_that_fail_look_like_an_outage():
    outage = Outage()
    for number in range(OUTAGE_NETWORKS - 1):
        outage.failed(str(number), 0.0)
        outage.failed(str(number), 1.0)
    assert not outage.suspected(1.0)
    outage.failed("one more", 2.0)
    outage.failed("and one", 3.0)
    assert outage.suspected(3.0)
    assert not outage.suspected(1.0 + OUTAGE_SECONDS)
    outage.over()
    assert not outage.suspected(3.0)
