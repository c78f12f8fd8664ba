"""What waits for a late bounce is told from what waits for something else."""

from __future__ import annotations

import json

import pytest

from honeypost.beside.postfix.waiting import WaitingMessage, waiting_for_us


def message(queue_id, *reasons):
    recipients = [
        {"address": f"{at}@example.org"} | ({"delay_reason": reason} if reason else {})
        for at, reason in enumerate(reasons)
    ]
    return json.dumps({"queue_id": queue_id, "sender": "a@b", "recipients": recipients})


def test_the_token_tells_them_apart() -> None:
    lines = [
        message("Q1", "qT7wk2Lz host m[private/x] said: 450", "connection refused"),
        message("Q2", "", "connect to mx: xqT7wk2Lz"),
        message("Q3", "delivery suspended: qT7wk2Lz connect"),
        "",
    ]
    assert waiting_for_us(lines, "qT7wk2Lz") == [
        WaitingMessage("Q1", "a@b", ("0@example.org",), 1),
        WaitingMessage("Q3", "a@b", ("0@example.org",), 0),
    ]


def test_another_format_is_an_error() -> None:
    with pytest.raises(ValueError):
        waiting_for_us(["Mail queue is empty"], "t")
