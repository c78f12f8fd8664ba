"""Effects leave in order; pauses and questions keep back what is behind them."""

from __future__ import annotations

import pytest

from honeypost.events import ClientGreeted
from honeypost.model import Envelope
from honeypost.proto.effects import Ask, Close, Emit, OpenMessage, Send, StartTls, Wake
from honeypost.proto.turns import Turns
from honeypost.questions import Acceptance, KeepMessage, KeepVerdict

QUESTION = KeepMessage(Envelope(b"", ()), 0)
GREETED = ClientGreeted("EHLO", b"x")


def test_a_pause_keeps_back_all_that_follows_up_to_the_next_pause() -> None:
    turns = Turns()
    turns.send(b"1")
    turns.pause(2)
    turns.send(b"2")
    turns.pause(1)
    turns.close()
    assert turns.take() == [Send(b"1"), Wake(2, hold=True)]
    assert turns.holding
    turns.resume()
    assert turns.take() == [Send(b"2"), Wake(1, hold=True)]
    turns.resume()
    assert turns.take() == [Close()]
    assert turns.closed
    assert not turns.holding


def test_no_time_is_no_pause() -> None:
    turns = Turns()
    turns.pause(0)
    turns.send(b"1")
    assert turns.take() == [Send(b"1")]


def test_a_question_holds_until_it_is_answered() -> None:
    turns = Turns()
    heard: list[KeepVerdict] = []
    turns.ask(QUESTION, heard.append)
    assert turns.take() == [Ask(QUESTION)]
    assert turns.holding
    turns.answered(KeepVerdict(Acceptance.ACCEPTED))
    assert heard == [KeepVerdict(Acceptance.ACCEPTED)]
    assert not turns.holding


def test_a_handshake_holds_until_it_is_done() -> None:
    turns = Turns()
    turns.start_tls()
    assert turns.take() == [StartTls()]
    assert turns.holding
    assert turns.in_handshake
    turns.secured()
    assert not turns.holding


def test_a_driver_that_answers_what_nobody_asked_is_told() -> None:
    with pytest.raises(RuntimeError, match="verdict"):
        Turns().answered(KeepVerdict(Acceptance.ACCEPTED))
    with pytest.raises(RuntimeError, match="handshake"):
        Turns().secured()


def test_nothing_follows_a_close() -> None:
    turns = Turns()
    turns.close()
    turns.send(b"late")
    assert turns.take() == [Close()]


def test_cutting_lets_out_only_what_lasts() -> None:
    turns = Turns()
    turns.pause(5)
    turns.send(b"never read")
    turns.emit(GREETED)
    turns.do(OpenMessage(Envelope(b"", ())))
    turns.ask(QUESTION, lambda _: None)
    turns.take()
    turns.cut()
    assert turns.take() == [Emit(GREETED), OpenMessage(Envelope(b"", ()))]
    assert not turns.holding


def test_bytes_are_counted() -> None:
    turns = Turns()
    turns.send(b"12345")
    turns.send(b"678")
    assert turns.bytes_out == 8
