"""Whatever happens, fails and crashes: no flood of mails, nothing lost, none more than twice."""

from __future__ import annotations

import asyncio
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from honeypost.engine.alert_mail import DOUBTS_MOST, Outcome
from honeypost.engine.alerts import DAY, MAILS_A_DAY
from honeypost.model import AlertKind
from support.alert_rig import Rig

AGAIN_AND_AGAIN = [kind for kind in AlertKind if kind is not AlertKind.DECOY]
SERVERS = ["up", "up", "up", "down", "lost answer", "lost message", "crash before", "crash after"]
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("happen"), st.sampled_from(AGAIN_AND_AGAIN)),
        st.tuples(st.just("happen"), st.sampled_from(AGAIN_AND_AGAIN)),
        st.tuples(st.just("wait"), st.sampled_from([5.0, 60.0, 7200.0, DAY / 2, 3 * DAY])),
        st.tuples(st.just("server"), st.sampled_from(SERVERS)),
        st.tuples(st.just("crash"), st.integers(1, 4)),
    ),
    max_size=40,
)


async def _live(steps) -> tuple[Rig, Counter[AlertKind]]:
    rig, happened = Rig(), Counter()
    for verb, what in steps:
        if verb == "happen":
            rig.happen(what)
            happened[what] += 1
        elif verb == "wait":
            await rig.pass_time(what, step=max(5.0, what / 4))
        elif verb == "server":
            rig.server = what
        else:
            rig.book.crash_in = what
        await rig.look()
    rig.server, rig.book.crash_in = "up", 0
    await rig.pass_time(20 * DAY, step=DAY / 4)
    return rig, happened


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_no_flood_and_nothing_lost(steps) -> None:
    rig, happened = asyncio.run(_live(steps))
    mails = sorted(rig.book.kept.values(), key=lambda mail: mail.time)
    for mail in mails:
        assert len([each for each in mails if 0 <= each.time - mail.time < DAY]) <= MAILS_A_DAY
    # Everything that happened stands in a mail, and none is on its way for ever.
    assert rig.book.told == happened
    for mail in mails:
        # Each doubt stands for one mail that may have come.
        assert rig.delivered[mail.id] <= 1 + min(mail.doubts, DOUBTS_MOST)
        if mail.outcome is Outcome.SENT:
            assert rig.delivered[mail.id] >= 1
        else:
            assert mail.outcome is Outcome.UNKNOWN
            assert mail.doubts > DOUBTS_MOST
