"""
OpenDKIM and rspamd as mail filters of a test's host, each from Debian's package and private.

Both sign with one key; rspamd has a Bayes classifier that learns from every message it sees, as
its ``autolearn`` makes it do, so that it can be told whom it learned from.  Its configuration is
small, for the stock one takes twenty seconds to compile its patterns.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
from pathlib import Path
from typing import Self

from support.namespace import Namespace
from support.users import DOMAIN
from support.waiting import until

OPENDKIM_PORT, RSPAMD_PORT = 2702, 2703
OPENDKIM, RSPAMD = f"inet:127.0.0.1:{OPENDKIM_PORT}", f"inet:127.0.0.1:{RSPAMD_PORT}"

OPENDKIM_CONFIGURATION = """\
Domain {domain}
Selector mail
KeyFile {base}/dkim.key
RequireSafeKeys no
Socket inet:{port}@127.0.0.1
Mode s
Canonicalization relaxed/simple
OversignHeaders From
Background no
Syslog no
"""

RSPAMD_CONFIGURATION = """\
options {{
    pidfile = "$RUNDIR/pid";
    tempdir = "$RUNDIR";
    hs_cache_dir = "$DBDIR";
    cache_file = "$DBDIR/symbols.cache";
    url_tld = "{base}/tld";
    control_socket = "$RUNDIR/control";
    filters = "dkim";
    disable_hyperscan = true;
    dns {{ nameserver = ["127.0.0.1:5353:1"]; timeout = 50ms; retransmits = 1; }}
}}
lua = "{base}/everything.lua";
modules {{
    path = "/usr/share/rspamd/plugins/settings.lua";
    path = "/usr/share/rspamd/plugins/dkim_signing.lua";
}}
logging {{ type = "file"; filename = "$LOGDIR/rspamd.log"; level = "info"; }}
actions {{ reject = 15; add_header = 4; }}
worker "rspamd_proxy" {{
    bind_socket = "127.0.0.1:{port}";
    milter = yes;
    count = 1;
    upstream "local" {{ default = yes; self_scan = yes; }}
}}
classifier "bayes" {{
    tokenizer {{ name = "osb"; }}
    cache {{ path = "$DBDIR/learned.sqlite"; }}
    backend = "sqlite3";
    min_tokens = 1;
    min_learns = 0;
    autolearn {{ spam_threshold = 1.0; junk_threshold = 1.0; ham_threshold = -1.0; }}
    statfile {{ symbol = "BAYES_HAM"; path = "$DBDIR/ham.sqlite"; spam = false; }}
    statfile {{ symbol = "BAYES_SPAM"; path = "$DBDIR/spam.sqlite"; spam = true; }}
}}
dkim_signing {{ path = "{base}/dkim.key"; selector = "rspamd"; allow_username_mismatch = true; }}
settings {{ .include(try=true) "{base}/settings.conf" }}
"""

SPAMMY = """\
for number = 1, 3 do
  local rule = { name = 'SPAMMY' .. number, score = 2.0, callback = function() return true end }
  rspamd_config:register_symbol(rule)
end
"""
"""Rules that find every message spammy: fewer than three would not make it learn."""


class _Filter:
    """One program, from ``with`` to its end."""

    def __init__(self, namespace: Namespace, base: Path, port: int, command: list[str]) -> None:
        self.base, self._namespace, self._port = base, namespace, port
        self._command = command

    def __enter__(self) -> Self:
        self._out = (self.base / "out").open("wb")
        self._process = subprocess.Popen(
            self._namespace.command(self._command),
            stdout=self._out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        until(self._answers, (self.base / "out").read_text, seconds=30)
        return self

    def __exit__(self, *_: object) -> None:
        # With its children, at once: rspamd takes seconds to end in order.
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(timeout=20)
        self._out.close()

    def _answers(self) -> bool:
        with contextlib.suppress(ConnectionRefusedError):
            self._namespace.connect("127.0.0.1", self._port).close()
            return True
        return False


class OpenDkim(_Filter):
    """It signs what logged-in clients send from the site's domain."""

    def __init__(self, namespace: Namespace, base: Path) -> None:
        _key(base)
        text = OPENDKIM_CONFIGURATION.format(base=base, domain=DOMAIN, port=OPENDKIM_PORT)
        (base / "opendkim.conf").write_text(text)
        super().__init__(
            namespace, base, OPENDKIM_PORT, ["opendkim", "-f", "-x", str(base / "opendkim.conf")]
        )


class Rspamd(_Filter):
    """
    It marks, signs and learns from every message.

    :param settings: text of its ``settings`` section.
    """

    def __init__(self, namespace: Namespace, base: Path, settings: str) -> None:
        _key(base)
        base.chmod(0o755)
        variables = {"DBDIR": "db", "RUNDIR": "run", "LOGDIR": "log", "LOCAL_CONFDIR": "none"}
        for folder in variables.values():
            (base / folder).mkdir()
            shutil.chown(base / folder, "_rspamd", "_rspamd")
        (base / "rspamd.conf").write_text(RSPAMD_CONFIGURATION.format(base=base, port=RSPAMD_PORT))
        (base / "everything.lua").write_text(SPAMMY)
        (base / "tld").write_text("org\ntest\n")
        (base / "settings.conf").write_text(settings)
        super().__init__(
            namespace, base, RSPAMD_PORT,
            ["rspamd", "-f", "-u", "_rspamd", "-g", "_rspamd", "-c", str(base / "rspamd.conf"),
             *(f"--var={name}={base}/{folder}" for name, folder in variables.items())],
        )  # fmt: skip

    def said(self) -> str:
        """Give its log."""
        return (self.base / "log/rspamd.log").read_text()

    def learned(self) -> int:
        """Count the messages that it has learned from."""
        with contextlib.closing(sqlite3.connect(self.base / "db/learned.sqlite")) as database:
            return database.execute("SELECT count(*) FROM learns").fetchone()[0]


def _key(base: Path) -> None:
    key = base / "dkim.key"
    if not key.exists():
        command = ["openssl", "genrsa", "-out", str(key), "1024"]
        subprocess.run(command, check=True, capture_output=True)
        key.chmod(0o644)
