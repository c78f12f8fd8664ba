"""The driver against a core that does what it is told."""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
from collections.abc import Callable
from ipaddress import ip_address

import pytest

from honeypost.events import ClientGreeted, SessionClosed, SessionOpened, SessionRejected
from honeypost.model import Client, Protocol, Secret
from honeypost.net.driver import PORTION_BYTES, READ_BYTES, Driver
from honeypost.net.limits import Admission
from honeypost.net.turnstile import Turnstile
from honeypost.proto.effects import (
    AbandonMessage,
    Ask,
    Close,
    Emit,
    OpenMessage,
    Send,
    Spool,
    StartTls,
    Wake,
)
from honeypost.questions import (
    Acceptance,
    KeepMessage,
    KeepVerdict,
    LoginVerdict,
    MayLogin,
)
from support.net_parts import (
    CLOSED,
    ENVELOPE,
    LOOPBACKS,
    RecordingTransport,
    ScriptedCore,
    Stage,
    eventually,
    serving,
)

LOGIN = MayLogin(b"info", Secret(b"123456"), "PLAIN", Protocol.SUBMISSION, True)
KEEP = KeepMessage(ENVELOPE, 5)


@pytest.fixture
def stage() -> Stage:
    return Stage()


def connected(stage: Stage, **more: object) -> tuple[Driver, ScriptedCore, RecordingTransport]:
    transport = RecordingTransport()
    driver = Driver(stage.service(**more))
    driver.connection_made(transport)
    return driver, stage.cores[-1], transport


def feed(driver: Driver, data: bytes) -> None:
    driver.get_buffer(-1)[: len(data)] = data
    driver.buffer_updated(len(data))


def holding(core: ScriptedCore, *effects: object) -> object:
    def made() -> tuple[object, ...]:
        core.holding = True
        return effects

    return made


def test_a_session_is_opened_and_the_core_greets(stage: Stage) -> None:
    driver, _, transport = connected(stage)
    assert transport.written == [b"hello\n"]
    assert stage.journal.noted == [(SessionOpened(), driver.who)]
    assert driver.who.client == Client("192.0.2.7", 40001)
    assert (driver.who.session, driver.who.listener) == ("s1", "submission")


def test_calls_of_real_servers_are_not_sessions(stage: Stage) -> None:
    connected(stage, faces_clients=False)
    assert stage.journal.noted == []


def test_consecutive_sends_leave_in_one_write(stage: Stage) -> None:
    driver, core, transport = connected(stage)
    core.on[b"x"] = [Send(b"250-a\r\n"), Emit(CLOSED), Send(b"250 b\r\n")]
    feed(driver, b"x")
    assert transport.written[1:] == [b"250-a\r\n250 b\r\n"]


def test_events_carry_the_identity_of_the_session(stage: Stage) -> None:
    driver, core, _ = connected(stage)
    greeted = ClientGreeted("EHLO", b"me")
    core.on[b"x"] = [Emit(greeted)]
    feed(driver, b"x")
    assert stage.journal.noted[-1] == (greeted, driver.who)


async def test_a_question_is_answered_and_reading_stops_meanwhile(stage: Stage) -> None:
    verdict = LoginVerdict("info@example.org", "m1")
    stage.director.decide = lambda _: verdict
    driver, core, transport = connected(stage)
    core.on[b"x"] = holding(core, Send(b"wait "), Ask(LOGIN))
    core.at_answer = lambda _: [Send(b"ok")]
    feed(driver, b"x")
    assert not transport.reading
    await eventually(lambda: transport.reading)
    assert core.calls[-1] == verdict
    assert transport.written[1:] == [b"wait ok"]  # as Postfix, which writes when it reads
    assert stage.director.asked == [(LOGIN, driver.who, None)]


async def test_questions_in_a_row_are_each_answered(stage: Stage) -> None:
    driver, core, _ = connected(stage)
    left = [Ask(LOGIN), Ask(LOGIN)]
    core.on[b"x"] = holding(core, Ask(LOGIN))
    core.at_answer = lambda _: [left.pop()] if left else [Send(b"done")]
    feed(driver, b"x")
    await eventually(lambda: len(stage.director.asked) == 3 and not len(stage.tasks))
    assert [call for call in core.calls if isinstance(call, LoginVerdict)] == [LoginVerdict()] * 3


def test_a_reply_that_paused_leaves_at_once_and_takes_along_what_came_before(
    stage: Stage,
) -> None:
    driver, core, transport = connected(stage)
    core.on[b"x"] = holding(core, Send(b"a"), Wake(1, hold=True))
    core.at_woken = [Send(b"b"), Wake(1, hold=True)]
    feed(driver, b"x")
    assert transport.written[1:] == []
    stage.timer.advance(1)
    assert transport.written[1:] == [b"ab"]


def test_many_commands_are_worked_off_in_postfix_portions_each_in_its_turn(stage: Stage) -> None:
    turns: list[Callable[[], None]] = []
    driver, core, transport = connected(stage, turnstile=Turnstile(turns.append))
    taken: list[int] = []

    def receive(data: bytes) -> list[Send]:
        taken.append(len(data))
        if len(taken) == 2:
            driver.pause_writing()
        return [Send(b"%d " % len(data))]

    core.receive = receive
    feed(driver, b"x" * (3 * PORTION_BYTES + 1))
    assert (taken, transport.reading) == ([], False)
    turns.pop()()
    assert (taken, transport.reading) == ([PORTION_BYTES], False)
    turns.pop()()
    assert transport.written[1:] == [b"4096 ", b"4096 "]
    turns.pop()()
    assert len(taken) == 2  # the client takes no output
    driver.resume_writing()
    turns.pop()()
    assert taken == [PORTION_BYTES] * 3 + [1]
    assert (turns, transport.reading) == ([], True)


def test_a_body_takes_a_turn_only_when_it_fills_a_read(stage: Stage) -> None:
    turns: list[Callable[[], None]] = []
    driver, core, transport = connected(stage, turnstile=Turnstile(turns.append))
    core.on[b"DATA"] = [Send(b"354"), OpenMessage(ENVELOPE)]
    feed(driver, b"DATA")
    feed(driver, b"x" * (PORTION_BYTES + 1))
    assert (len(core.calls), transport.reading, turns) == (3, True, [])
    feed(driver, b"x" * READ_BYTES)
    assert (len(core.calls), transport.reading, len(turns)) == (3, False, 1)


@pytest.mark.parametrize(("more", "reset"), [(0, False), (1, True)])
async def test_a_connection_closed_with_input_unread_is_reset(
    stage: Stage, more: int, reset: bool
) -> None:
    """As the kernel does for Postfix."""
    driver, core, transport = connected(stage)
    with socket.socket() as sock:
        transport._extra["socket"] = sock
        core.on[b"x" * PORTION_BYTES] = [Send(b"bye"), Close()]
        feed(driver, b"x" * (PORTION_BYTES + more))
        await eventually(lambda: transport.closed)
        lingers, seconds = struct.unpack(
            "ii", sock.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8)
        )
    assert transport.written[-1] == b"bye"
    assert (transport.closed, bool(lingers), seconds) == (True, reset, 0)


def test_only_the_last_wake_counts(stage: Stage) -> None:
    driver, core, transport = connected(stage)
    core.on[b"x"] = [Wake(5), Wake(10)]
    core.at_woken = [Send(b"late"), Close()]
    feed(driver, b"x")
    stage.timer.advance(9)
    assert "woken" not in core.calls
    stage.timer.advance(1)
    assert transport.written[-1] == b"late"
    assert transport.closed


def test_a_slow_client_is_read_from_again_when_it_reads(stage: Stage) -> None:
    driver, core, transport = connected(stage)
    driver.pause_writing()
    feed(driver, b"x")
    assert not transport.reading
    driver.resume_writing()
    assert transport.reading
    assert core.calls == ["open", b"x"]


def test_the_end_of_the_client_is_told_once(stage: Stage) -> None:
    driver, core, transport = connected(stage)
    driver.eof_received()
    driver.connection_lost(None)
    assert core.calls == ["open", "eof"]
    assert transport.closed
    assert stage.journal.kinds == ["session.opened", "session.closed"]
    assert stage.admission.open == 0


def test_after_its_own_close_the_core_hears_no_more(stage: Stage) -> None:
    driver, core, transport = connected(stage)
    core.on[b"QUIT"] = [Emit(CLOSED), Send(b"bye"), Close()]
    feed(driver, b"QUIT")
    feed(driver, b"more")
    driver.connection_lost(None)
    assert core.calls == ["open", b"QUIT"]
    assert transport.written[-1] == b"bye"
    assert stage.timer.pending == []


def test_who_does_not_take_the_last_reply_is_cut_off(stage: Stage) -> None:
    driver, core, transport = connected(stage)
    core.on[b"QUIT"] = [Close()]
    feed(driver, b"QUIT")
    stage.timer.advance(11)
    assert transport.aborted


def test_a_stopping_process_says_so_in_the_journal_and_nothing_to_the_client(
    stage: Stage,
) -> None:
    driver, _, transport = connected(stage)
    driver.stop()
    event = stage.journal.noted[-1][0]
    assert isinstance(event, SessionClosed)
    assert event.reason == "shutdown"
    assert transport.written == [b"hello\n"]


def test_a_core_that_fails_ends_its_own_connection(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    driver, core, transport = connected(stage)
    core.on[b"x"] = lambda: 1 / 0
    with caplog.at_level(logging.ERROR):
        feed(driver, b"x")
    assert "the core failed" in caplog.text
    assert transport.closed


def test_a_core_that_wants_tls_without_a_certificate_is_ended(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    driver, core, transport = connected(stage)
    core.on[b"x"] = [StartTls()]
    feed(driver, b"x")
    assert transport.closed
    assert "no certificate" in caplog.text


def test_over_the_budget_a_client_is_told_and_let_go(stage: Stage) -> None:
    stage.admission = Admission(1, 1, lambda: 0.0)
    connected(stage)
    transport = RecordingTransport()
    second = Driver(stage.service(refusal=lambda client: b"421 " + client.address.encode()))
    second.connection_made(transport)
    feed(second, b"EHLO x\r\n")
    second.connection_lost(None)
    assert transport.written == [b"421 192.0.2.7"]
    assert transport.closed
    assert len(stage.cores) == 1
    assert stage.journal.noted[-1] == (SessionRejected("connections"), second.who)
    assert stage.admission.open == 1


# Message bodies


async def test_a_body_is_spooled_and_handed_over(stage: Stage) -> None:
    stage.director.decide = lambda _: KeepVerdict(Acceptance.ACCEPTED, "Q1")
    driver, core, _ = connected(stage)
    core.on[b"x"] = holding(core, OpenMessage(ENVELOPE), Spool(b"he"), Spool(b"llo"), Ask(KEEP))
    feed(driver, b"x")
    await eventually(lambda: not core.holding)
    assert stage.director.asked == [(KEEP, driver.who, b"hello")]
    assert core.calls[-1] == KeepVerdict(Acceptance.ACCEPTED, "Q1")
    assert stage.director.bodies[0].abandoned


async def test_a_client_that_goes_after_the_final_dot_changes_nothing(stage: Stage) -> None:
    stage.director.decide = lambda _: KeepVerdict(Acceptance.ACCEPTED)
    driver, core, _ = connected(stage)
    core.on[b"x"] = holding(core, OpenMessage(ENVELOPE), Spool(b"hello"), Ask(KEEP))
    feed(driver, b"x")
    driver.connection_lost(None)
    await eventually(lambda: not len(stage.tasks))
    assert stage.director.asked == [(KEEP, driver.who, b"hello")]
    assert core.calls == ["open", b"x", "eof"]


@pytest.mark.parametrize("end", ["abandon", "lost", "close"])
def test_a_body_that_nobody_takes_is_freed(stage: Stage, end: str) -> None:
    driver, core, _ = connected(stage)
    core.on[b"x"] = [OpenMessage(ENVELOPE), Spool(b"hello")]
    core.on[b"abandon"] = [AbandonMessage()]
    core.on[b"close"] = [Close()]
    feed(driver, b"x")
    if end == "lost":
        driver.connection_lost(None)
    else:
        feed(driver, end.encode())
    assert stage.director.bodies[0].abandoned


# Over real sockets


@pytest.mark.parametrize("where", LOOPBACKS)
async def test_a_client_is_served_over_both_families(stage: Stage, where: str) -> None:
    async with serving(stage.service(), where) as listener:
        host, port = listener.sockets[0].getsockname()[:2]
        reader, writer = await asyncio.open_connection(host, port)
        assert await reader.readline() == b"hello\n"
        own = writer.get_extra_info("sockname")
        assert stage.journal.noted[0][1].client == Client(str(ip_address(own[0])), own[1])
        writer.write(b"x")
        assert await reader.read(6) == b"echo x"
        writer.close()
        await eventually(lambda: stage.journal.kinds[-1] == "session.closed")


async def test_a_half_closed_client_still_gets_its_replies(stage: Stage) -> None:
    async with serving(stage.service()) as listener:
        reader, writer = await asyncio.open_connection(*listener.sockets[0].getsockname())
        writer.write(b"x")
        writer.write_eof()
        assert await reader.read() == b"hello\necho x"
        writer.close()


async def test_one_step_takes_a_bounded_piece_of_input(stage: Stage) -> None:
    def core() -> ScriptedCore:
        made = ScriptedCore()
        made.receive = lambda data: made.calls.append(len(data)) or ()  # type: ignore[method-assign]
        return made

    async with serving(stage.service(core)) as listener:
        _, writer = await asyncio.open_connection(*listener.sockets[0].getsockname())
        writer.write(bytes(1 << 20))
        await eventually(lambda: sum(stage.cores[0].calls[1:]) == 1 << 20)
        assert max(stage.cores[0].calls[1:]) <= PORTION_BYTES
        writer.close()


async def test_a_thousand_clients_leave_nothing_behind(stage: Stage) -> None:
    async with serving(stage.service()) as listener:
        address = listener.sockets[0].getsockname()

        async def visit(number: int) -> None:
            reader, writer = await asyncio.open_connection(*address)
            if number % 3:
                writer.write(b"x")
                await reader.read(6)
            if number % 2:
                writer.transport.abort()
            writer.close()

        for first in range(0, 1000, 50):
            await asyncio.gather(*(visit(number) for number in range(first, first + 50)))
        await eventually(lambda: stage.journal.kinds.count("session.closed") == 1000)
        await eventually(lambda: not listener.service.connections)
        assert stage.admission.open == 0
        assert len(stage.tasks) == 0
        assert stage.timer.pending == []
