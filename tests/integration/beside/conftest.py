"""Hosts for the tests behind real daemons; each module shares one where it can."""

from __future__ import annotations

import os

import pytest

from conftest import missing, program
from support.dovecot_host import FAST
from support.honeypost import Honeypost
from support.mailhost import MailHost
from support.postfix_host import SHORT_LIVES


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
