from __future__ import annotations

import pytest

from honeypost.config.endpoints import Endpoint, endpoint, endpoints


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        ("127.0.0.1:25", (Endpoint("127.0.0.1", 25),)),
        ("[::1]:0", (Endpoint("::1", 0),)),
        ("[2001:DB8::0:1]:587", (Endpoint("2001:db8::1", 587),)),
        ("unix:/run/hp.sock", (Endpoint(path="/run/hp.sock"),)),
        ("0.0.0.0:65535  [::]:1", (Endpoint("0.0.0.0", 65535), Endpoint("::", 1))),
    ],
)
def test_what_a_listener_may_be(text: str, expected: tuple[Endpoint, ...]) -> None:
    assert endpoints(text) == expected


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("127.0.0.1", "has no port"),
        ("localhost:25", "no numeric address"),
        ("::1:25", "no numeric address"),
        ("[127.0.0.1]:25", "no numeric address"),
        ("127.0.0.1:65536", "not a number from 0 to 65535"),
        ("127.0.0.1:-1", "not a number from 0 to 65535"),
        ("127.0.0.1:٣", "not a number from 0 to 65535"),
        ("127.0.0.1:", "not a number from 0 to 65535"),
        ("unix:run/x", "must be an absolute path"),
        ("unix:/" + "x" * 107, "longer than the 107 bytes"),
    ],
)
def test_what_it_may_not_be_is_said(word: str, said: str) -> None:
    with pytest.raises(ValueError, match=said.replace("[", r"\[")):
        endpoint(word)
