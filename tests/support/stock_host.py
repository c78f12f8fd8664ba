"""
A Debian host as its packages make it, with the real users of a site, in namespaces of its own.

``/etc`` is a private copy of the machine's, and so are queue, data, run and state folders of both
daemons: they are laid over the real ones in a mount namespace.  So programs, paths and commands
are those of a real host (``honeypost attach``, ``postfix reload``, ``doveadm reload``) and nothing
of the machine is touched.  Loopback only; whatever would leave is counted by the "internet".
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

from honeypost.config.schema import Paths
from honeypost.config.secrets import create_if_missing
from support.certificates import make_certificate, trusting_client
from support.dovecot_host import IMAP_PORT, LOGIN_SERVICES, NO_PENALTY
from support.folders import short_folder
from support.mail_clients import ImapClient, SmtpClient, plain
from support.namespace import Namespace
from support.postfix_host import HOSTNAME, INTERNET_PORT, SUBMISSION_PORT
from support.sinks import Internet
from support.users import DOMAIN, REAL, VMAIL, hashed_password
from support.waiting import until

KINDS = ("pam", "passwd-file", "sql")
OWN_USERS = {"honeypost": 29_990, "honeypost-worker": 29_991, "honeypost-decoy": 29_992}
FIRST_UID = 30_000

SUBMISSION = f"""\
{SUBMISSION_PORT} inet n       -       y       -       -       smtpd
  -o syslog_name=postfix/submission
  -o smtpd_tls_security_level=encrypt
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_tls_auth_only=yes
# Empty lines and comments may stand between.

  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
"""

POSTFIX = {
    "myhostname": HOSTNAME,
    "mydestination": f"{DOMAIN}, localhost",
    "mydomain": DOMAIN,
    "maillog_file": "/var/log/hp/postfix.log",
    "maillog_file_prefixes": "/var/log/hp",
    "smtpd_sasl_type": "dovecot",
    "smtpd_sasl_path": "private/auth",
    "smtpd_tls_cert_file": "/etc/ssl/mail.pem",
    "smtpd_tls_key_file": "/etc/ssl/mail.key",
    "smtpd_tls_security_level": "may",
    "home_mailbox": "Maildir/",
    "default_transport": f"smtp:[127.0.0.1]:{INTERNET_PORT}",
    "disable_dns_lookups": "yes",
    "smtp_host_lookup": "native",
    "smtpd_peername_lookup": "no",
    "inet_interfaces": "127.0.0.1",
    "inet_protocols": "ipv4",
    "mynetworks": "127.0.0.0/8 [::1]/128 192.0.2.0/24",
}

VIRTUAL = {
    "mydestination": "localhost",
    "virtual_mailbox_domains": DOMAIN,
    "virtual_mailbox_maps": "texthash:/etc/postfix/mailboxes",
    "virtual_transport": "lmtp:unix:private/dovecot-lmtp",
}

DOVECOT = """\
listen = 127.0.0.1
log_path = /var/log/hp/dovecot.log
auth_verbose = yes
auth_mechanisms = plain login
auth_failure_delay = 0
auth_username_format = {login_format}
mail_location = maildir:~/Maildir
mail_plugins = quota
first_valid_uid = 5000
plugin {{
  quota = maildir:User quota
}}
service auth {{
  unix_listener /var/spool/postfix/private/auth {{
    mode = 0660
    user = postfix
    group = postfix
  }}
}}
service lmtp {{
  unix_listener /var/spool/postfix/private/dovecot-lmtp {{
    mode = 0660
    user = postfix
    group = postfix
  }}
}}
{login_services}{no_penalty}"""

PASSWD_FILE = """\
passdb {
  driver = passwd-file
  args = scheme=PLAIN username_format=%u /etc/dovecot/users
}
userdb {
  driver = passwd-file
  args = username_format=%u /etc/dovecot/users
}
"""

SQL = """\
passdb {
  driver = sql
  args = /etc/dovecot/dovecot-sql.conf.ext
}
userdb {
  driver = sql
  args = /etc/dovecot/dovecot-sql.conf.ext
}
"""

COVERED = {
    "/etc": "etc",
    "/var/spool/postfix": "spool",
    "/var/lib/postfix": "data",
    "/run/dovecot": "run",
    "/var/lib/dovecot": "state",
    "/var/log/hp": "log",
    "/var/lib/honeypost": "honeypost",
}
"""Places and the private folders that are laid over them."""


class StockHost:
    """
    One host, running, not attached.

    :param kind: of the real users' database.
    """

    def __init__(self, kind: str = "pam") -> None:
        self.kind = kind
        self.base = short_folder()

    def __enter__(self) -> Self:
        try:
            self._build()
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # What it is

    def _build(self) -> None:
        self.namespace = Namespace()
        subprocess.run(["cp", "-a", "/etc", self.base / "etc"], check=True)
        for name in COVERED.values():
            (self.base / name).mkdir(exist_ok=True)
        shutil.chown(self.base / "data", "postfix")
        self.etc, self.data = self.base / "etc", self.base / "honeypost"
        (self.data / "mail").mkdir()
        os.chown(self.data / "mail", OWN_USERS["honeypost-decoy"], OWN_USERS["honeypost-decoy"])
        (self.data / "mail").chmod(0o700)
        self._accounts()
        self._certificate()
        self._dovecot()
        self._postfix()
        (self.etc / "honeypost").mkdir()
        (self.etc / "honeypost/honeypost.toml").write_text(OWN_CONFIGURATION)
        self.secrets = create_if_missing(Paths(self.data).secrets, os.urandom)
        self._holder = subprocess.Popen(
            self.namespace.command(["unshare", "--mount", "sh", "-c", self._covering()]),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._holder.stdout is not None
        assert self._holder.stdout.readline() == b"up\n"
        internet = self.namespace.socket()
        internet.bind(("127.0.0.1", INTERNET_PORT))
        self.internet = Internet(internet)
        for address in OUTSIDE:
            self.namespace.run("ip", "address", "add", f"{address}/32", "dev", "lo")

    def _covering(self) -> str:
        binds = [
            f"mkdir -p {place} && mount --bind {self.base / name} {place}"
            for place, name in COVERED.items()
        ]
        return " && ".join([*binds, "echo up && exec cat"])

    def _accounts(self) -> None:
        passwd, group = self.etc / "passwd", self.etc / "group"
        users = OWN_USERS
        lines = [f"{n}:x:{u}:{u}::/nonexistent:/usr/sbin/nologin\n" for n, u in users.items()]
        groups = [f"{n}:x:{u}:\n" for n, u in users.items()]
        shadow = []
        for uid, (name, password) in enumerate(REAL.items(), FIRST_UID):
            home = self.base / "homes" / name
            home.mkdir(parents=True)
            if self.kind == "pam":
                local = name.partition("@")[0]
                lines.append(f"{local}:x:{uid}:{uid}::{home}:/bin/false\n")
                shadow.append(f"{local}:{hashed_password(password)}:19000:0:99999:7:::\n")
                os.chown(home, uid, uid)
            else:
                os.chown(home, VMAIL, VMAIL)
        with passwd.open("a") as file:
            file.writelines(lines)
        with group.open("a") as file:
            file.writelines(groups)
        with (self.etc / "shadow").open("a") as file:
            file.writelines(shadow)
        rules = "auth required pam_unix.so nodelay\naccount required pam_unix.so\n"
        (self.etc / "pam.d/dovecot").write_text(rules)

    def _certificate(self) -> None:
        make_certificate(self.etc / "ssl/mail.pem", self.etc / "ssl/mail.key", HOSTNAME)
        for kind in ("key", "pem"):  # where the package has it
            place = self.etc / f"dovecot/private/dovecot.{kind}"
            place.unlink(missing_ok=True)
            shutil.copy(self.etc / f"ssl/mail.{kind}", place)

    def _dovecot(self) -> None:
        folder = self.etc / "dovecot"
        login_format = "%Ln" if self.kind == "pam" else "%Lu"
        text = DOVECOT.format(
            login_format=login_format, login_services=LOGIN_SERVICES, no_penalty=NO_PENALTY
        )
        (folder / "conf.d/95-site.conf").write_text(text)
        if self.kind == "pam":
            return
        auth = folder / "conf.d/10-auth.conf"
        text = auth.read_text().replace("!include auth-system.conf.ext", "!include auth-site.ext")
        auth.write_text(text)
        (folder / "conf.d/auth-site.ext").write_text(PASSWD_FILE if self.kind != "sql" else SQL)
        homes = self.base / "homes"
        if self.kind == "sql":
            self._sql(folder, homes)
            return
        lines = (
            f"{name}:{{PLAIN}}{password}:{VMAIL}:{VMAIL}::{homes}/{name}::\n"
            for name, password in REAL.items()
        )
        (folder / "users").write_text("".join(lines))

    def _sql(self, folder: Path, homes: Path) -> None:
        database = folder / "users.db"
        with contextlib.closing(sqlite3.connect(database)) as opened, opened:
            opened.execute("CREATE TABLE users (name TEXT, password TEXT, active INTEGER)")
            rows = [(name, password, 1) for name, password in REAL.items()]
            opened.executemany(
                "INSERT INTO users VALUES (?, ?, ?)", [*rows, (DISABLED, "Geheim-7731", 0)]
            )
        (folder / "dovecot-sql.conf.ext").write_text(
            "driver = sqlite\nconnect = /etc/dovecot/users.db\ndefault_pass_scheme = PLAIN\n"
            "password_query = SELECT name AS user, password FROM users"
            " WHERE name = '%u' AND active = 1\n"
            f"user_query = SELECT '{homes}/' || name AS home, {VMAIL} AS uid, {VMAIL} AS gid"
            " FROM users WHERE name = '%u'\n"
            "iterate_query = SELECT name AS username FROM users\n"
        )

    def _postfix(self) -> None:
        folder = self.etc / "postfix"
        settings = POSTFIX | ({} if self.kind == "pam" else VIRTUAL)
        if self.kind != "pam":
            (folder / "mailboxes").write_text("".join(f"{name} x\n" for name in REAL))
        pairs = [f"{name}={value}" for name, value in settings.items()]
        subprocess.run(["postconf", "-c", folder, "-e", *pairs], check=True)
        master = (folder / "master.cf").read_text()
        master = master.replace("smtp      inet", "2525      inet", 1)
        (folder / "master.cf").write_text(SUBMISSION + master)
        (self.etc / "aliases").write_text("postmaster: alice\n")
        subprocess.run(["postalias", "-c", folder, f"hash:{self.etc}/aliases"], check=True)

    # Running it

    def start(self) -> None:
        """Start both daemons."""
        self.run("postfix", "start")
        self.dovecot_start()

    def dovecot_start(self) -> None:
        """Start Dovecot as its unit would, and wait until it answers."""
        self.run("dovecot")
        self.namespace.connect("127.0.0.1", IMAP_PORT).close()
        until((self.base / "spool/private/auth").exists, self.said)

    def dovecot_stop(self) -> None:
        """Stop Dovecot with all that lingers of it."""
        pid = self.base / "run/master.pid"
        family = []
        if pid.exists():
            family = list(_descendants(int(pid.read_text())))
        self.run("doveadm", "stop", check=False)
        for each in family:
            with contextlib.suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        until(lambda: not any(Path(f"/proc/{each}/exe").exists() for each in family))

    def close(self) -> None:
        """End everything."""
        if hasattr(self, "_holder"):
            self.dovecot_stop()
            self.run("postfix", "abort", check=False)
            self._holder.communicate(timeout=5)
        if hasattr(self, "internet"):
            self.internet.close()
        if hasattr(self, "namespace"):
            self.namespace.close()
        shutil.rmtree(self.base, ignore_errors=True)

    def command(self, arguments: Sequence[str | Path]) -> list[str]:
        """Give the command line that runs a program on this host."""
        inside = ["nsenter", f"--mount=/proc/{self._inside}/ns/mnt", "--"]
        return self.namespace.command([*inside, *arguments])

    def run(self, *arguments: str | Path, **options) -> subprocess.CompletedProcess[str]:
        """Run a program on this host to its end, text captured."""
        settings = {"text": True, "timeout": 120, "check": True, "cwd": "/"}
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            # Files, not pipes: daemons that a program leaves behind would hold pipes open.
            done = subprocess.run(  # noqa: PLW1510 - it is among the settings
                self.command(arguments),
                stdout=out, stderr=err, **{**settings, **options, "check": False},
            )  # fmt: skip
            for file, name in ((out, "stdout"), (err, "stderr")):
                file.seek(0)
                setattr(done, name, file.read())
        if options.get("check", True):
            assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        return done

    @property
    def _inside(self) -> int:
        return self._holder.pid

    def honeypost(self, *arguments: str, **options) -> subprocess.CompletedProcess[str]:
        """Run our own command on this host, as its operator."""
        where = ["--data", "/var/lib/honeypost", "--config", "/etc/honeypost/honeypost.toml"]
        verb, *rest = arguments
        program = [sys.executable, "-m", "honeypost.cli.main"]
        return self.run(*program, verb, *where, *rest, **options)

    def drive(self, what: str):
        """Do something of :mod:`support.attach_driver` on this host; gives its answer."""
        driver = Path(__file__).with_name("attach_driver.py")
        return json.loads(self.run(sys.executable, "-P", driver, what).stdout)

    @contextlib.contextmanager
    def deceiving(self) -> Iterator[None]:
        """Have our own processes run, as their units would."""
        where = ["--data", "/var/lib/honeypost", "--config", "/etc/honeypost/honeypost.toml"]
        process = subprocess.Popen(
            self.command([sys.executable, "-m", "honeypost.cli.main", "up", *where]),
            stdout=subprocess.PIPE, cwd="/", start_new_session=True,
        )  # fmt: skip
        try:
            assert process.stdout is not None
            assert b"ready" in process.stdout.readline()
            yield
        finally:
            process.terminate()
            process.wait(timeout=20)
            process.stdout.close()

    def said(self) -> str:
        """Give both logs."""
        return "".join(p.read_text("utf-8", "replace") for p in (self.base / "log").iterdir())

    # What is on it

    def hashes(self) -> dict[str, tuple[str, int, int, int]]:
        """Content, mode and owner of everything below /etc."""
        return dict(_hashed_tree(self.etc))

    # Clients

    def imap_login(self, login: str, password: str, *, source: str = "") -> bool:
        """Try LOGIN over IMAP with STARTTLS."""
        return self._imap(source).lets_in(login, password)

    def imap(self, login: str, password: str, *, source: str = "") -> ImapClient:
        """Give a logged-in client."""
        client = self._imap(source)
        client.login(login, password)
        return client

    def _imap(self, source: str) -> ImapClient:
        client = ImapClient(self.namespace, source=source)
        client.host = HOSTNAME
        client.starttls(ssl_context=trusting_client())
        return client

    def submission(self, source: str = ""):
        """Give a client after STARTTLS."""
        client = SmtpClient(self.namespace, source, wrapped=False)
        client.connect("127.0.0.1", SUBMISSION_PORT)
        client.ehlo("client.test")
        client.starttls(context=trusting_client())
        client.ehlo("client.test")
        return client

    def smtp_login(self, login: str, password: str, *, source: str = "") -> int:
        with self.submission(source) as client:
            return client.docmd("AUTH", f"PLAIN {plain(login, password)}")[0]


OUTSIDE = ("198.51.100.7", "198.51.100.8")
"""Where guessers come from; no network of the site's own."""

DISABLED = f"dora@{DOMAIN}"
"""An account of the SQL site that is switched off."""

OWN_CONFIGURATION = """\
[decoys]
failures_min = 1
failures_max = 1
role_share = 1.0
name_share = 1.0
new_per_day = 1000
unsure_rest_hours = 0.0

[beside]
names_seconds = 0.4
"""


def _hashed_tree(root: Path) -> Iterator[tuple[str, tuple[str, int, int, int]]]:
    for path in sorted(root.rglob("*")):
        found = path.lstat()
        content = ""
        if stat.S_ISREG(found.st_mode):
            content = hashlib.sha256(path.read_bytes()).hexdigest()
        elif path.is_symlink():
            content = str(path.readlink())
        name = str(path.relative_to(root))
        yield name, (content, found.st_mode, found.st_uid, found.st_gid)


def _descendants(pid: int) -> Iterator[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    except OSError:
        return
    for child in map(int, children):
        yield child
        yield from _descendants(child)
