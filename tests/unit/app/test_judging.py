"""The worker's rounds: each withheld recipient is judged once, later when DNS is silent."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack

import pytest

from honeypost.app.judging import RETRY_SECONDS, Judging, open_judging
from honeypost.config.schema import Beside, Config, LateBounce, Listeners, Paths
from honeypost.decide.disclosure import Evidence, Judgement, Why
from honeypost.events import SenderJudged
from honeypost.model import Client, Envelope, Identity, Protocol, Recipient
from honeypost.stores.judgements import JudgementStore, JudgementView
from honeypost.stores.reader import SegmentReader
from honeypost.testing.memory import ManualClock, RealNamesTable
from support.storage import keep, make_store

LIMBO = Identity("s-1", Client(""), "limbo", Protocol.LIMBO)
TO = b"nosuch@example.org"
SETTINGS = LateBounce(mode="on", give_up_hours=1.0)


class Desk:
    """Real stores, a clock and evidence of the test's own."""

    def __init__(self, tmp_path, stack, names=None):
        self.clock = ManualClock()
        self.paths = Paths(tmp_path)
        self.segments = make_store(tmp_path / "edge")
        self.segments.open()
        stack.callback(self.segments.close)
        self.store = stack.enter_context(JudgementStore(self.paths.judgements))
        self.view = JudgementView(self.paths.judgements)
        self.evidence = Evidence("pass")
        self.events = []
        self.judging = Judging(
            self.paths.segments, self.store, SETTINGS,
            lambda *_: self.evidence, names=names, note=self.events.append, clock=self.clock,
        )  # fmt: skip

    async def kept(self, *recipients, sender=b"a@b.test", body=b"Subject: x\r\n\r\n", who=LIMBO):
        envelope = Envelope(sender, tuple(map(Recipient, recipients or (TO,))), queue_id="Q")
        return await keep(self.segments, body, to=envelope, who=who, time=self.clock())


@pytest.fixture
def desk(tmp_path):
    with ExitStack() as stack:
        yield Desk(tmp_path, stack)


async def test_a_sender_is_judged_for_each_recipient_and_once(desk) -> None:
    capture = await desk.kept(TO, b"other@example.org")
    assert await desk.judging.look() == 2
    assert await desk.judging.look() == 0
    assert desk.view.judgement(capture.id, TO) == Judgement(told=True, why=Why.SPF)
    assert len(desk.events) == 2
    assert isinstance(desk.events[0], SenderJudged)


async def test_mail_of_decoys_is_none_of_its_business(desk) -> None:
    await desk.kept(who=Identity("s", Client(""), "lmtp", Protocol.LMTP))
    assert await desk.judging.look() == 0
    assert desk.store.cursor


async def test_without_captures_there_is_nothing_to_do(tmp_path) -> None:
    with JudgementStore(tmp_path / "j.db") as store:
        judging = Judging(
            tmp_path / "none", store, SETTINGS, lambda *_: Evidence("pass"),
            names=None, note=print,
        )  # fmt: skip
        assert await judging.look() == 0


@pytest.mark.parametrize(
    ("sender", "body", "why"),
    [
        (b"", b"\r\n", Why.NULL_SENDER),
        (b"a@b.test", b"List-Id: x\r\n\r\n", Why.BULK),
    ],
)
async def test_machines_are_not_asked_about(desk, sender, body, why) -> None:
    desk.evidence = None
    capture = await desk.kept(sender=sender, body=body)
    await desk.judging.look()
    assert desk.view.judgement(capture.id, TO) == Judgement(told=False, why=why)


async def test_silence_of_dns_is_tried_again_and_given_up(desk) -> None:
    desk.evidence = Evidence("temperror", unsure=True)
    capture = await desk.kept()
    for pause in RETRY_SECONDS:
        assert await desk.judging.look() == 1
        assert await desk.judging.look() == 0
        desk.clock.advance(pause)
    assert desk.view.judgement(capture.id, TO) is None
    desk.clock.advance(3600)
    await desk.judging.look()
    assert desk.view.judgement(capture.id, TO) == Judgement(told=False, why=Why.GIVEN_UP)


async def test_an_answer_that_comes_late_still_counts(desk) -> None:
    desk.evidence = Evidence("temperror", unsure=True)
    capture = await desk.kept()
    await desk.judging.look()
    desk.evidence = Evidence("pass")
    desk.clock.advance(RETRY_SECONDS[0])
    await desk.judging.look()
    assert desk.view.judgement(capture.id, TO).told


@pytest.mark.parametrize(("spf", "near"), [("pass", True), ("fail", False)])
async def test_only_the_told_are_looked_at_for_near_misses(tmp_path, spf, near) -> None:
    with ExitStack() as stack:
        names = RealNamesTable(["nosych@example.org"])
        desk = Desk(tmp_path, stack, names)
        desk.evidence = Evidence(spf)
        capture = await desk.kept()
        await desk.judging.look()
        assert desk.view.judgement(capture.id, TO).near is near
        assert bool(names.asked) is near


async def test_what_was_erased_or_damaged_proves_nothing(desk) -> None:
    capture = await desk.kept()
    desk.judging._file(SegmentReader(desk.paths.segments))
    desk.segments.close()
    for path in desk.paths.segments.glob("*.seg*"):
        path.unlink()
    await desk.judging.look()
    assert desk.view.judgement(capture.id, TO) == Judgement(told=False, why=Why.NOT_PROVEN)


async def test_put_together_it_asks_the_resolvers_that_are_named(tmp_path) -> None:
    config = Config(
        listeners=Listeners(limbo="unix:/x"),
        late_bounce=LateBounce(nameservers=("127.0.0.1:9",)),
        beside=Beside(maps=("inline:{}",)),
    )
    with ExitStack() as stack:
        judging, part = open_judging(config, Paths(tmp_path), stack, note=print)
        assert part.days == config.retention.capture_days
        assert judging._names is not None
        envelope = Envelope(b"a@", (Recipient(TO),))
        evidence = await asyncio.to_thread(judging._find, envelope, TO, b"")
        assert evidence.spf == "none"
    with ExitStack() as stack:
        assert open_judging(Config(), Paths(tmp_path), stack, note=print)[0]._names is None
