"""
The package on a Debian 12 with stock Postfix and Dovecot, under its own systemd.

One machine for the whole file, so the tests follow each other as an operator's weeks do: look,
switch on, upgrade, remove, purge.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import missing, program
from support import bookworm
from support.bookworm import Bookworm
from support.waiting import until

pytestmark = pytest.mark.real

PACKAGE = "/srv/honeypost.deb"
DATA = "/var/lib/honeypost"
CONFIG = "etc/honeypost/honeypost.toml"
USERS = ("honeypost", "honeypost-worker", "honeypost-decoy", "honeypost-firewall")
SOCKETS = ("lookup", "authpolicy", "lmtp", "policy")
KEY = "0123456789abcdef0123456789abcdef"
LISTENING = 0x0A
FOLDERS = """\
drwx--x--x root root .
drwxr-s--- root honeypost ./attach
drwxr-s--- honeypost honeypost ./edge
drwx------ honeypost-decoy honeypost-decoy ./mail
drwxr-s--- root honeypost ./operator
drwx--x--x root root ./requests
drwx------ honeypost honeypost ./requests/edge
drwx------ honeypost-worker honeypost-worker ./requests/worker
drwxr-x--- root honeypost ./tls
drwxr-s--- honeypost-worker honeypost ./worker"""
SPEAK = """
import socket, sys
with socket.socket(socket.AF_UNIX) as s:
    s.settimeout(10)
    s.connect(sys.argv[1])
    talk = s.makefile("rwb")
    def say(line=b""):
        if line:
            talk.write(line + b"\\r\\n")
            talk.flush()
        reply = talk.readline()
        while reply[3:4] == b"-":
            reply = talk.readline()
        print(reply.decode().strip())
    say()
    if len(sys.argv) > 2:
        for line in (b"LHLO mail.example.org", b"MAIL FROM:<a@example.org>",
                     b"RCPT TO:<drop@example.net>", b"DATA",
                     b"Subject: look\\r\\n\\r\\nhttp://example.net/x\\r\\n."):
            say(line)
"""
DOUBT = """
import sys
from pathlib import Path
from honeypost.beside.containment import AttachedContainment
print(AttachedContainment(Path(sys.argv[1])).doubt())
"""
RECORD = """
import sys
from pathlib import Path
from honeypost.beside.manifest import record_attachment
record_attachment(Path(sys.argv[1]), postfix_directory=Path("/etc/postfix"),
                  queue_directory=Path("/var/spool/postfix"))
"""


@pytest.fixture(scope="module")
def machine() -> Iterator[Bookworm]:
    if os.geteuid() != 0:
        missing("not root")
    for name in bookworm.PROGRAMS:
        program(name)
    package = bookworm.package()
    with Bookworm() as running:
        shutil.copy(package, running.root / PACKAGE[1:])
        yield running


@pytest.fixture(scope="module")
def before(machine: Bookworm) -> dict[str, tuple[str, int, int, int]]:
    """The files of the machine before the package came."""
    return machine.files()


@pytest.fixture(scope="module")
def host(machine: Bookworm, before: object) -> Bookworm:
    """The machine with the package installed."""
    assert before
    machine.run("dpkg", "--install", PACKAGE)
    return machine


def listening(host: Bookworm) -> set[str]:
    """Addresses and ports of the machine that take TCP connections, in hex."""
    lines = host.said("sh", "-c", "cat /proc/net/tcp /proc/net/tcp6").splitlines()
    rows = [line.split() for line in lines if ":" in line.split()[0]]
    return {row[1] for row in rows if int(row[3], 16) == LISTENING}


def active(host: Bookworm, unit: str) -> str:
    return host.run("systemctl", "is-active", unit, check=False).stdout.strip()


def pid(host: Bookworm, unit: str) -> int:
    return int(host.said("systemctl", "show", "--value", "--property=MainPID", unit))


def switch_on(host: Bookworm) -> None:
    """Do what attaching does for our own side: a key, and the edge with its sockets."""
    config = host.root / CONFIG
    if KEY not in config.read_text():
        with config.open("a") as file:
            file.write(f'\n[beside]\nscript_key = "{KEY}"\n')
    host.run("systemctl", "enable", "--now", "honeypost-edge.service")
    until(
        (host.root / DATA[1:] / "edge/running.json").exists,
        lambda: host.said("journalctl", "--no-pager", "-u", "honeypost-edge"),
        seconds=30,
    )


def switch_off(host: Bookworm) -> None:
    """Stop the edge for good: as long as a socket is there, whoever calls starts it again."""
    host.run("systemctl", "stop", "honeypost-*.socket", "honeypost-edge.service")


def status(host: Bookworm) -> dict:
    return json.loads(host.said("honeypost", "status", "--json"))


def test_it_looks_and_nothing_else(machine: Bookworm, before: dict, request) -> None:
    open_before = listening(machine)
    host = request.getfixturevalue("host")
    assert listening(host) == open_before
    after = host.files()
    theirs = [name for name in before if name.startswith(("etc/postfix", "etc/dovecot"))]
    assert theirs
    assert {name: after[name] for name in theirs} == {name: before[name] for name in theirs}
    assert active(host, "honeypost-worker.service") == "active"
    for unit in ("honeypost-edge.service", "honeypost-firewall.service"):
        assert active(host, unit) == "inactive"
    for unit in ("postfix@-.service", "dovecot.service"):
        assert active(host, unit) == "active"
    until(lambda: status(host)["running"], seconds=30)


def test_each_folder_has_one_owner(host: Bookworm) -> None:
    look = f"cd {DATA} && find . -type d -printf '%M %u %g %p\\n' | sort -k4"
    assert host.said("sh", "-c", look) == FOLDERS
    assert host.said("stat", "-c", "%a %U:%G", f"/{CONFIG}") == "640 root:honeypost"
    assert host.said("stat", "-c", "%a %U:%G", f"{DATA}/site.json") == "640 root:honeypost"
    for user in USERS:
        assert host.said("getent", "passwd", user).endswith("/usr/sbin/nologin")
    # Dovecot serves no mailbox to a user below its first_valid_uid, 500 unless set otherwise.
    assert int(host.said("id", "-u", "honeypost-decoy")) >= 500


def test_units_are_sound_and_closed(host: Bookworm) -> None:
    units = host.said("sh", "-c", "ls /usr/lib/systemd/system/honeypost-* | xargs -n1 basename")
    names = [name for name in units.split() if "@" not in name]
    verified = host.run("systemd-analyze", "--man=no", "verify", *names)
    assert verified.stdout + verified.stderr == ""
    exposure = {"edge": 5, "worker": 20, "firewall": 15, "prepare": 20}
    for name, tenths in exposure.items():
        unit = f"honeypost-{name}.service"
        host.run("systemd-analyze", "security", "--no-pager", f"--threshold={tenths}", unit)


def test_the_demo_runs_for_anybody(host: Bookworm) -> None:
    demo = host.said(
        *("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "env", "HOME=/tmp"),
        *("honeypost", "demo", "--headless", "--assert", "--fast"),
    )
    tail = " ".join(" ".join(demo.splitlines()[-3:]).split())
    assert tail.startswith("0 messages left this machine 1 credential traced")


def test_a_callers_folder_does_not_say_what_root_runs(host: Bookworm) -> None:
    trap = host.root / "srv/trap/honeypost"
    trap.mkdir(parents=True)
    (trap / "__init__.py").write_text("raise SystemExit('trapped')")
    said = host.said("sh", "-c", "cd /srv/trap && PYTHONPATH=/srv/trap honeypost --version")
    assert said.startswith("honeypost ")
    shutil.rmtree(trap.parent)


def test_switched_on_it_serves_by_the_sockets_of_systemd(host: Bookworm) -> None:
    switch_on(host)
    told = status(host)
    assert set(told["listeners"]) == set(SOCKETS)
    assert set(told["pids"]) == {"edge", "worker"}
    for name in ("lmtp", "policy"):
        path = f"/var/spool/postfix/private/honeypost-{name}"
        assert host.said("stat", "-c", "%a %U", path) == "600 postfix"
    assert host.python("postfix", SPEAK, "/var/spool/postfix/private/honeypost-lmtp")[:4] == "220 "


def test_the_edge_has_no_network_and_no_rights(host: Bookworm) -> None:
    edge = pid(host, "honeypost-edge.service")
    shown = (Path("/proc") / host.outside(edge) / "status").read_text()
    fields = dict(line.split(":", 1) for line in shown.splitlines())
    assert fields["Uid"].split()[0] == host.said("id", "-u", "honeypost")
    assert fields["NoNewPrivs"].strip() == "1"
    assert fields["Seccomp"].strip() == "2"
    assert {int(fields[name], 16) for name in ("CapEff", "CapPrm", "CapBnd", "CapAmb")} == {0}
    net = (Path("/proc") / host.outside(edge) / "net/dev").read_text().splitlines()[2:]
    assert [line.split(":")[0].strip() for line in net] == ["lo"]
    assert host.said("readlink", f"/proc/{edge}/ns/net") != host.said("readlink", "/proc/1/ns/net")


def test_the_worker_reads_what_the_edge_keeps(host: Bookworm) -> None:
    sink = "/var/spool/postfix/private/honeypost-lmtp"
    talk = host.python("postfix", SPEAK, sink, "message").splitlines()
    assert talk[-1].startswith("250 "), talk
    until(lambda: captured(host) == 1, lambda: host.said("journalctl", "--no-pager"), seconds=30)
    worker = host.said("journalctl", "--no-pager", "-o", "cat", "-u", "honeypost-worker.service")
    ready = json.loads([line for line in worker.splitlines() if '"ready"' in line][-1])
    assert {"namespace", "files", "processes", "privileges"} <= set(ready["protections"])
    assert "rror" not in worker


def captured(host: Bookworm) -> int:
    """Count the captures that the worker has taken apart."""
    listed = host.said("honeypost", "captures", "--json").splitlines()
    return sum(json.loads(line)["link_count"] for line in listed)


def test_root_leaves_nothing_that_a_process_may_not_write(host: Bookworm) -> None:
    host.run("honeypost", "gc")
    switch_off(host)
    host.run("systemctl", "stop", "honeypost-worker.service")
    assert {active(host, f"honeypost-{name}.socket") for name in SOCKETS} == {"inactive"}
    host.run("honeypost", "gc")
    host.run("honeypost", "status")
    foreign = host.said("find", f"{DATA}/edge", "!", "-user", "honeypost")
    foreign += host.said("find", f"{DATA}/worker", "!", "-user", "honeypost-worker")
    assert foreign == ""
    host.run("systemctl", "start", "honeypost-edge.service", "honeypost-worker.service")
    until(lambda: set(status(host)["pids"]) == {"edge", "worker"}, seconds=30)


def test_the_edge_sees_which_configuration_the_real_postfix_runs(host: Bookworm) -> None:
    manifest = f"{DATA}/attach/containment.json"
    host.python("root", RECORD, manifest)
    host.run("postfix", "reload")
    until(lambda: host.python("honeypost", DOUBT, manifest) == "", seconds=15)
    host.run("systemctl", "stop", "postfix@-.service")
    assert host.python("honeypost", DOUBT, manifest) != ""
    host.run("systemctl", "start", "postfix@-.service")
    host.run("rm", manifest)


def test_a_socket_of_the_late_bounce_has_the_name_of_the_instance(host: Bookworm) -> None:
    switch_off(host)
    host.run("systemctl", "enable", "--now", "honeypost-limbo@dovecot-lmtpd.socket")
    switch_on(host)
    until(lambda: "limbo" in status(host)["listeners"], lambda: str(status(host)), seconds=30)


def test_the_firewall_helper_starts_with_one_right(host: Bookworm) -> None:
    host.run("systemctl", "start", "honeypost-firewall.service")
    told = lambda: host.said("journalctl", "--no-pager", "-u", "honeypost-firewall")  # noqa: E731
    until(lambda: '"ready"' in told(), told)
    helper = pid(host, "honeypost-firewall.service")
    shown = (Path("/proc") / host.outside(helper) / "status").read_text()
    fields = dict(line.split(":", 1) for line in shown.splitlines())
    assert int(fields["CapEff"], 16) == int(fields["CapBnd"], 16) == 1 << 12  # CAP_NET_ADMIN
    assert "honeypost" in host.said("nft", "list", "tables")


def test_an_upgrade_starts_anew_what_runs_and_nothing_else(host: Bookworm) -> None:
    host.run("systemctl", "disable", "--now", "honeypost-firewall.service")
    edge, postfix = pid(host, "honeypost-edge.service"), pid(host, "postfix@-.service")
    config = (host.root / CONFIG).read_text()
    host.run("dpkg", "--install", PACKAGE)
    assert active(host, "honeypost-edge.service") == "active"
    assert pid(host, "honeypost-edge.service") != edge
    assert pid(host, "postfix@-.service") == postfix
    assert active(host, "honeypost-firewall.service") == "inactive"
    assert {active(host, f"honeypost-{name}.socket") for name in SOCKETS} == {"active"}
    assert host.said("systemctl", "list-units", "--failed", "--no-legend", "honeypost-*") == ""
    assert (host.root / CONFIG).read_text() == config


def test_what_is_attached_is_not_removed(host: Bookworm) -> None:
    record = host.root / DATA[1:] / "attach/attachment.json"
    record.write_text("damaged")
    refused = host.run("dpkg", "--remove", "honeypost", check=False)
    assert refused.returncode != 0
    assert "nothing is removed; real mail flows on" in refused.stderr
    state = host.said("dpkg-query", "--show", "--showformat=${db:Status-Status}", "honeypost")
    assert state == "installed"
    assert active(host, "honeypost-edge.service") == "active"
    record.unlink()


def test_purge_leaves_nothing(host: Bookworm, before: dict) -> None:
    host.run("dpkg", "--remove", "honeypost")
    assert (host.root / CONFIG).exists()
    assert (host.root / DATA[1:] / "site.json").exists()
    host.run("dpkg", "--purge", "honeypost")
    after = host.files()
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    # The deleted users' numbers are free again, the files that list users are written anew.
    assert changed <= {f"etc/{name}-" for name in ("passwd", "group", "shadow", "gshadow")}
    assert "honeypost" not in host.said("cat", "/etc/passwd", "/etc/group", "/etc/shadow")
    assert "honeypost" not in host.said("systemctl", "list-unit-files")
    # systemd goes on listing names of services that ran; behind them there is nothing any more.
    listed = host.said("systemctl", "list-units", "--all", "--plain", "--no-legend", "honeypost*")
    states = {tuple(line.split()[1:4]) for line in listed.splitlines()}
    assert states <= {("not-found", "inactive", "dead")}
    assert active(host, "postfix@-.service") == active(host, "dovecot.service") == "active"
