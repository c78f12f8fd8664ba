"""Looking at a real Postfix and Dovecot: their own logs are read, nothing of theirs is changed."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys

import pytest

from honeypost.config.schema import Paths
from honeypost.stores.homes import latest_homes
from support.dovecot_host import FAST
from support.mailhost import MailHost
from support.postfix_host import MX_PORT
from support.users import REAL
from support.waiting import until

pytestmark = pytest.mark.real

HOME, HOME6, ATTACKER = "192.0.2.7", "2001:db8:5:1::7", "203.0.113.9"
CONFIGURATION = """\
[site]
domains = ["example.org"]

[listeners]
smtp = ""
submission = ""
submissions = ""

[decoys]
role_share = 1.0
failures_max = 2

[beside]
postfix_directory = "{postfix}"
maps = ["texthash:{base}/mailboxes"]

[observe]
log = ["{base}/postfix.log", "{base}/dovecot.log"]
"""


@pytest.fixture(scope="module")
def host():
    with MailHost(attached=False, dovecot_extra=FAST) as made:
        made.namespace.add(HOME6)
        for address in (HOME, ATTACKER):
            made.namespace.run("ip", "address", "add", f"{address}/32", "dev", "lo")
        yield made


def configuration(host: MailHost) -> str:
    """A hash of everything that Postfix and Dovecot are configured by."""
    files = [*host.postfix.directory.rglob("*"), *host.base.glob("*.conf")]
    whole = hashlib.sha256()
    for file in sorted(file for file in files if file.is_file()):
        whole.update(file.read_bytes())
    return whole.hexdigest()


class Looking:
    """``honeypost up`` that only looks."""

    def __init__(self, host: MailHost) -> None:
        self.host = host
        self.file = host.base / "looking.toml"
        self.file.write_text(CONFIGURATION.format(postfix=host.postfix.directory, base=host.base))

    def __enter__(self):
        self.process = subprocess.Popen(
            self._command("up", "--config", str(self.file)), stdout=subprocess.PIPE
        )
        assert self.process.stdout is not None
        self.ready = json.loads(self.process.stdout.readline())
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(20)
        self.process.stdout.close()

    def status(self):
        done = subprocess.run(self._command("status", "--json"), capture_output=True, check=True)
        return json.loads(done.stdout)

    def _command(self, verb: str, *rest: str) -> list[str]:
        start = [sys.executable, "-m", "honeypost.cli.main", verb, "--data", str(self.host.data)]
        return self.host.namespace.command([*start, *rest])


def test_the_status_tells_of_the_real_servers(host: MailHost) -> None:
    before = configuration(host)
    user, password = next(iter(REAL.items()))
    slip = user[1] + user[0] + user[2:]
    for number in range(5):  # from before the first start
        assert not host.imap_login("info@example.org", f"wrong{number}", source=ATTACKER)
    assert host.imap_login(user, password, source=HOME)
    assert host.imap_login(user, password, address="::1", source=HOME6)
    with Looking(host) as looking:
        assert looking.ready["pids"].keys() == {"up", "worker"}
        assert host.smtp_login("info", "wrong", source=ATTACKER)[0] == 535
        assert not host.imap_login(slip, password, source=HOME)
        with host.smtp(port=MX_PORT, source=ATTACKER) as client:
            client.mail("x@outside.example")
            assert client.rcpt("nobody-here@example.org")[0] == 550
        seen = {}

        def everything() -> bool:
            seen.update(looking.status())
            day = seen["observed"]["week"][-1:]
            return bool(day and day[0]["refused"] >= 7 and day[0]["unknown_recipients"])

        until(everything, lambda: json.dumps(seen["observed"]))
    found = seen["observed"]
    assert seen["mode"] == "observe"
    assert {log["problem"] for log in found["logs"]} == {""}
    assert (found["users"], found["networks"]) == (1, 2)
    would = found["would_divert"]
    assert would["sessions"] == 6 - 2
    assert would["names"] == ["info@example.org"]
    assert would["your_sessions"] == 0
    assert [(miss["name"], miss["reason"]) for miss in found["near_misses"]] == [(slip, "slip")]
    assert found["most_wanted"][0]["name"] == "info@example.org"
    assert found["week"][-1]["logins"] == 2
    assert found["may_deceive"] is False
    assert "of 7 days" in found["reason"]
    homes = {place for place, _ in latest_homes(Paths(host.data).intel, 0.0, 10)}
    assert homes == {"192.0.2.0/24", "2001:db8:5::/48"}
    assert configuration(host) == before
