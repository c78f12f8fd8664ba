"""
The configuration of a whole mail host in a folder, for looking at: no daemon ever runs on it.

Three sites as people have them: ``debian`` (stock, PAM system users, submission with SASL),
``virtual`` (virtual mailboxes in files) and ``sql`` (virtual mailboxes in SQLite).  A test changes
one thing and looks again.
"""

from __future__ import annotations

import atexit
import os
import shutil
import sqlite3
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from honeypost.beside.survey.read import read_site
from honeypost.beside.survey.site import MailSite
from support.master_cf import internal_services
from support.users import DOMAIN, REAL

SETTLED = 1_600_000_000
INVENTED = "zz-nobody-41"

MASTER = f"""\
{internal_services(chroot=True)}\
smtp       inet  n       -       y       -       -       smtpd
submission inet  n       -       y       -       -       smtpd
  -o syslog_name=postfix/submission
  -o smtpd_tls_security_level=encrypt
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
relay      unix  -       -       y       -       -       smtp
        -o syslog_name=postfix/$service_name
maildrop   unix  -       n       n       -       -       pipe
  flags=DRXhu user=vmail argv=/usr/bin/maildrop -d ${{recipient}}
"""

MAIN = {
    "compatibility_level": "3.6",
    "queue_directory": "{base}/spool",
    "data_directory": "{base}/data",
    "myhostname": f"mail.{DOMAIN}",
    "mydomain": DOMAIN,
    "mydestination": "$myhostname, localhost",
    "mynetworks": "127.0.0.0/8 [::ffff:127.0.0.0]/104 [::1]/128",
    "alias_maps": "hash:{base}/aliases",
    "alias_database": "hash:{base}/aliases",
    "recipient_delimiter": "+",
    "smtpd_relay_restrictions": "permit_mynetworks permit_sasl_authenticated "
    "defer_unauth_destination",
    "smtpd_sasl_type": "dovecot",
    "smtpd_sasl_path": "private/auth",
}

VIRTUAL = {
    "virtual_mailbox_domains": DOMAIN,
    "virtual_mailbox_maps": "hash:{base}/mailboxes",
    "virtual_alias_maps": "hash:{base}/virtual",
    "virtual_transport": "lmtp:unix:private/dovecot-lmtp",
    "smtpd_sender_login_maps": "hash:{base}/mailboxes",
    "smtpd_sender_restrictions": "reject_authenticated_sender_login_mismatch",
}

DOVECOT = """\
base_dir = {base}/run
state_dir = {base}/state
protocols = imap pop3 lmtp
ssl = no
mail_location = maildir:~/Maildir
mail_plugins = quota
auth_username_format = %Ln
service auth {{
  unix_listener {base}/spool/private/auth {{
    mode = 0660
    user = postfix
    group = postfix
  }}
}}
plugin {{
  quota = maildir:User quota
}}
namespace inbox {{
  inbox = yes
}}
!include conf.d/*.conf
"""

PAM = "passdb {\n  driver = pam\n}\nuserdb {\n  driver = passwd\n}\n"
FILES = """\
passdb {{
  driver = passwd-file
  args = username_format=%u {base}/users
}}
userdb {{
  driver = passwd-file
  args = username_format=%u {base}/users
}}
"""
SQL = """\
passdb {{
  driver = sql
  args = {base}/sql.conf.ext
}}
userdb {{
  driver = sql
  args = {base}/sql.conf.ext
}}
"""
SQL_FILE = """\
driver = sqlite
connect = {base}/users.db
default_pass_scheme = PLAIN
password_query = SELECT name AS user, password FROM users WHERE name = '%u'{condition}
user_query = SELECT 5000 AS uid, 5000 AS gid FROM users WHERE name = '%u'
iterate_query = SELECT name AS username FROM users
"""
PAM_STACK = """\
auth [success=1 default=ignore] pam_unix.so nullok
auth requisite pam_deny.so
auth required pam_permit.so
auth optional pam_cap.so
"""


SOURCES = {
    "aliases": "postmaster: root\nwebmaster: root\n",
    "mailboxes": "".join(f"{name} {name}\n" for name in REAL),
    "virtual": f"sales@{DOMAIN} alice@{DOMAIN}\n",
}


@cache
def _built() -> Path:
    """Build maps and database once: each is written through to the disk."""
    folder = Path(tempfile.mkdtemp(prefix="hp-maps-"))
    atexit.register(shutil.rmtree, folder)
    for name, text in SOURCES.items():
        (folder / name).write_text(text)
        command = "postalias" if name == "aliases" else "postmap"
        subprocess.run([command, f"hash:{folder}/{name}"], check=True, timeout=30)
    with sqlite3.connect(folder / "users.db") as database:
        database.execute("CREATE TABLE users (name TEXT, password TEXT, active INT)")
        database.executemany("INSERT INTO users VALUES (?, ?, 1)", REAL.items())
    database.close()
    return folder


class MailTree:
    """
    One site; change it by its methods, then look.

    :param built: with the maps as Postfix reads them; without, nothing is run and the answers
        of the programs must be given (``look(run=...)``).
    """

    def __init__(self, base: Path, kind: str = "virtual", *, built: bool = True) -> None:
        self.base, self.kind = base, kind
        for folder in ("postfix", "spool/private", "data", "dovecot/conf.d", "host/etc/pam.d"):
            (base / folder).mkdir(parents=True, exist_ok=True)
        self.main = dict(MAIN) | ({} if kind == "debian" else VIRTUAL)
        self.master = MASTER
        for path in _built().iterdir() if built else ():
            shutil.copy2(path, base / path.name)
        for name, text in SOURCES.items():
            self.write(name, text)
        self.dovecot = DOVECOT.format(base=base)
        self.databases = {"debian": PAM, "virtual": FILES, "sql": SQL}[kind]
        if kind != "debian":
            self.databases = self.databases.format(base=base)
        self.sql()
        users = "".join(f"{name}:{{PLAIN}}x:5000:5000::/nowhere::\n" for name in REAL)
        self.write("users", users)
        self.write("host/etc/nsswitch.conf", "passwd:  files systemd\n")
        self.write("host/etc/passwd", "root:x:0:0::/nowhere:/bin/sh\n")
        self.write("host/etc/pam.d/dovecot", "@include common-auth\n@include common-account\n")
        self.write("host/etc/pam.d/common-auth", PAM_STACK)
        self.write("host/etc/pam.d/common-account", "account required pam_unix.so\n")

    def sql(self, condition: str = "") -> None:
        """Write the SQL file, with what is behind the WHERE."""
        self.write("sql.conf.ext", SQL_FILE.format(base=self.base, condition=condition))

    def write(self, name: str, content: str) -> Path:
        path = self.base / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        # Postfix's programs wait until a file that they read is two seconds old.
        os.utime(path, (SETTLED, SETTLED))
        return path

    def option(self, service: str, name: str, value: str, *, kind: str = "inet") -> None:
        """Add ``-o`` to a service."""
        lines = self.master.splitlines(keepends=True)
        at = next(n for n, line in enumerate(lines) if line.split()[:2] == [service, kind]) + 1
        while lines[at].startswith(" "):
            at += 1
        lines.insert(at, f"  -o {{ {name} = {value} }}\n")
        self.master = "".join(lines)

    def look(self, **options) -> MailSite:
        """Write it down and look at it with the real programs."""
        settings = {name: value.format(base=self.base) for name, value in self.main.items()}
        self.write("postfix/main.cf", "".join(f"{n} = {v}\n" for n, v in settings.items()))
        self.write("postfix/master.cf", self.master)
        self.write("dovecot/dovecot.conf", self.dovecot)
        self.write("dovecot/conf.d/auth.conf", self.databases)
        return read_site(
            postfix_directory=self.base / "postfix",
            dovecot_config=self.base / "dovecot/dovecot.conf",
            root=self.base / "host",
            invented=INVENTED,
            **options,
        )

    def run(self, *command: str) -> None:
        subprocess.run(command, check=True, capture_output=True, timeout=30)
