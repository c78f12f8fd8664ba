"""The real Postfix and our side, once for all parity tests."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from conftest import missing, program
from support.our_server import OurServer
from support.real_postfix import RealPostfix


@pytest.fixture(scope="session")
def real() -> Iterator[RealPostfix]:
    if os.geteuid() != 0:
        missing("not root")
    for name in ("postfix", "dovecot", "openssl"):
        program(name)
    running = RealPostfix.start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def ours(real: RealPostfix) -> Iterator[OurServer]:
    """Our side on sockets, with the real one's certificate."""
    running = OurServer(real.base / "cert.pem", real.base / "key.pem")
    running.start()
    yield running
    running.stop()
