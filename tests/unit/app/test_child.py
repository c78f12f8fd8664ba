"""Whatever the child does, the parent goes on, knows why, and has a fresh one for the next."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import time

import pytest

from honeypost.app import child
from honeypost.app.child import Children
from honeypost.engine.extraction import DissectorFailed, Mark, examine
from honeypost.errors import NotReady
from honeypost.extract import limits
from support.costly_mail import NEEDLE, nested_multiparts, plain
from support.odd_children import never_ready, program

SOON = 5.0
"""Far more than a kill takes on a busy machine, far less than the misdeeds last."""
MAIL = plain(NEEDLE.encode())


@contextlib.asynccontextmanager
async def running(**options):
    children = Children(**options)
    try:
        yield children
    finally:
        await children.close()
        await children.close()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_a_message_is_taken_apart():
    async with running() as children:
        await children.warm()
        assert children.pid is not None
        report = await children.take_apart(MAIL, file="f", envelope=[b"a@b"])
        assert [link.url for link in report.links] == [NEEDLE]
        assert [found.address for found in report.recipients] == ["a@b"]
        assert {"memory", "files", "privileges"} <= set(children.protections)
        pid = children.pid
    assert not alive(pid)
    assert children.pid is None


async def test_one_child_serves_many_and_is_then_replaced():
    async with running(mails=2) as children:
        pids = []
        for _ in range(5):
            await children.take_apart(MAIL, file="f")
            pids.append(children.pid)
    assert len(set(pids)) == children.started == 3
    assert pids[0] == pids[1]


async def test_callers_wait_their_turn():
    async with running() as children:
        reports = await asyncio.gather(
            *(children.take_apart(MAIL, file=str(number)) for number in range(5))
        )
    assert [report.file for report in reports] == list("01234")
    assert children.started == 1


async def test_a_longer_message_is_cut_and_marked():
    async with running() as children:
        raw = MAIL + b"\n" * limits.MESSAGE_BYTES
        report = await children.take_apart(raw, file="f")
    assert "message-cut" in report.errors
    assert [link.url for link in report.links] == [NEEDLE]


async def test_what_kills_others_is_survived():
    async with running() as children:
        report = await children.take_apart(nested_multiparts(), file="f")
    assert report.errors == ("depth-cut",)


@pytest.mark.parametrize(
    ("misdeed", "mark"),
    [
        ("hangs", Mark.TIMEOUT),
        ("dies", Mark.CRASH),
        ("is killed", Mark.CRASH),
        ("spins", Mark.TIMEOUT),
        ("starves", Mark.MEMORY),
        ("babbles", Mark.CRASH),
        ("lies", Mark.CRASH),
        ("says no json", Mark.CRASH),
    ],
)
async def test_misdeeds_are_told_apart(misdeed, mark):
    look = 0.1 if misdeed == "hangs" else 10.0
    async with running(command=program(misdeed), look_seconds=look) as children:
        await children.warm()
        begun = time.monotonic()
        with pytest.raises(DissectorFailed) as failure:
            await children.take_apart(MAIL, file="f")
        assert time.monotonic() - begun < SOON
        assert failure.value.mark is mark
        assert children.pid is None


async def test_one_that_works_for_long_is_not_taken_for_one_that_hangs():
    async with running(command=program("is slow"), look_seconds=0.05) as children:
        await children.warm()
        assert (await children.take_apart(MAIL, file="f")).file == "slow"
        assert children.started == 1


async def test_one_that_waits_for_a_processor_is_not_taken_for_one_that_hangs():
    async with running(command=program("hangs"), look_seconds=0.05) as children:
        await children.warm()
        os.kill(children.pid, signal.SIGSTOP)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(children.take_apart(MAIL, file="f"), 0.5)


async def test_one_that_cannot_be_looked_at_has_a_wall_clock(monkeypatch):
    monkeypatch.setattr(child._Child, "state", child.UNSEEN)
    monkeypatch.setattr(child, "UNSEEN_LOOKS", 3)
    async with running(command=program("hangs"), look_seconds=0.05) as children:
        await children.warm()
        with pytest.raises(DissectorFailed) as failure:
            await children.take_apart(MAIL, file="f")
        assert failure.value.mark is Mark.TIMEOUT


async def test_one_that_is_gone_has_no_state():
    async with running() as children:
        await children.warm()
        assert children._child.state in {"R", "S", "D"}
        gone = children._child
    assert gone.state in {child.UNSEEN, "Z"}


async def test_the_culprit_is_tried_once_alone_in_a_fresh_child():
    async with running(command=program("dies")) as children:
        report = await examine(children, MAIL, file="f")
    assert report.errors == ("crash",)
    assert children.started == 2


async def test_a_child_that_died_between_two_messages_is_replaced():
    async with running() as children:
        await children.warm()
        first = children.pid
        os.kill(first, 9)
        async with asyncio.timeout(10):
            await children._child._ended
        report = await children.take_apart(MAIL, file="f")
        assert children.pid != first
    assert report.errors == ()


async def test_a_cancelled_caller_leaves_no_child_behind():
    async with running(command=program("hangs"), look_seconds=60) as children:
        await children.warm()
        pid = children.pid
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(children.take_apart(MAIL, file="f"), 0.2)
        assert not alive(pid)


@pytest.mark.parametrize("how", ["import sys; sys.exit(3)", "print('hello' * 9, flush=True)"])
async def test_a_child_that_never_comes_up_is_said_to(how):
    async with running(command=never_ready(how)) as children:
        with pytest.raises(NotReady):
            await children.warm()
        assert children.pid is None


async def test_a_child_that_is_silent_at_its_start_is_given_up(monkeypatch):
    monkeypatch.setattr(child, "START_SECONDS", 0.2)
    async with running(command=never_ready("import time; time.sleep(60)")) as children:
        with pytest.raises(NotReady):
            await children.warm()


async def test_complaints_are_logged_harmless_and_bounded(caplog):
    with caplog.at_level(logging.WARNING):
        async with running(command=program("complains"), look_seconds=20) as children:
            await children.take_apart(MAIL, file="f")
    lines = [record.getMessage() for record in caplog.records]
    assert 0 < len(lines) <= child.COMPLAINTS
    assert "\\x1b[2J oh dear" in lines[0]
    assert "\x1b" not in "".join(lines)


async def test_the_child_sees_none_of_our_secrets():
    environ = {**os.environ, "HONEYPOST__BESIDE__SCRIPT_KEY": "s3cret", "LANG": "C.UTF-8"}
    command = program("shows its environment")
    async with running(command=command, environ=environ) as children:
        shown = (await children.take_apart(MAIL, file="f")).file
    assert "HONEYPOST" not in shown
    assert "LANG" in shown
