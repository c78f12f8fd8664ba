"""The doctor on real daemons: all in order, then one thing broken at a time."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from support.dovecot_host import FAST
from support.honeypost import Honeypost
from support.mailhost import MailHost
from support.users import REAL

pytestmark = pytest.mark.real

SPARED = ("127.0.0.0/8", "::1/128", "192.0.2.0/24")
NAME = "alice@example.org"


@pytest.fixture(scope="module")
def host():
    with MailHost(dovecot_extra=FAST) as made:
        made.until_sure()
        yield made


@pytest.fixture
def honeypost(host):
    with Honeypost(host, spared=SPARED) as made:
        yield made


def examined(honeypost, *options, password=REAL[NAME]):
    """Lines by check, and the exit code."""
    host = honeypost.host
    command = [
        sys.executable, "-m", "honeypost.cli.main", "doctor", "--json", "--data", host.data,
        "--config", honeypost.configuration, "--dovecot-config", host.dovecot._configuration,
        "--test-account", NAME, *options,
    ]  # fmt: skip
    done = subprocess.run(
        host.namespace.command(command),
        input=f"{password}\n", capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines, done.stderr
    found: dict[str, list[dict]] = {}
    for line in lines:
        found.setdefault(line["check"], []).append(line)
    return found, done.returncode


def marks(found):
    return {name: {line["result"] for line in lines} for name, lines in found.items()}


def test_what_a_decoy_sends_is_in_the_vault(host):
    # A decoy is won and used from loopback here, so loopback is not spared.
    with Honeypost(host, spared=("192.0.2.0/24",)) as honeypost:
        host.win("info@example.org")
        found, _ = examined(honeypost, "--deep")
        assert marks(found)["decoy mail"] == {"ok"}, found
        (caught,) = honeypost.captures()
        (recipient,) = caught.capture.envelope.recipients
        assert recipient.address.endswith(b"@doctor.invalid")
        assert caught.capture.envelope.account == "info@example.org"
        assert not host.internet.messages


def test_all_is_in_order_and_each_break_is_its_own_line(host, honeypost):
    found, code = examined(honeypost, "--stop-edge")
    red = [line for lines in found.values() for line in lines if line["result"] == "red"]
    assert not red, json.dumps(found, indent=1)
    assert code == 0
    proven = ("order", "chain", "containment", "own addresses", "relay", "unknown names",
              "real names", "mailbox", "timing", "fail-open")  # fmt: skip
    assert {name: marks(found)[name] for name in proven} == {name: {"ok"} for name in proven}
    assert marks(found)["decoy mail"] == {"skipped"}

    host.sink.chmod(0o600)
    dovecot = host.dovecot._configuration
    whole = dovecot.read_text()
    dovecot.write_text("passdb {".join(b for b in whole.split("passdb {") if "guard.lua" not in b))
    host.postfix.postconf("-e", "smtpd_banner = another")
    try:
        found, code = examined(honeypost)
    finally:
        host.sink.chmod(0o666)
        dovecot.write_text(whole)
    assert code == 1
    assert {name for name, kinds in marks(found).items() if "red" in kinds} == {
        "sockets", "chain", "containment",
    }  # fmt: skip
    assert REAL[NAME] not in json.dumps(found)
