"""
What hydra concludes: it wins decoys over submission and IMAP, and never a real account.

Run once per pair, each from another address, as a botnet guesses; and once with lists from one
address, with Dovecot's penalty off.  All inside a network namespace.
"""

from __future__ import annotations

import itertools
import os
import re

import pytest

from conftest import missing, program
from support.dovecot_host import IMAP_PORT, NO_PENALTY
from support.honeypost import Honeypost
from support.mailhost import MailHost
from support.postfix_host import SUBMISSION_PORT

pytestmark = pytest.mark.real
USERS = ("alice@example.org", "info@example.org", "sales@example.org")
PASSWORDS = ("qwerty", "123456")
SERVICES = {"smtp": (SUBMISSION_PORT, ("-m", "TLS")), "imap": (IMAP_PORT, ())}
FOUND = re.compile(r"host: \S+ +login: (\S+) +password: (\S+)")


@pytest.fixture(scope="module", autouse=True)
def _needs():
    if os.geteuid() != 0:
        missing("not root")
    for name in ("hydra", "postfix", "dovecot", "nsenter"):
        program(name)


ADDRESSES = {
    "127.0.0.1": [f"127.{a}.{b}.9" for a, b in itertools.product(range(1, 5), range(1, 9))],
    "::1": [f"fd00:9:{network:x}::9" for network in range(1, 33)],
}
"""Where guesses come from, by the address they go to.  A /48 shares one penalty in Dovecot."""


def hydra(host, service, *credentials, to="127.0.0.1"):
    """Give the pairs that hydra reports."""
    port, module = SERVICES[service]
    restore = ("-I", "-o", "/dev/null")  # no waiting for an earlier run, nothing left behind
    done = host.namespace.run(
        program("hydra"), *restore, "-t", "1", "-s", str(port), *credentials, *module,
        *(["-6"] if ":" in to else []), to, service, cwd=host.base, timeout=120,
    )  # fmt: skip
    return set(FOUND.findall(done.stdout))


@pytest.mark.parametrize("to", ADDRESSES)
def test_one_pair_at_a_time_from_changing_addresses(to):
    addresses = iter(ADDRESSES[to])
    found = {service: set() for service in SERVICES}
    with MailHost() as host, Honeypost(host) as honeypost:
        for service in SERVICES:
            for password, user in itertools.product(PASSWORDS, USERS):
                host.namespace.come_from(next(addresses))
                found[service] |= hydra(host, service, "-l", user, "-p", password, to=to)
        refused = honeypost.journal("login.refused")
    decoys = {(user, "123456") for user in USERS[1:]}
    assert found == {"smtp": decoys, "imap": decoys}, [
        (entry.event.login, str(entry.event.reason)) for entry in refused
    ]
    sources = {entry.who.client.address for entry in refused}
    assert len(sources) > 1
    assert sources <= set(ADDRESSES[to])


def test_lists_from_one_address_with_the_penalty_off(tmp_path):
    (tmp_path / "users").write_text("\n".join(USERS) + "\n")
    (tmp_path / "passwords").write_text("\n".join(PASSWORDS) + "\n")
    lists = ("-L", tmp_path / "users", "-P", tmp_path / "passwords")
    decoys = {(user, "123456") for user in USERS[1:]}
    with MailHost(dovecot_extra=NO_PENALTY) as host, Honeypost(host):
        assert {service: hydra(host, service, *lists) for service in SERVICES} == {
            "smtp": decoys,
            "imap": decoys,
        }
