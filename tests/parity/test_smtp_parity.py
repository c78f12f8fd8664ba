"""
The same bytes said to a real Postfix 3.7 and to our core: what both say must be equal.

Not one reply may differ but for queue ids.  What does differ on purpose stands in
``DIFFERENT`` with its reason, and is asserted to differ so.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from conftest import missing, program
from support.real_postfix import RealPostfix
from support.smtp_peers import OurPeer, RealPeer, Step, play
from support.smtp_scripts import SCRIPTS

pytestmark = pytest.mark.real

FAMILIES = {"IPv4": "127.0.0.1", "IPv6": "::1"}


@pytest.fixture(scope="module")
def real() -> Iterator[RealPostfix]:
    if os.geteuid() != 0:
        missing("not root")
    for name in ("postfix", "dovecot", "openssl"):
        program(name)
    running = RealPostfix.start()
    yield running
    running.stop()


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    ("name", "service", "steps"), SCRIPTS, ids=[name for name, _, _ in SCRIPTS]
)
def test_says_what_the_real_one_says(
    real: RealPostfix, name: str, service: str, steps: list[Step], family: str
) -> None:
    theirs = play(
        RealPeer(real.ports[service], FAMILIES[family], wrapped=service == "submissions"), steps
    )
    ours = play(OurPeer(service), steps)
    assert ours == theirs
