"""
The mail hosts that are compared: stock, with us, with fail2ban; each in namespaces of its own.

A host stands on one core, its clients on another network and on the other core.  The daemons are
private instances of the machine's own Postfix and Dovecot with Debian's process limits and
Dovecot's own delay and penalty for failures, on a passwd-file; what is Honeypost's comes from the
generators that ``attach`` uses.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from groups import Group
from siege_clients import CROWD, HOMES, HOST

from honeypost.config.schema import Decoys
from support.dovecot_host import IMAP_PORT, POP3_PORT
from support.firewall import Firewall
from support.honeypost import Honeypost
from support.late_bounce import settings, virtual_site
from support.mailhost import MailHost
from support.namespace import Namespace
from support.postfix_host import MX_PORT, SUBMISSION_PORT, SUBMISSIONS_PORT

SERVER_CORE, CLIENT_CORE = 0, 1
GATE = "203.0.113.2"
PORTS = (MX_PORT, SUBMISSION_PORT, SUBMISSIONS_PORT, IMAP_PORT, POP3_PORT)
READY_SECONDS = 20.0
OUR_WEIGHT = 50
"""``CPUWeight=`` of our edge's unit; the worker's is 20."""
WEIGHTS = {"fail2ban": 100}
"""Its unit sets none."""

OBSERVING = """\
[site]
domains = ["example.org"]
[listeners]
smtp = ""
submission = ""
submissions = ""
[beside]
postfix_directory = "{postfix}"
maps = ["texthash:{base}/mailboxes"]
[observe]
log = ["{base}/postfix.log", "{base}/dovecot.log"]
"""

JAILS = """\
[DEFAULT]
banaction = nftables-multiport
backend = polling
port = {ports}
[postfix-sasl]
enabled = true
logpath = {base}/postfix.log
[dovecot]
enabled = true
logpath = {base}/dovecot.log
"""
"""Times and counts are Debian's own: 5 failures in 10 minutes, 10 minutes away."""

PRIVATE = """\
[Definition]
logtarget = {base}/fail2ban.log
socket = {base}/fail2ban.sock
pidfile = {base}/fail2ban.pid
dbfile = None
"""


class Network(Namespace):
    """A mail host's network with that of its clients behind a cable."""

    def __init__(self) -> None:
        super().__init__()
        self.group: Group | None = None
        """Whose account pays for what is started from now on."""
        self.clients = Namespace()
        pid = str(self.clients.pid)
        self.run("ip", "link", "add", "out", "type", "veth", "peer", "name", "in", "netns", pid)
        for end, name, address in ((self, "out", HOST), (self.clients, "in", GATE)):
            end.run("ip", "address", "add", f"{address}/30", "dev", name)
            end.run("ip", "link", "set", name, "up")
        self.run("ip", "route", "add", f"{CROWD}/16", "via", GATE)
        self.clients.run("ip", "route", "add", "local", f"{CROWD}/16", "dev", "lo")
        for home in HOMES:
            self.run("ip", "route", "add", home, "via", GATE)
            self.clients.run("ip", "address", "add", f"{home}/32", "dev", "lo")

    def command(self, arguments) -> list[str]:
        pinned = pin(SERVER_CORE, super().command(arguments))
        return self.group.command(pinned) if self.group else pinned

    def traffic(self) -> int:
        """Count the bytes between host and clients so far, both ways."""
        lines = self.run("cat", "/proc/net/dev").stdout.splitlines()
        (fields,) = (line.split()[1:] for line in lines if line.strip().startswith("out:"))
        return int(fields[0]) + int(fields[8])

    def close(self) -> None:
        self.clients.close()
        super().close()


def pin(core: int, command: list[str]) -> list[str]:
    """Give the command line that keeps a program on a core, where there are two."""
    alone = (os.cpu_count() or 1) < 2
    return command if alone else ["taskset", "--cpu-list", str(core), *command]


@dataclass
class Site:
    """One running host, and what its parts cost."""

    host: MailHost
    mail: Group
    """Postfix and Dovecot."""
    guard: Group
    """Honeypost, or fail2ban."""
    ours: Honeypost | None = None
    bans: Callable[[], int] = field(default=lambda: 0)
    """Networks that were kept away so far."""

    @property
    def network(self) -> Network:
        network = self.host.namespace
        assert isinstance(network, Network)
        return network


@contextmanager
def site(kind: str, memory_bytes: int = 0) -> Iterator[Site]:
    """
    Run a host of a kind named in ``KINDS``.

    :param memory_bytes: for everything on the host together; 0 is no limit.
    """
    with ExitStack() as stack:
        mail = Group("mail", memory_bytes)
        stack.callback(mail.close)
        # One group for all where memory is limited: the host has one memory.
        guard = mail if memory_bytes else Group("guard", weight=WEIGHTS.get(kind, OUR_WEIGHT))
        if guard is not mail:
            stack.callback(guard.close)
        host = stack.enter_context(
            MailHost(
                attached=kind in ATTACHED,
                dovecot_extra=f"listen = 127.0.0.1, ::1, {HOST}\nlogin_trusted_networks =\n",
                postfix_settings={"inet_interfaces": f"127.0.0.1, [::1], {HOST}"},
                network=lambda: _network(mail),
                late_bounce=virtual_site if kind == "late bounce" else None,
            )
        )
        made = Site(host, mail, guard)
        made.network.group = guard
        stack.enter_context(KINDS[kind](made))
        yield made


def _network(group: Group) -> Network:
    network = Network()
    network.group = group
    return network


@contextmanager
def _stock(_: Site) -> Iterator[None]:
    yield


@contextmanager
def _observe(made: Site) -> Iterator[None]:
    base = made.host.base
    config = base / "observing.toml"
    config.write_text(OBSERVING.format(postfix=made.host.postfix.directory, base=base))
    up = ["up", "--data", str(made.host.data), "--config", str(config)]
    command = [sys.executable, "-m", "honeypost.cli.main", *up]
    process = subprocess.Popen(
        made.network.command(command), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdout is not None
    assert b"ready" in process.stdout.readline()
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


@contextmanager
def _deceive(made: Site) -> Iterator[None]:
    with environment(DECEIVING), Honeypost(made.host, failures=3) as made.ours:
        made.host.until_sure()
        yield


@contextmanager
def _penalties(made: Site) -> Iterator[None]:
    with Firewall(made.network, made.host.base, ",".join(map(str, PORTS))) as firewall:
        on = {"PENALTIES__MODE": "on", "PENALTIES__HELPER": str(firewall.socket)}
        with environment(DECEIVING | on), Honeypost(made.host, failures=3) as made.ours:
            made.host.until_sure()
            made.bans = lambda: _blocked(made.network, "honeypost")
            yield


@contextmanager
def _late_bounce(made: Site) -> Iterator[None]:
    with (
        environment(DECEIVING),
        Honeypost(made.host, failures=3, late_bounce=settings()) as made.ours,
    ):
        made.host.until_sure()
        yield


@contextmanager
def _fail2ban(made: Site) -> Iterator[None]:
    base = made.host.base
    folder = base / "fail2ban"
    shutil.copytree("/etc/fail2ban", folder, ignore=shutil.ignore_patterns("*.local", "jail.d"))
    ports = ",".join(map(str, PORTS))
    (folder / "jail.local").write_text(JAILS.format(base=base, ports=ports))
    (folder / "fail2ban.local").write_text(PRIVATE.format(base=base))
    server = shutil.which("fail2ban-server") or "fail2ban-server"
    arguments = ["-c", str(folder), "-f", "-x"]
    # A file the jail watches must be there, and fail2ban says only in its log that it is ready.
    process = subprocess.Popen(
        made.network.command([server, *arguments, "start"]), stdout=subprocess.DEVNULL
    )
    log, deadline = base / "fail2ban.log", time.monotonic() + READY_SECONDS
    while not log.exists() or "Jail 'dovecot' started" not in log.read_text():
        if time.monotonic() > deadline or process.poll() is not None:
            raise SystemExit("bench: fail2ban did not start (scripts/packages.sh --only fail2ban)")
        time.sleep(0.1)
    made.bans = lambda: log.read_text().count("] Ban ")
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


KINDS = {
    "stock": _stock,
    "observe": _observe,
    "deceive": _deceive,
    "penalties": _penalties,
    "fail2ban": _fail2ban,
    "late bounce": _late_bounce,
}
"""By the name in the table: what stands beside Postfix and Dovecot."""
ATTACHED = ("deceive", "penalties", "late bounce")
DECEIVING = {
    "PENALTIES__FAIL2BAN_DIRECTORY": "",
    **{
        f"DECOYS__{each.name.upper()}": str(each.default)
        for each in fields(Decoys)
        if each.name in {"role_share", "name_share", "new_per_day", "failures_min", "failures_max"}
    },
}
"""The defaults of a site; the tests' own host has none of them."""


@contextmanager
def environment(settings: dict[str, str]) -> Iterator[None]:
    """Have processes that start meanwhile read these settings of Honeypost."""
    names = {f"HONEYPOST__{name}": value for name, value in settings.items()}
    os.environ.update(names)
    try:
        yield
    finally:
        for name in names:
            del os.environ[name]


def _blocked(network: Network, table: str) -> int:
    """Count the elements in the sets of a table."""
    listed = network.run("nft", "list", "table", "inet", table, check=False).stdout
    return listed.count(" expires ")
