"""Frames are bounded on both sides."""

from __future__ import annotations

import io

import pytest

from honeypost.app import frames
from honeypost.app.frames import HEAD, Order, answer_in, packed, read_order
from honeypost.errors import ExtractError
from honeypost.extract import limits

ORDER = Order("f", (b"a@b", b"\xff"), cut=True)


def test_an_order_comes_through():
    stream = io.BytesIO(packed(ORDER, b"body") * 2)
    assert read_order(stream) == (ORDER, b"body")
    assert read_order(stream) == (ORDER, b"body")
    assert read_order(stream) is None


@pytest.mark.parametrize("size", [0, 3, HEAD.size, HEAD.size + 5, len(packed(ORDER, b"body")) - 1])
def test_an_order_that_is_cut_is_none(size):
    assert read_order(io.BytesIO(packed(ORDER, b"body")[:size])) is None


@pytest.mark.parametrize(
    "head", [(frames.META_BYTES + 1, 0), (2, limits.MESSAGE_BYTES + 1), (2**32 - 1, 2**32 - 1)]
)
def test_an_order_over_its_limits_is_refused(head):
    with pytest.raises(ExtractError):
        read_order(io.BytesIO(HEAD.pack(*head) + b"{}"))


def test_answers_come_in_any_pieces():
    buffer = bytearray()
    whole = packed({"a": 1})
    for byte in whole[:-1]:
        buffer.append(byte)
        assert answer_in(buffer) is None
    buffer += whole[-1:] + b"rest"
    assert answer_in(buffer) == b'{"a":1}'
    assert buffer == b"rest"


@pytest.mark.parametrize("head", [(frames.ANSWER_BYTES + 1, 0), (2, 1)])
def test_an_answer_over_its_limits_is_refused(head):
    with pytest.raises(ExtractError):
        answer_in(bytearray(HEAD.pack(*head)))
