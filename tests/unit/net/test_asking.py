"""Questions: failure, slowness, and who is named as asking."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from honeypost.errors import StoreFull
from honeypost.events import MessageRefused
from honeypost.model import Client, Identity, Protocol, Secret
from honeypost.net.asking import ANSWER_SECONDS, Asking
from honeypost.net.reception import Reception
from honeypost.questions import (
    Acceptance,
    KeepMessage,
    KeepVerdict,
    LoginVerdict,
    MayLogin,
    MayReceive,
    Noted,
    NoteReport,
    ReceiveVerdict,
    Verdict,
)
from support.net_parts import CLIENT, ENVELOPE, Stage, eventually

WHO = Identity("s0", CLIENT, "lookup", Protocol.LOOKUP)
LOGIN = MayLogin(b"info", Secret(b"123456"), "PLAIN", Protocol.IMAP, True)
KEEP = KeepMessage(ENVELOPE, 7)


class Case:
    def __init__(self, stage: Stage) -> None:
        self.reception = Reception(stage.director)
        self.verdicts: list[Verdict] = []
        service = stage.service()
        self.asking = Asking(service, WHO, self.reception, self.verdicts.append)


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def case(stage: Stage) -> Case:
    return Case(stage)


async def test_a_director_that_fails_has_said_no(
    stage: Stage, case: Case, caplog: pytest.LogCaptureFixture
) -> None:
    stage.director.decide = lambda _: 1 / 0
    with caplog.at_level(logging.ERROR):
        case.asking.ask(LOGIN)
        await eventually(lambda: case.verdicts == [LoginVerdict()])
    assert "no answer to MayLogin" in caplog.text
    assert "123456" not in caplog.text


async def test_a_slow_director_has_said_no_and_is_not_heard_afterwards(
    stage: Stage, case: Case
) -> None:
    ready = asyncio.Event()

    async def slow() -> Any:
        await ready.wait()
        return LoginVerdict("info@example.org", "m1")

    stage.director.decide = lambda _: slow()
    case.asking.ask(LOGIN)
    await eventually(lambda: len(stage.director.asked) == 1)
    stage.timer.advance(ANSWER_SECONDS)
    assert case.verdicts == [LoginVerdict()]
    ready.set()
    await eventually(lambda: not len(stage.tasks))
    assert case.verdicts == [LoginVerdict()]


async def test_an_answer_in_time_stops_the_clock(stage: Stage, case: Case) -> None:
    stage.director.decide = lambda _: LoginVerdict("info@example.org", "m1")
    case.asking.ask(LOGIN)
    await eventually(lambda: len(case.verdicts) == 1)
    assert stage.timer.pending == []
    stage.timer.advance(ANSWER_SECONDS)
    assert len(case.verdicts) == 1


async def test_nobody_waits_for_an_answer_after_giving_up(stage: Stage, case: Case) -> None:
    case.asking.ask(LOGIN)
    case.asking.give_up()
    await eventually(lambda: not len(stage.tasks))
    assert case.verdicts == []
    assert stage.timer.pending == []


@pytest.mark.parametrize(
    "question",
    [
        MayLogin(b"a", Secret(b"b"), "PLAIN", Protocol.IMAP, False, Client("2001:db8::1", 5)),
        NoteReport(b"a", b"", "imap", Client("2001:db8::1", 5), False, "0448"),
    ],
)
async def test_the_client_that_dovecot_names_is_the_one_who_asks(
    stage: Stage, case: Case, question: Any
) -> None:
    case.asking.ask(question)
    case.asking.ask(question)
    await eventually(lambda: len(stage.director.asked) == 2)
    asked = [who for _, who, _ in stage.director.asked]
    assert [who.client for who in asked] == [Client("2001:db8::1", 5)] * 2
    assert len({who.session for who in asked} | {WHO.session}) == 3
    assert asked[0].protocol is Protocol.LOOKUP


async def test_a_body_that_found_no_room_is_refused_unasked(stage: Stage, case: Case) -> None:
    stage.director.body_limit = 3
    case.reception.open()
    case.reception.write(b"too long")
    case.asking.ask(KEEP)
    assert case.verdicts == []  # never within the core's own step
    await eventually(lambda: len(case.verdicts) == 1)
    assert case.verdicts == [KeepVerdict(Acceptance.TRY_LATER)]
    assert stage.director.asked == []
    refused = MessageRefused("info@example.org", "try-later", "spool_bytes", 7)
    assert stage.journal.noted == [(refused, WHO)]


async def test_after_a_refusal_the_next_message_has_room_again(stage: Stage, case: Case) -> None:
    stage.director.spool_error = StoreFull("no")
    case.reception.open()
    case.asking.ask(KEEP)
    await eventually(lambda: len(case.verdicts) == 1)
    stage.director.spool_error = None
    stage.director.decide = lambda _: KeepVerdict(Acceptance.ACCEPTED)
    case.reception.open()
    case.reception.write(b"hello")
    case.asking.ask(KEEP)
    await eventually(lambda: len(case.verdicts) == 2)
    assert case.verdicts[1].acceptance is Acceptance.ACCEPTED  # type: ignore[union-attr]


async def test_questions_without_a_client_are_the_sessions_own(stage: Stage, case: Case) -> None:
    stage.director.decide = lambda _: ReceiveVerdict(Acceptance.ACCEPTED)
    case.asking.ask(MayReceive(ENVELOPE.recipients[0], b"", "", True))
    await eventually(lambda: case.verdicts == [ReceiveVerdict(Acceptance.ACCEPTED)])
    assert stage.director.asked[0][1] is WHO


async def test_the_name_of_the_task_tells_the_question(stage: Stage, case: Case) -> None:
    stage.director.decide = lambda _: Noted()
    case.asking.ask(NoteReport(b"a", b"", "imap", CLIENT, True, ""))
    names = {task.get_name() for task in asyncio.all_tasks()}
    assert "NoteReport s0" in names
    await eventually(lambda: not len(stage.tasks))
