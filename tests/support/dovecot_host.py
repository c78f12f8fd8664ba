"""A private Dovecot 2.3: SASL for Postfix, IMAP and POP3 on both loopbacks, LMTP delivery."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from importlib.resources import files
from pathlib import Path

from honeypost.beside.dovecot.chain import SCRIPTS, SETTINGS, DecoyChain, names_socket, report_only
from support.namespace import Namespace
from support.users import VMAIL, Pam, PasswdFile
from support.waiting import until

DECOY_UID = 5001
IMAP_PORT, POP3_PORT = 2143, 2110

CONFIGURATION = """\
base_dir = {base}/run
state_dir = {base}/state
protocols = imap pop3 lmtp
listen = 127.0.0.1, ::1
log_path = {base}/dovecot.log
auth_verbose = yes
ssl = yes
ssl_cert = <{base}/cert.pem
ssl_key = <{base}/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_username_format = {login_format}
mail_location = maildir:~/Maildir
first_valid_uid = 5000
mail_plugins = quota
{passdb}
{chain_passdbs}
{chain_userdb}
{userdb}
{names_socket}
{report_only}
service auth {{
  unix_listener {base}/sasl {{
    mode = 0666
  }}
}}
service auth-worker {{
  user = root
}}
{login_services}
service lmtp {{
  unix_listener {base}/dovecot-lmtp {{
    mode = 0666
  }}
}}
service stats {{
  unix_listener stats-writer {{
    mode = 0666
  }}
}}
plugin {{
  quota = maildir:User quota
}}
{extra}
"""

LOGIN_SERVICES = f"""\
service imap-login {{
  inet_listener imap {{
    port = {IMAP_PORT}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service pop3-login {{
  inet_listener pop3 {{
    port = {POP3_PORT}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
"""

NO_PENALTY = """\
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
"""

FAST = f"{NO_PENALTY}auth_failure_delay = 0\n"
"""Without penalty and delay: they cost a test its time and prove nothing in most."""


class DovecotHost:
    """One instance; ``chain=None`` is a site without us."""

    def __init__(
        self,
        base: Path,
        namespace: Namespace,
        users: PasswdFile | Pam,
        chain: DecoyChain | None,
        *,
        report_url: str = "",
        extra: str = "",
        guard: bool = True,
    ) -> None:
        self.base, self.log = base, base / "dovecot.log"
        self._users, self._namespace = users, namespace
        for directory in ("run", "state", "mail"):
            (base / directory).mkdir(exist_ok=True)
        os.chown(base / "mail", VMAIL, VMAIL)
        (base / "mail").chmod(0o711 if users.kind == "pam" else 0o700)
        if chain is not None:
            _install(chain)
        passdbs = chain.passdbs() if chain else ""
        if not guard:
            passdbs = _without_guard(passdbs)
        self._configuration = base / "dovecot.conf"
        self._configuration.write_text(
            CONFIGURATION.format(
                base=base,
                login_format=users.login_format,
                passdb=users.passdb(),
                userdb=users.userdb(),
                chain_passdbs=passdbs,
                chain_userdb=chain.userdb() if chain else "",
                names_socket=names_socket(base / "names-userdb", "root"),
                report_only=report_only(report_url, chain.key, "a1b2c3")
                if chain and report_url
                else "",
                login_services=LOGIN_SERVICES,
                extra=extra,
            )
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = ["dovecot", "-F", "-c", str(self._configuration)]
        self._process = subprocess.Popen(
            self._namespace.command(self._users.command(command)), start_new_session=True
        )
        until((self.base / "run/master.pid").exists, self.said)
        self._namespace.connect("127.0.0.1", IMAP_PORT).close()

    def stop(self) -> None:
        """End it with all its processes: an old login process would go on answering."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(timeout=10)
            # auth lingers while Postfix keeps its connection open.
            until(lambda: not _killed(self._process.pid))
            self._process = None

    def said(self) -> str:
        """Give the log so far."""
        return self.log.read_text("utf-8", "replace") if self.log.exists() else ""


def _killed(session: int) -> list[int]:
    """Kill what is left of a session, the children of a dead parent included; gives its pids."""
    left = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            state, _, _, of = (entry / "stat").read_text().rpartition(")")[2].split()[:4]
            if int(of) == session and state != "Z":
                left.append(int(entry.name))
                os.kill(left[-1], signal.SIGKILL)
    return left


def _install(chain: DecoyChain) -> None:
    chain.directory.mkdir()
    for script in SCRIPTS:
        with (files("honeypost.beside.lua") / script).open("rb") as source:
            (chain.directory / script).write_bytes(source.read())
    (chain.directory / SETTINGS).write_text(chain.settings())
    chain.home.mkdir()
    shutil.chown(chain.home, DECOY_UID, DECOY_UID)
    chain.home.chmod(0o700)


def _without_guard(passdbs: str) -> str:
    """Mutate: the chain as if nobody had written the guard."""
    blocks = passdbs.split("passdb {")
    return "passdb {".join(block for block in blocks if "guard.lua" not in block)
