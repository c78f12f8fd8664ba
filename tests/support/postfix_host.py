"""
A private Postfix 3.7: MX, submission with STARTTLS, submissions; with or without containment.

Whatever would leave the machine goes to the "internet" sink of the test, by ``default_transport``.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from honeypost.beside.attach.postfix_text import SETTLED
from honeypost.beside.containment import MARGIN_SECONDS
from honeypost.beside.postfix.containment_config import (
    NOTICE_SERVICES,
    ContainmentConfig,
    Service,
)
from honeypost.beside.postfix.limbo_config import LimboConfig
from honeypost.beside.postfix.requeue_config import LocalMail
from honeypost.beside.survey.lists import members
from support.master_cf import internal_services
from support.namespace import Namespace
from support.users import DOMAIN, REAL
from support.waiting import until

HOSTNAME = f"mail.{DOMAIN}"
MX_PORT, SUBMISSION_PORT, SUBMISSIONS_PORT, INTERNET_PORT = 2525, 2587, 2465, 2600

MAIN: dict[str, str] = {
    "compatibility_level": "3.6",
    "queue_directory": "{base}/queue",
    "data_directory": "{base}/postfix-data",
    "maillog_file": "{base}/postfix.log",
    "maillog_file_prefixes": "{base}",
    "myhostname": HOSTNAME,
    "mydomain": DOMAIN,
    "mydestination": "",
    "inet_interfaces": "127.0.0.1, [::1]",
    "inet_protocols": "all",
    "mynetworks": "192.0.2.0/24",
    "local_recipient_maps": "",
    "local_transport": "error:local disabled",
    "alias_maps": "",
    "alias_database": "",
    "virtual_mailbox_domains": DOMAIN,
    "virtual_mailbox_maps": "texthash:{base}/mailboxes",
    "virtual_alias_maps": "texthash:{base}/aliases",
    "virtual_transport": "lmtp:unix:{base}/dovecot-lmtp",
    "default_transport": f"smtp:[127.0.0.1]:{INTERNET_PORT}",
    "smtpd_tls_security_level": "may",
    "smtpd_tls_cert_file": "{base}/cert.pem",
    "smtpd_tls_key_file": "{base}/key.pem",
    "smtpd_sasl_type": "dovecot",
    "smtpd_sasl_path": "{base}/sasl",
    "smtpd_sender_login_maps": "texthash:{base}/senders",
    "smtpd_sender_restrictions": "reject_authenticated_sender_login_mismatch",
    "smtpd_peername_lookup": "no",
    "disable_dns_lookups": "yes",
    "smtp_host_lookup": "native",
    "message_size_limit": "20480000",
}

STOCK_CHECKS = dict.fromkeys(("mime_header_checks", "nested_header_checks"), "$header_checks")
"""What Postfix has where a site says nothing."""

SASL = "-o smtpd_sasl_auth_enable=yes -o smtpd_relay_restrictions=permit_sasl_authenticated,reject"
MASTER = f"""\
{MX_PORT} inet n - n - - smtpd
{SUBMISSION_PORT} inet n - n - - smtpd -o syslog_name=postfix/submission {SASL}
  -o smtpd_tls_security_level=encrypt
{SUBMISSIONS_PORT} inet n - n - - smtpd -o syslog_name=postfix/submissions {SASL}
  -o smtpd_tls_wrappermode=yes
relay unix - - n - - smtp
{internal_services(chroot=False)}\
"""

SHORT_LIVES = {
    "maximal_queue_lifetime": "3s",
    "bounce_queue_lifetime": "3s",
    "minimal_backoff_time": "1s",
    "maximal_backoff_time": "1s",
    "queue_run_delay": "1s",
}
"""A queue in which mail expires while a test waits."""


class PostfixHost:
    """One instance; ``containment=None`` is the site's own template, without us."""

    def __init__(
        self,
        base: Path,
        namespace: Namespace,
        containment: ContainmentConfig | None,
        *,
        settings: Mapping[str, str] | None = None,
        limbo: LimboConfig | None = None,
    ) -> None:
        self.base, self.log = base, base / "postfix.log"
        self.directory, self.queue = base / "postfix", base / "queue"
        self._namespace, self._settings = namespace, dict(settings or {})
        self._containment, self._limbo = containment, limbo
        for directory in ("postfix", "queue", "postfix-data"):
            (base / directory).mkdir()
        subprocess.run(["chown", "postfix", str(base / "postfix-data")], check=True)
        names = [*REAL, f"postmaster@{DOMAIN}"]
        self._write("mailboxes", "".join(f"{name} x\n" for name in REAL))
        self._write("aliases", f"postmaster@{DOMAIN} alice@{DOMAIN}\n")
        # Who owns an address: the login with its domain, or without (system users).
        owners = "".join(f"{name} {name}, {name.partition('@')[0]}\n" for name in names)
        self._write("senders", owners)
        self.write_configuration()

    def set(self, settings: Mapping[str, str]) -> bool:
        """Change the site's own main.cf from the next writing on; says whether that differs."""
        before = dict(self._settings)
        self._settings |= settings
        return self._settings != before

    def write_configuration(self, *, contained: bool = True) -> None:
        """Write main.cf and master.cf, each by rename, with or without containment."""
        self._write("postfix/main.cf", self.main(contained=contained))
        self._write("postfix/master.cf", self.master(contained=contained))

    def main(self, *, contained: bool = True) -> str:
        """Give the content of main.cf."""
        settings = {name: value.format(base=self.base) for name, value in MAIN.items()}
        settings |= self._settings
        if contained and self._containment is not None:
            settings |= self._containment.main()
            if self._limbo is not None:
                settings |= self._limbo.main(settings)
        return "".join(f"{name} = {value}\n" for name, value in settings.items())

    def master(self, *, contained: bool = True) -> str:
        """Give the content of master.cf."""
        if not contained or self._containment is None:
            return MASTER
        notices = _options(dict(self._containment.notice_options()))
        sasl = _options(self._containment.sasl_options(MAIN))
        lines = []
        for entry in MASTER.replace("\n  ", " ").splitlines(keepends=True):
            extra = notices if entry.partition(" ")[0] in NOTICE_SERVICES else ""
            if self._limbo is not None and entry.startswith(f"{MX_PORT} "):
                extra = _options(self._limbo.outside_options(MAIN))
            extra += sasl if "smtpd_sasl_auth_enable=yes" in entry else ""
            if entry.startswith("pickup "):
                extra = _options(dict(self._local_mail().pickup_options()))
            lines.append(entry + extra)
        limbo, rules = ((), ())
        if self._limbo is not None:
            limbo, rules = self._limbo.services(), self._limbo.notice_patterns()
        requeue = self._local_mail().requeue_cleanup(self._containment.requeue_check())
        ours = (*self._containment.services(rules), requeue, *limbo)
        return "".join(lines) + "".join(service.text() for service in ours)

    def _local_mail(self) -> LocalMail:
        stock = next(line for line in MASTER.splitlines() if line.startswith("cleanup "))
        name, kind, fields = stock.split(maxsplit=2)
        overrides = members(self._settings.get("receive_override_options", ""))
        return LocalMail(Service(name, kind, fields), STOCK_CHECKS | self._settings, overrides)

    def start(self) -> None:
        self._postfix("start")
        until(lambda: "daemon started" in self.said(), self.said)

    def reload(self) -> None:
        """Reload, and wait until the queue manager is a new one."""
        until(self._told_apart)
        before = self.said().count("reload -- version")
        self._postfix("reload")
        until(lambda: self.said().count("reload -- version") > before, self.said)

    def _told_apart(self) -> bool:
        """Whether what starts now is seen to be younger than the configuration."""
        changed = max((self.directory / name).stat().st_ctime for name in ("main.cf", "master.cf"))
        return time.time() > changed + 2 * MARGIN_SECONDS

    def restart(self) -> None:
        """Stop and start it, as after a reboot."""
        started = self.said().count("daemon started")
        self._postfix("stop")
        self._postfix("start")
        until(lambda: self.said().count("daemon started") > started, self.said)

    def stop(self) -> None:
        if (self.queue / "pid/master.pid").exists():
            self._namespace.run("postfix", "-c", self.directory, "abort", check=False)

    def postconf(self, *arguments: str) -> None:
        self._namespace.run("postconf", "-c", self.directory, *arguments)

    def queued(self, *queues: str) -> list[str]:
        """Ids of the messages in these queues (``deferred``, ``hold``), or in all."""
        listed = self._namespace.run("postqueue", "-c", self.directory, "-j").stdout
        messages = map(json.loads, listed.splitlines())
        return [m["queue_id"] for m in messages if not queues or m["queue_name"] in queues]

    def flush(self) -> None:
        """Try everything in the queue now."""
        self._namespace.run("postqueue", "-c", self.directory, "-f")

    def take_in(self) -> None:
        """Let pickup look into the maildrop now, as it does once a minute."""
        with self._namespace.within(lambda: socket.socket(socket.AF_UNIX)) as waking:
            waking.connect(str(self.queue / "public/pickup"))
            waking.send(b"W")

    def said(self) -> str:
        """Give the log so far."""
        return self.log.read_text("utf-8", "replace") if self.log.exists() else ""

    def _postfix(self, verb: str) -> None:
        done = self._namespace.run("postfix", "-c", self.directory, verb, check=False)
        assert done.returncode == 0, f"postfix {verb}: {done.stderr}{self.said()}"

    def _write(self, name: str, content: str) -> None:
        path = self.base / name
        draft = path.with_name(path.name + ".new")
        draft.write_text(content)
        draft.chmod(0o644)
        os.utime(draft, (SETTLED, SETTLED))
        draft.replace(path)


def _options(options: Mapping[str, str]) -> str:
    return "".join(f"  -o {{ {name} = {value} }}\n" for name, value in options.items())
