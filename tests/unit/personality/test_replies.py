"""What a client said is filled in once and never looked into."""

from __future__ import annotations

import pytest

from honeypost.personality.replies import fill


@pytest.mark.parametrize(
    ("reply", "value", "said"),
    [
        (b"250 Ok", b"x", b"250 Ok"),
        (b"220 {host} ESMTP", b"", b"220 mx ESMTP"),
        (b"550 <{}>: no", b"a@b", b"550 <a@b>: no"),
        (b"550 <{}>: no", b"{}{host}", b"550 <{}{host}>: no"),
        (b"421 {host} from {}", b"::1", b"421 mx from ::1"),
    ],
)
def test_fills_in(reply: bytes, value: bytes, said: bytes) -> None:
    assert fill(reply, b"mx", value) == said
