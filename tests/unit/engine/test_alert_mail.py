"""A mail on its way: refused, in doubt, interrupted, given up."""

from __future__ import annotations

import pytest

from honeypost.engine.alert_mail import (
    GIVE_UP_SECONDS,
    RETRY_SECONDS,
    SAID_MOST,
    Answer,
    Mail,
    Outcome,
    Reply,
)

NOON = 1_772_366_400.0
MAIL = Mail("0" * 32, NOON, ("budget",), "subject", "text")
TAKEN, DOUBT = Answer(Reply.TAKEN), Answer(Reply.DOUBT, "broke")


def refused(mail: Mail, now: float) -> Mail:
    return mail.attempted().answered(Answer(Reply.REFUSED, "no"), now)


def test_taken_is_sent_and_its_text_is_gone() -> None:
    assert MAIL.due(NOON)
    sending = MAIL.attempted()
    assert (sending.outcome, sending.tries, sending.open) == (Outcome.SENDING, 1, True)
    assert not sending.due(NOON)
    sent = sending.answered(TAKEN, NOON)
    assert (sent.outcome, sent.text, sent.said, sent.open) == (Outcome.SENT, "", "", False)
    assert not sent.due(NOON + 1)


def test_refused_waits_longer_each_time() -> None:
    mail, now = MAIL, NOON
    for pause in (*RETRY_SECONDS, RETRY_SECONDS[-1]):
        mail = refused(mail, now)
        assert (mail.outcome, mail.text, mail.said) == (Outcome.WAITING, "text", "no")
        assert not mail.due(now + pause - 1)
        now += pause
        assert mail.due(now)


def test_after_a_week_it_is_given_up() -> None:
    assert refused(MAIL, NOON + GIVE_UP_SECONDS - 1).open
    given_up = refused(MAIL, NOON + GIVE_UP_SECONDS)
    assert (given_up.outcome, given_up.text) == (Outcome.FAILED, "")
    doubtful = MAIL.attempted().answered(DOUBT, NOON)
    assert refused(doubtful, NOON + GIVE_UP_SECONDS).outcome is Outcome.UNKNOWN


def test_a_doubt_is_tried_once_more_and_then_left_alone() -> None:
    once = MAIL.attempted().answered(DOUBT, NOON)
    assert (once.outcome, once.doubts, once.text) == (Outcome.WAITING, 1, "text")
    assert once.due(NOON + RETRY_SECONDS[0])
    assert once.attempted().answered(TAKEN, NOON).outcome is Outcome.SENT
    twice = once.attempted().answered(DOUBT, NOON)
    assert (twice.outcome, twice.doubts, twice.text) == (Outcome.UNKNOWN, 2, "")


@pytest.mark.parametrize("ahead", [RETRY_SECONDS[-1] + 1, 3 * 86_400])
def test_a_clock_that_was_set_back_does_not_hold_it(ahead: float) -> None:
    assert refused(MAIL, NOON + ahead).due(NOON)


def test_what_a_server_says_is_cut() -> None:
    long = MAIL.attempted().answered(Answer(Reply.REFUSED, "x" * 5000), NOON)
    assert len(long.said) == SAID_MOST
