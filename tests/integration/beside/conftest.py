"""Hosts for the tests behind real daemons; each module shares one where it can."""

from __future__ import annotations

import os

import pytest

from conftest import missing, program
from support.dovecot_host import NO_PENALTY
from support.honeypost import Honeypost
from support.mailhost import MailHost

FAST = f"{NO_PENALTY}auth_failure_delay = 0\n"
"""Dovecot without its delay and penalty: they cost time here and prove nothing."""

SHORT_LIVES = {
    "maximal_queue_lifetime": "3s",
    "bounce_queue_lifetime": "3s",
    "minimal_backoff_time": "1s",
    "maximal_backoff_time": "1s",
    "queue_run_delay": "1s",
}
"""A queue in which mail expires while a test waits."""


@pytest.fixture(scope="session", autouse=True)
def _real_daemons() -> None:
    if os.geteuid() != 0:
        missing("not root")
    for name in ("postfix", "dovecot", "nsenter", "unshare", "ip", "openssl"):
        program(name)


@pytest.fixture(scope="module")
def host():
    """Dovecot, Postfix and the "internet", attached; nothing of ours runs yet."""
    with MailHost(dovecot_extra=FAST, postfix_settings=SHORT_LIVES) as made:
        yield made


@pytest.fixture(scope="module")
def honeypost(host):
    """Our processes beside it."""
    with Honeypost(host) as made:
        yield made
