"""
A private real Postfix 3.7 with Dovecot as its SASL server, to be measured against.

Everything lives in one short temporary folder (unix sockets have short names) and listens
on free loopback ports, IPv4 and IPv6.  Nothing it accepts can leave: every transport is
``discard``.
"""

from __future__ import annotations

import ipaddress
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

HOSTNAME = "mx1.ref.example"
DOMAIN = "example.org"
KNOWN = "known@example.org"
PASSWORD = "right-Secret7"

SERVICES: dict[str, str] = {
    # The roles as Debian's master.cf has them; MX with AUTH as main.cf often sets it for all.
    "mx": "-o smtpd_tls_security_level=may -o smtpd_sasl_auth_enable=yes",
    "bare": "-o smtpd_tls_security_level=may -o smtpd_sasl_auth_enable=no",
    "submission": "-o smtpd_tls_security_level=encrypt -o smtpd_sasl_auth_enable=yes"
    " -o smtpd_tls_auth_only=yes -o smtpd_relay_restrictions=permit_sasl_authenticated,reject",
    "submission-plain": "-o smtpd_tls_security_level=may -o smtpd_sasl_auth_enable=yes"
    " -o smtpd_relay_restrictions=permit_sasl_authenticated,reject",
    "submissions": "-o smtpd_tls_wrappermode=yes -o smtpd_sasl_auth_enable=yes"
    " -o smtpd_relay_restrictions=permit_sasl_authenticated,reject",
    "auth-after-tls": "-o smtpd_tls_security_level=may -o smtpd_sasl_auth_enable=yes"
    " -o smtpd_tls_auth_only=yes",
    "no-tls": "-o smtpd_tls_security_level=none -o smtpd_sasl_auth_enable=yes",
    # The same again where the pace is the point: Dovecot's own delay and penalty.
    "slow": "-o smtpd_tls_security_level=may -o smtpd_sasl_auth_enable=yes"
    " -o smtpd_sasl_path=$slow_sasl_path",
    # Errors without the sleep, so that the texts can be compared without waiting.
    "hasty": "-o smtpd_tls_security_level=may -o smtpd_sasl_auth_enable=yes"
    " -o smtpd_error_sleep_time=0 -o smtpd_timeout=2s -o smtpd_junk_command_limit=5"
    " -o smtpd_recipient_limit=3 -o message_size_limit=2000",
}

MAIN_CF = """\
compatibility_level = 3.6
queue_directory = {base}/queue
data_directory = {base}/data
maillog_file = {base}/postfix.log
maillog_file_prefixes = {base}
myhostname = {hostname}
mydomain = ref.example
mydestination =
inet_interfaces = 127.0.0.1, ::1
inet_protocols = all
mynetworks = 192.0.2.0/24
local_recipient_maps =
alias_maps =
alias_database =
virtual_mailbox_domains = {domain}
virtual_mailbox_maps = inline:{{ {known}=x }}
virtual_transport = discard:
default_transport = discard:
local_transport = discard:
smtpd_tls_cert_file = {base}/cert.pem
smtpd_tls_key_file = {base}/key.pem
smtpd_tls_security_level = may
smtpd_sasl_type = dovecot
smtpd_sasl_path = {base}/fast/auth
slow_sasl_path = {base}/slow/auth
smtpd_peername_lookup = no
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
disable_dns_lookups = yes
"""

MASTER_CF = """\
pickup    unix  n       -       n       60      1       pickup
cleanup   unix  n       -       n       -       0       cleanup
qmgr      unix  n       -       n       300     1       qmgr
tlsmgr    unix  -       -       n       1000?   1       tlsmgr
rewrite   unix  -       -       n       -       -       trivial-rewrite
bounce    unix  -       -       n       -       0       bounce
defer     unix  -       -       n       -       0       bounce
trace     unix  -       -       n       -       0       bounce
verify    unix  -       -       n       -       1       verify
flush     unix  n       -       n       1000?   0       flush
proxymap  unix  -       -       n       -       -       proxymap
error     unix  -       -       n       -       -       error
retry     unix  -       -       n       -       -       error
discard   unix  -       -       n       -       -       discard
anvil     unix  -       -       n       -       1       anvil
postlog   unix-dgram n  -       n       -       1       postlogd
"""

DOVECOT_CONF = """\
base_dir = {base}/{pace}
state_dir = {base}/{pace}
protocols =
log_path = {base}/dovecot-{pace}.log
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
mail_location = maildir:{base}/mail/%u
{extra}
passdb {{
  driver = passwd-file
  args = username_format=%u {base}/users
}}
userdb {{
  driver = static
  args = uid=dovecot gid=dovecot home={base}/mail
}}
service auth {{
  unix_listener auth {{
    mode = 0666
  }}
}}
"""

MAKE_CERTIFICATE = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout key.pem -out cert.pem"

NO_PENALTY = """\
auth_failure_delay = 0
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
"""


def free_port() -> int:
    """Give a port that is free on both loopbacks now."""
    for _ in range(50):
        with socket.socket() as four, socket.socket(socket.AF_INET6) as six:
            four.bind(("127.0.0.1", 0))
            port = int(four.getsockname()[1])
            try:
                six.bind(("::1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no port is free on both loopbacks")


@dataclass
class RealPostfix:
    """Postfix and two Dovecots (``fast`` without delays, ``slow`` with its own)."""

    base: Path
    ports: dict[str, int] = field(default_factory=dict)

    @classmethod
    def start(cls) -> RealPostfix:
        base = Path(tempfile.mkdtemp(prefix="hp-real-"))
        base.chmod(0o755)
        real = cls(base, {name: free_port() for name in SERVICES})
        try:
            real._write()
            real._run()
        except BaseException:
            real.stop()
            raise
        return real

    def _write(self) -> None:
        values = {
            "base": self.base,
            "hostname": HOSTNAME,
            "domain": DOMAIN,
            "known": KNOWN,
        }
        for name in ("queue", "data", "etc", "fast", "slow", "mail"):
            (self.base / name).mkdir()
        shutil.chown(self.base / "data", "postfix")
        (self.base / "users").write_text(f"{KNOWN}:{{PLAIN}}{PASSWORD}\n")
        (self.base / "etc" / "main.cf").write_text(MAIN_CF.format(**values))
        master = MASTER_CF
        for name, options in SERVICES.items():
            for host in ("127.0.0.1", "[::1]"):
                master += f"{host}:{self.ports[name]} inet n - n - - smtpd\n  {options}\n"
        (self.base / "etc" / "master.cf").write_text(master)
        for pace, extra in (("fast", NO_PENALTY), ("slow", "")):
            text = DOVECOT_CONF.format(pace=pace, extra=extra, **values)
            (self.base / f"dovecot-{pace}.conf").write_text(text)
        subprocess.run(
            [*MAKE_CERTIFICATE.split(), "-subj", f"/CN={HOSTNAME}"],
            cwd=self.base,
            check=True,
            capture_output=True,
        )

    def _run(self) -> None:
        for pace in ("fast", "slow"):
            subprocess.run(["dovecot", "-c", f"{self.base}/dovecot-{pace}.conf"], check=True)
        done = subprocess.run(
            ["postfix", "-c", f"{self.base}/etc", "start"],
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise RuntimeError(f"postfix does not start: {done.stderr}")
        deadline = time.monotonic() + 20
        for port in self.ports.values():
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    if time.monotonic() > deadline:
                        raise RuntimeError((self.base / "postfix.log").read_text()) from None
                    time.sleep(0.05)

    def stop(self) -> None:
        subprocess.run(
            ["postfix", "-c", f"{self.base}/etc", "abort"], check=False, capture_output=True
        )
        for pace in ("fast", "slow"):
            conf = f"{self.base}/dovecot-{pace}.conf"
            subprocess.run(["doveadm", "-c", conf, "stop"], check=False, capture_output=True)
        shutil.rmtree(self.base, ignore_errors=True)


def connect(
    port: int, host: str = "127.0.0.1", source: str = "", timeout: float = 15
) -> socket.socket:
    """Open a connection, from a chosen source address when one is given."""
    family = socket.AF_INET6 if ipaddress.ip_address(host).version == 6 else socket.AF_INET
    sock = socket.socket(family)
    sock.settimeout(timeout)
    if source:
        sock.bind((source, 0))
    sock.connect((host, port))
    return sock
