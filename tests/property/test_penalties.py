"""Whatever happens in whatever order: users' networks are free, pauses grow, memory is bounded."""

from __future__ import annotations

import string

from hypothesis import given
from hypothesis import strategies as st

from honeypost.decide.penalty import Ladder, Outcome, Record, fail
from honeypost.decide.places import place
from honeypost.engine.penalties import DAY_SECONDS
from support.penalised import PenalisedSite

ADDRESSES = st.sampled_from(
    ["198.51.100.7", "198.51.100.8", "203.0.113.9"]
    + [f"2001:db8:{site}:{host}::1" for site in (1, 2) for host in range(1, 5)]
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["fail", "fail", "fail", "enter", "win", "wait", "restart"]),
        ADDRESSES,
        st.sampled_from(string.ascii_letters),
        st.integers(0, 4000),
    ),
    max_size=60,
)
LADDERS = st.lists(st.integers(1, 100_000), min_size=1, max_size=6, unique=True).map(sorted)


@given(STEPS, st.integers(0, 2**32 - 1))
def test_a_network_is_never_penalised_after_a_real_login(steps, luck):
    site = PenalisedSite(jitter_share=0.25, networks=5)
    site.luck = luck
    homes: set[str] = set()
    for verb, address, tag, seconds in steps:
        before = len(site.imposed)
        if verb == "fail":
            site.fail(address, tag)
        elif verb == "wait":
            site.clock.advance(seconds)
        elif verb == "enter":
            site.enter(address)
            homes.add(place(address))
        elif verb == "win":
            site.win(address)
        for network, _, _ in site.imposed[before:]:
            assert place(network.partition("/")[0]) not in homes
        for network in site.standing:
            assert place(network.partition("/")[0]) not in homes
        assert len(site.penalties) <= 5


@given(
    LADDERS,
    st.floats(0, 1),
    st.lists(st.floats(0, 1, exclude_max=True), min_size=2, max_size=12),
)
def test_pauses_never_become_shorter_while_failures_go_on(times, jitter, luck):
    ladder = Ladder(tuple(times), jitter, 10**9)
    record, now, lasted = Record(failures=1), 0.0, []
    for number, chance in enumerate(luck):
        assert fail(record, str(number), now, ladder, chance) is Outcome.IMPOSED
        lasted.append(round(record.until - now, 6))
        now = record.until
    climbing = lasted[: len(times)]
    assert climbing == sorted(climbing)
    assert all(times[-1] <= pause <= times[-1] * 2 for pause in lasted[len(times) :])


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 200_000)), max_size=40))
def test_one_wrong_secret_alone_is_never_penalised(steps):
    """A device with an old password and its owner's second device with another old one."""
    record, now = Record(), 0.0
    ladder = Ladder((60,), 0.0, DAY_SECONDS)
    for _, seconds in steps:
        now += seconds
        assert fail(record, "old", now, ladder, 0.0) is not Outcome.IMPOSED
