"""
fail2ban and CrowdSec beside us: whom they count, and that they take our lists.

Their own programs with private sockets, databases and configuration; nothing of the machine's.
"""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import time
from ipaddress import ip_network

import pytest

from conftest import program
from honeypost.beside.firewall.fail2ban import ignored
from honeypost.beside.recipes.fail2ban import recipe
from honeypost.config.schema import Penalties
from honeypost.engine.penalty_list import Listed, crowdsec, fail2ban
from support.namespace import Namespace
from support.waiting import until

pytestmark = pytest.mark.real
DECOY, PASSWORD = "info@example.org", "123456"
NETWORKS = ("198.51.100.7", "2001:db8:1:2::/64", "2001:db8:7::/48")


def penalties(seconds=3600.0):
    now = time.time()
    return [Listed(network, now, now + seconds, 2, 3, True) for network in NETWORKS]


SERVER = """\
[Definition]
loglevel = INFO
logtarget = {base}/log
syslogsocket = auto
allowipv6 = auto
socket = {base}/socket
pidfile = {base}/pid
dbfile = {base}/bans.sqlite
dbpurgeage = 1d
dbmaxmatches = 1
[Thread]
stacksize = 0
"""
JAILS = """\
[DEFAULT]
banaction = write
action = %(banaction)s[port="%(port)s"]
"""
ACTION = """\
[Definition]
actionban = echo "<ip> <port>" >> {base}/banned
actionunban = true
"""


@pytest.fixture
def server(tmp_path):
    """A fail2ban with nothing but the jail of our recipe; bans are written into a file."""
    client = program("fail2ban-client")
    files = {"fail2ban.conf": SERVER, "jail.conf": JAILS, "action.d/write.conf": ACTION}
    for file in recipe(Penalties()).files:
        files[file.path.removeprefix("/etc/fail2ban/")] = file.text.replace("{", "{{")
    for name, text in files.items():
        path = tmp_path / "etc" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.format(base=tmp_path))
    command = [client, "-c", str(tmp_path / "etc"), "-s", str(tmp_path / "socket"),
               "-p", str(tmp_path / "pid")]  # fmt: skip
    subprocess.run([*command, "start"], check=True, capture_output=True, timeout=30)
    yield tmp_path, command
    subprocess.run([*command, "stop"], check=True, capture_output=True, timeout=30)


def test_fail2ban_takes_the_list_into_the_jail_of_the_recipe(server):
    base, command = server
    for line in fail2ban(penalties(), time.time()).splitlines():
        words = line.split()
        assert words[0] == "fail2ban-client"
        subprocess.run([*command, *words[1:]], check=True, capture_output=True, timeout=10)
    banned = base / "banned"
    until(lambda: banned.exists() and len(banned.read_text().splitlines()) == len(NETWORKS))
    ports = ",".join(str(port) for port in Penalties().ports)
    assert set(banned.read_text().splitlines()) == {f"{net} {ports}" for net in NETWORKS}


def test_what_fail2ban_ignores_is_what_we_take_over(server):
    base, command = server
    files = {
        "jail.conf": "[DEFAULT]\nignoreip = 192.0.2.1\n",
        "jail.local": "[DEFAULT]\nignoreip = 127.0.0.1/8, 198.51.100.0/24\n 2001:db8:9::/48\n",
        "jail.d/site.local": "[honeypost]\nignoreip = 203.0.113.7 %(known/ignoreip)s\n",
    }
    for name, text in files.items():
        (base / "etc" / name).write_text(text)
    dump = subprocess.run([*command, "-d"], check=True, capture_output=True, text=True, timeout=30)
    theirs = set()
    for line in dump.stdout.splitlines():
        if "'addignoreip'" in line:
            theirs.update(ast.literal_eval(line)[3:])
    ours = {allowed.network for allowed in ignored(base / "etc").allowances}
    assert {"203.0.113.7"} <= theirs
    assert {str(ip_network(word, strict=False)) for word in theirs} <= ours
    assert "192.0.2.1/32" not in ours


def counted(log, name):
    """Addresses that a filter of fail2ban counts in a log."""
    command = [program("fail2ban-regex"), "--usedns", "no", "-o", "ip", str(log), name]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    return set(re.findall(r"(?m)^[\d.]+$", done.stdout))


def test_which_jails_count_a_decoy_s_session(host, honeypost):
    """The site's own database refuses a decoy first, and says so where auth_verbose is on."""
    guest, guesser = "127.0.0.66", "127.0.0.67"
    host.win(DECOY)
    assert host.imap_login(DECOY, PASSWORD, source=guest)
    with host.smtp(source=guest) as client:
        client.login(DECOY, PASSWORD)
        client.sendmail("me@attacker.test", ["one@outside.test"], b"Subject: x\r\n\r\nbuy\r\n")
        client.vrfy("nobody")
    host.smtp_login("sales@example.org", "wrong", source=guesser)
    assert {guest, guesser} <= counted(host.dovecot.log, "dovecot")
    by_postfix = counted(host.postfix.log, "postfix[mode=aggressive]")
    assert guesser in by_postfix
    assert guest not in by_postfix


CROWDSEC = """\
common: {{daemonize: false, log_media: stdout, log_level: info}}
config_paths:
  config_dir: {base}
  data_dir: {base}
  simulation_path: {base}/simulation.yaml
  hub_dir: {base}
  index_path: {base}/.index.json
  notification_dir: {base}
  plugin_dir: {base}
crowdsec_service: {{enable: false}}
cscli: {{output: human}}
db_config: {{type: sqlite, db_path: {base}/crowdsec.db, use_wal: false}}
api:
  client: {{insecure_skip_verify: false, credentials_path: {base}/client.yaml}}
  server:
    log_level: info
    listen_uri: 127.0.0.1:8080
    profiles_path: {base}/profiles.yaml
    console_path: {base}/console.yaml
prometheus: {{enabled: false}}
"""


@pytest.fixture
def cscli(tmp_path):
    """The client of a CrowdSec of its own, in a network without a way out."""
    if not (shutil.which("crowdsec") and shutil.which("cscli")):
        # Not in requirements/debian.txt: installing it registers the machine with its makers.
        pytest.skip("crowdsec is not installed")
    (tmp_path / "config.yaml").write_text(CROWDSEC.format(base=tmp_path))
    (tmp_path / ".index.json").write_text("{}")
    (tmp_path / "simulation.yaml").write_text("simulation: false\nexclusions: []\n")
    profile = "name: all\nfilters: ['false']\ndecisions: [{type: ban, duration: 1h}]\n"
    (tmp_path / "profiles.yaml").write_text(profile)
    (tmp_path / "client.yaml").touch()
    namespace = Namespace()
    config = ["-c", str(tmp_path / "config.yaml")]

    def run(*arguments):
        return namespace.run("cscli", *config, *arguments).stdout

    credentials = ["-u", "http://127.0.0.1:8080/", "-f", str(tmp_path / "client.yaml")]
    run("machines", "add", "test", "--password", "secret-secret", "--force", *credentials)
    with (tmp_path / "out").open("wb") as out:
        daemon = subprocess.Popen(
            namespace.command(["crowdsec", *config, "-no-cs"]), stdout=out, stderr=out
        )
        try:
            until(lambda: "CrowdSec Local API listening" in (tmp_path / "out").read_text())
            yield run
        finally:
            daemon.terminate()
            daemon.wait(timeout=10)
            namespace.close()


def test_crowdsec_takes_the_list(cscli, tmp_path):
    path = tmp_path / "list.json"
    path.write_text(crowdsec(penalties(), time.time()))
    cscli("decisions", "import", "-i", str(path))

    def found(address):
        return NETWORKS[1] in cscli("decisions", "list", "--all", "--ip", address, "-o", "raw")

    assert found("2001:db8:1:2::9")
    assert not found("2001:db8:8::9")
    listed = cscli("decisions", "list", "--all", "-o", "raw")
    assert all(network in listed for network in NETWORKS)
    assert listed.count("honeypost: 3 failed mail logins,ban") == len(NETWORKS)
