"""Rounds for alerts: one mail at a time, whatever becomes of it."""

from __future__ import annotations

import os
import socket
import threading

import pytest

from honeypost.app.alerting import LOOK_SECONDS, open_alerting
from honeypost.config.schema import Alerts, Config, Paths
from honeypost.engine.alert_mail import RETRY_SECONDS, Outcome
from honeypost.engine.alerts import DAY, Ledger
from honeypost.model import AlertKind
from honeypost.stores.alerts import AlertBook
from honeypost.stores.intel import IntelStore
from support.alert_rig import Rig


async def test_what_happened_is_told_once() -> None:
    rig = Rig()
    await rig.look()
    assert not rig.seen
    rig.happen(AlertKind.BUDGET)
    await rig.pass_time(DAY / 2)
    (mail,) = rig.seen
    assert mail.kinds == ("budget",)
    assert "about budget" in mail.text
    assert mail.subject == "[honeypost] mail.example.org: a budget is used up"
    assert rig.book.kept[mail.id].outcome is Outcome.SENT


async def test_it_looks_now_and_then() -> None:
    rig = Rig()
    assert await rig.alerting.look() == 0
    rig.happen(AlertKind.BUDGET)
    assert await rig.alerting.look() == 0
    rig.clock.advance(LOOK_SECONDS)
    assert await rig.alerting.look() == 1
    rig.happen(AlertKind.CONTAINMENT)
    rig.clock.advance(-5 * DAY)  # a clock that is set back stops nothing
    assert await rig.alerting.look() == 1


async def test_where_nobody_is_named_nothing_is_sent() -> None:
    rig = Rig(Alerts())
    rig.happen(AlertKind.BUDGET)
    await rig.pass_time(DAY)
    assert not rig.seen
    assert rig.book.known[AlertKind.BUDGET].pending == 1


async def test_what_is_muted_waits() -> None:
    rig = Rig(Alerts(to=("root",), mute=("budget",)))
    rig.happen(AlertKind.BUDGET)
    await rig.pass_time(DAY)
    assert not rig.seen
    rig.happen(AlertKind.CONTAINMENT)
    await rig.pass_time(DAY)
    assert [mail.kinds for mail in rig.seen] == [("containment",)]


async def test_while_postfix_is_down_all_gathers_for_one_mail() -> None:
    rig = Rig()
    rig.server = "down"
    rig.happen(AlertKind.BUDGET)
    await rig.pass_time(3600, step=60)
    assert len(rig.seen) == 1 + 3  # at once, after 1, 6 and 36 minutes
    rig.happen(AlertKind.CONTAINMENT)
    rig.happen(AlertKind.DECOY)
    await rig.pass_time(3600, step=60)
    assert {mail.id for mail in rig.seen} == {rig.seen[0].id}
    rig.server = "up"
    await rig.pass_time(RETRY_SECONDS[-1] + 10, step=60)
    kinds = [rig.book.kept[id_].kinds for id_ in rig.delivered]
    assert kinds == [("budget",), ("containment", "decoy")]


@pytest.mark.parametrize("how", ["lost answer", "crash after"])
async def test_who_does_not_hear_the_answer_sends_the_same_mail_once_more(how: str) -> None:
    rig = Rig()
    rig.server = how
    rig.happen(AlertKind.BUDGET)
    await rig.look()
    rig.server = "up"
    await rig.pass_time(3600, step=30)
    assert list(rig.delivered.values()) == [2]
    assert [mail.doubts for mail in rig.seen] == [0, 1]


async def test_after_a_second_doubt_it_is_left_alone() -> None:
    rig = Rig()
    rig.server = "lost message"
    rig.happen(AlertKind.BUDGET)
    await rig.pass_time(DAY / 2)
    assert len(rig.seen) == 2
    assert rig.book.kept[rig.seen[0].id].outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("write", [1, 2, 3])
async def test_a_crash_between_two_steps_loses_nothing(write: int) -> None:
    rig = Rig()
    rig.book.crash_in = write
    rig.happen(AlertKind.BUDGET)
    await rig.pass_time(3600, step=30)
    (deliveries,) = rig.delivered.values()
    assert deliveries == (2 if write == 3 else 1)


async def test_put_together_it_hands_in_over_smtp(tmp_path) -> None:
    said = []

    def serve(server: socket.socket) -> None:
        client, _ = server.accept()
        with client, client.makefile("rwb", buffering=0) as lines:
            lines.write(b"220 h\r\n")
            for line in lines:
                said.append(line.rstrip())
                if line == b"data\r\n":
                    lines.write(b"354 go\r\n")
                elif line == b".\r\n" or said.count(b"data") == 0 or line == b"quit\r\n":
                    lines.write(b"250 Ok\r\n")

    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        IntelStore(tmp_path / "intel.db") as intel,
    ):
        thread = threading.Thread(target=serve, args=(server,))
        thread.start()
        place = f"127.0.0.1:{server.getsockname()[1]}"
        config = Config(alerts=Alerts(to=("root",), server=place))
        AlertBook(intel).write(Ledger(AlertKind.BUDGET).happened(1.0))
        alerting = open_alerting(config, Paths(tmp_path), intel, os.urandom)
        assert await alerting.look() == 1
        thread.join()
    assert b"rcpt TO:<root>" in said
    assert b"Subject: [honeypost] mail.example.org: a budget is used up" in said


def test_who_names_nobody_loads_no_mail_library(tmp_path) -> None:
    with IntelStore(tmp_path / "intel.db") as intel:
        assert open_alerting(Config(), Paths(tmp_path), intel, os.urandom)._send is None
