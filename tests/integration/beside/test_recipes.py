"""What the recipes give does on the real Dovecot what it is for: deny copies, and fields."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from honeypost.beside.dovecot.chain import SCRIPTS, DecoyChain
from honeypost.beside.survey.programs import run_program
from honeypost.beside.survey.read import read_site
from honeypost.beside.survey.recipes import recipe_for
from support import golden
from support.dovecot_host import LOGIN_SERVICES, NO_PENALTY, POP3_PORT
from support.folders import short_folder
from support.mail_clients import ImapClient
from support.mail_tree import MailTree
from support.namespace import Namespace
from support.waiting import until

pytestmark = pytest.mark.real

UID = 5001
MIND_PORT = 2740


@pytest.fixture
def tmp_path():
    """A folder that Dovecot's own users may enter, which pytest's is not."""
    base = short_folder()
    yield base
    shutil.rmtree(base, ignore_errors=True)


FIRST = """\
base_dir = {base}/run
state_dir = {base}/state
log_path = {base}/log
protocols = imap pop3
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_failure_delay = 0
first_valid_uid = 5000
mail_location = maildir:~/Maildir
{login_services}{no_penalty}"""
USERS = "userdb {\n  driver = passwd\n}\n"


class Mind(BaseHTTPRequestHandler):
    """Answers the decoy script as our edge would: whoever gets so far with 123456 is let in."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        name = form["user"][0].partition("@")[0]
        body = f"user={name}@m.invalid".encode() if form["password"] == ["123456"] else b""
        self.send_response(200 if body else 204)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Say nothing."""


class Dovecot:
    """One instance: a site's own databases, then what a recipe puts behind them."""

    def __init__(self, base: Path, site: str) -> None:
        self.base, self.site = base, site
        for name in ("run", "state", "decoys", "lua", "deny"):
            (base / name).mkdir()
        (base / "decoys").chmod(0o777)
        self.config = base / "private.conf"
        self._first = FIRST.format(base=base, login_services=LOGIN_SERVICES, no_penalty=NO_PENALTY)
        self.config.write_text(self._first + site + USERS)

    def attach(self, *, fields: bool = True) -> None:
        """Write the chain that the recipe of this very configuration gives."""
        tree = MailTree(self.base / "tree")
        tree.look()
        site = read_site(
            postfix_directory=tree.base / "postfix",
            dovecot_config=self.config,
            root=tree.base / "host",
        )
        recipe = recipe_for(site, self.base / "deny")
        for file in recipe.files:
            file.path.write_text(file.content)
            file.path.chmod(file.mode)
        given = dict(recipe.fields) if fields else {}
        if "userdb_mail_access_groups" in given:
            given["userdb_mail_access_groups"] = "nogroup"  # the package makes the real one
        chain = DecoyChain(
            directory=self.base / "lua", url=f"http://127.0.0.1:{MIND_PORT}/", key="k",
            marker_domain="m.invalid", uid=UID, gid=UID, home=self.base / "decoys",
            deny=recipe.deny, fields=given,
        )  # fmt: skip
        (self.base / "lua/decoy-settings.lua").write_text(chain.settings())
        for script in SCRIPTS:
            text = (files("honeypost.beside.lua") / script).read_text()
            (self.base / "lua" / script).write_text(text)
        chained = self.site + chain.passdbs() + chain.userdb()
        self.config.write_text(self._first + chained + USERS)

    def __enter__(self):
        self.namespace = Namespace()
        self.mind = ThreadingHTTPServer(("", 0), Mind, bind_and_activate=False)
        self.mind.socket.close()
        self.mind.socket = self.namespace.socket()
        self.mind.socket.bind(("127.0.0.1", MIND_PORT))
        self.mind.server_activate()
        threading.Thread(target=self.mind.serve_forever, args=(0.05,), daemon=True).start()
        command = ["dovecot", "-F", "-c", str(self.config)]
        self.process = subprocess.Popen(self.namespace.command(command))
        until((self.base / "run/master.pid").exists, self.said)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=10)
        self.mind.shutdown()
        self.mind.server_close()
        self.namespace.close()

    def said(self) -> str:
        log = self.base / "log"
        return log.read_text() if log.exists() else ""

    def imap(self) -> ImapClient:
        return ImapClient(self.namespace)

    def lets_in(self, name: str, password: str = "123456") -> bool:
        return self.imap().lets_in(name, password)


def sql_site(base: Path, condition: str) -> str:
    """A site in SQLite: alice is active, dora was switched off."""
    import sqlite3  # noqa: PLC0415 - nothing else here needs it

    with sqlite3.connect(base / "users.db") as database:
        database.execute("CREATE TABLE users (name TEXT, password TEXT, active INT)")
        rows = [("alice", "real-9431", 1), ("dora", "real-7712", 0)]
        database.executemany("INSERT INTO users VALUES (?, ?, ?)", rows)
    database.close()
    (base / "sql.conf.ext").write_text(
        f"driver = sqlite\nconnect = {base}/users.db\ndefault_pass_scheme = PLAIN\n"
        "password_query = SELECT name AS user, password, '5000' AS userdb_uid, \\\n"
        "  '5000' AS userdb_gid, '/nonexistent' AS userdb_home \\\n"
        f"  FROM users WHERE name = '%u'{condition}\n"
    )
    return f"passdb {{\n  driver = sql\n  args = {base}/sql.conf.ext\n}}\n"


def test_a_switched_off_account_never_gets_through_with_the_deny_copy(tmp_path):
    dovecot = Dovecot(tmp_path, sql_site(tmp_path, " AND active = 1"))
    dovecot.attach()
    copy = tmp_path / "deny/honeypost-deny-1.conf.ext"
    assert copy.stat().st_mode & 0o777 == 0o600
    with dovecot:
        assert not dovecot.lets_in("dora")
        assert not dovecot.lets_in("alice")
        assert dovecot.lets_in("ines"), dovecot.said()
    # Without the copy the account is open: that is what the copy is for.
    copied = dovecot.config.read_text().replace(str(copy), str(tmp_path / "sql.conf.ext"))
    dovecot.config.write_text(copied)
    (tmp_path / "run/master.pid").unlink(missing_ok=True)
    with dovecot:
        assert dovecot.lets_in("dora")


def test_two_databases_keep_each_others_users_from_getting_through(tmp_path):
    for number, name in enumerate(("alice", "bob")):
        (tmp_path / f"users{number}").write_text(f"{name}:{{PLAIN}}real-9431:5000:5000::/no::\n")
    site = "".join(
        f"passdb {{\n  driver = passwd-file\n  args = {tmp_path}/users{n}\n}}\n" for n in (0, 1)
    )
    dovecot = Dovecot(tmp_path, site)
    dovecot.attach()
    with dovecot:
        assert [dovecot.lets_in(name) for name in ("alice", "bob", "ines")] == [False, False, True]
    text = dovecot.config.read_text()
    dovecot.config.write_text(
        text.replace("  deny = yes\n", "  deny = yes\n  skip = unauthenticated\n")
    )
    (tmp_path / "run/master.pid").unlink(missing_ok=True)
    with dovecot:
        assert dovecot.lets_in("bob"), "the guard alone was thought not to hold here"


BARE = (
    "passdb {{\n  driver = passwd-file\n  args = {base}/users\n}}\n"
    "mail_access_groups = games\n"
    "namespace inbox {{\n  inbox = yes\n  separator = /\n  location = maildir:{base}/all/%u\n}}\n"
    "namespace public {{\n  type = public\n  separator = /\n  prefix = Public/\n"
    "  location = maildir:{base}/public\n}}\n"
)


@pytest.mark.parametrize("fields", [True, False], ids=["with the fields", "without"])
def test_a_decoys_login_brings_quota_its_own_inbox_and_no_public_folders(tmp_path, fields):
    (tmp_path / "users").write_text("alice:{PLAIN}real-9431:5000:5000::/no::\n")
    (tmp_path / "all").mkdir(mode=0o777)
    (tmp_path / "all").chmod(0o777)
    (tmp_path / "public").mkdir()
    dovecot = Dovecot(tmp_path, BARE.format(base=tmp_path))
    dovecot.attach(fields=fields)
    with dovecot:
        client = dovecot.imap()
        client.login("ines", "123456")
        mail = b"Subject: x\r\n\r\n" + b"y" * 700_000
        replies = [client.append("INBOX", "", "", mail) for _ in range(2)]
        folders = b" ".join(client.list()[1])
        groups = groups_of_imap(dovecot.process.pid)
        client.shutdown()
    assert (b"OVERQUOTA" in replies[1][1][0]) is fields
    assert (b"Public" not in folders) is fields
    assert (tmp_path / "decoys/ines/Maildir").exists() is fields
    assert (gid_of("games") not in groups) is fields


def test_plugins_hold_for_each_service_by_itself(tmp_path):
    """POP3 fails at plugins made for IMAP, and what acts outside is left out (here: replication)."""
    (tmp_path / "users").write_text("alice:{PLAIN}real-9431:5000:5000::/no::\n")
    site = (
        f"passdb {{\n  driver = passwd-file\n  args = {tmp_path}/users\n}}\n"
        "protocol imap {\n  mail_plugins = quota imap_quota notify replication\n}\n"
    )
    dovecot = Dovecot(tmp_path, site)
    dovecot.attach()
    settings = (tmp_path / "lua/decoy-settings.lua").read_text()
    assert '["imap:userdb_mail_plugins"] = "quota imap_quota notify"' in settings
    assert '["pop3:userdb_mail_plugins"] = "quota"' in settings
    with dovecot:
        client = dovecot.imap()
        client.login("ines", "123456")
        assert b"QUOTA" in client.capability()[1][0].split()
        client.shutdown()
        connection = dovecot.namespace.connect("127.0.0.1", POP3_PORT)
        with connection, connection.makefile("rwb") as stream:
            stream.readline()
            stream.write(b"USER ines\r\nPASS 123456\r\nSTAT\r\n")
            stream.flush()
            replies = [stream.readline()[:3] for _ in range(3)]
    assert replies == [b"+OK"] * 3, dovecot.said()


def gid_of(name: str) -> int:
    import grp  # noqa: PLC0415 - nothing else here needs it

    return grp.getgrnam(name).gr_gid


def groups_of_imap(master: int) -> set[int]:
    """Supplementary groups of the one imap process below a master."""
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            lines = dict(line.split(":\t", 1) for line in status.read_text().splitlines())
        except (OSError, ValueError):
            continue
        if lines["Name"] == "imap" and int(lines["PPid"]) == master:
            return set(map(int, lines["Groups"].split()))
    raise AssertionError("no imap process")


@pytest.mark.parametrize("kind", ["debian", "virtual", "sql"])
def test_the_recorded_answers_are_those_of_the_programs(kind, tmp_path):
    """The unit tests stand on them; compared where the versions are those of the record."""
    kept = json.loads((golden.GOLDEN / f"{kind}.json").read_text())
    if run_program(["dovecot", "--version"]).out.split() != kept["dovecot --version"][0].split():
        pytest.skip("another Dovecot than that of the record")
    told, run = golden.record(tmp_path)
    MailTree(tmp_path, kind).look(run=run)
    assert told.keys() == kept.keys()
    for command in (c for c in kept if c.startswith("postmap")):
        assert told[command] == kept[command]
    for command in (c for c in kept if c.startswith("postconf")):
        theirs = dict(line.partition(" = ")[::2] for line in told[command])
        ours = dict(line.partition(" = ")[::2] for line in kept[command])
        assert {n: theirs.get(n) for n in ours if n != "mail_version"} == {
            n: value for n, value in ours.items() if n != "mail_version"
        }
