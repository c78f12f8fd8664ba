"""A site in a folder for attaching without daemons: two files of Postfix, two of Dovecot."""

from __future__ import annotations

import os
from pathlib import Path

from honeypost.beside.attach.dovecot_text import DovecotText, Reports
from honeypost.beside.attach.layout import Layout
from honeypost.beside.attach.own_config import Found
from honeypost.beside.attach.plan import Plan, Wanted, make_plan
from honeypost.beside.attach.reloading import Reloading
from honeypost.beside.dovecot.chain import DecoyChain
from honeypost.beside.postfix.containment_config import ContainmentConfig
from honeypost.beside.survey.programs import Answer
from honeypost.beside.survey.site import (
    DovecotSite,
    MailSite,
    PostfixService,
    PostfixSite,
    SystemSite,
)

MARKER, HEADER, KEY, NONCE = "k7qp2mzx.invalid", "X-Qr7tW2k", "the-script-key", "the-nonce"
MASTER = """\
submission inet n       -       y       -       -       smtpd
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_sender_restrictions=$mine
bounce    unix  -       -       y       -       0       bounce
defer     unix  -       -       y       -       0       bounce
pickup    unix  n       -       y       60      1       pickup
cleanup   unix  n       -       y       -       0       cleanup
"""
MAIN = "myhostname = mail.example.org\nmine = reject_unknown_sender_domain\n"


class AttachSite:
    """The folder, what is read of it, and what is wanted."""

    def __init__(self, base: Path, *, drop_in: bool = True, version: tuple[int, ...] = (3, 7, 11)):
        self.base = base
        self.layout = Layout(base / "data/attach", base / "etc/honeypost")
        self.postfix, self.dovecot = base / "etc/postfix", base / "etc/dovecot"
        for folder in (self.postfix, self.dovecot / "conf.d", self.layout.config, base / "spool"):
            folder.mkdir(parents=True, exist_ok=True)
        (self.postfix / "main.cf").write_text(MAIN)
        (self.postfix / "master.cf").write_text(MASTER)
        (self.dovecot / "dovecot.conf").write_text("protocols = imap\n")
        options = {"smtpd_sasl_auth_enable": "yes", "smtpd_sender_restrictions": "$mine"}
        services = (
            PostfixService(
                "submission", "inet", "n - y - -", "smtpd", True, options=options, effective=options
            ),
            PostfixService("bounce", "unix", "- - y - 0", "bounce", True),
            PostfixService("defer", "unix", "- - y - 0", "bounce", True),
            PostfixService("pickup", "unix", "n - y 60 1", "pickup", True),
            PostfixService("cleanup", "unix", "n - y - 0", "cleanup", True),
        )
        raw = {"smtpd_data_restrictions": "reject_unauth_pipelining,\n  permit"}
        self.site = MailSite(
            PostfixSite(version, self.postfix, base / "spool", {}, raw, services),
            DovecotSite(
                (2, 3, 19),
                self.dovecot / "dovecot.conf",
                self.dovecot / "conf.d" if drop_in else None,
                {"base_dir": str(base / "run")},
                (),
                (),
            ),
            SystemSite("files"),
        )

    def wanted(self, **changes) -> Wanted:
        """Give what is to be put beside it."""
        parts = {
            "containment": ContainmentConfig(
                MARKER, HEADER, "unix:private/honeypost-lmtp", "unix:private/honeypost-policy"
            ),
            "dovecot": self.text(),
            "found": found(),
            "own_config": self.layout.attached_config,
            "dovecot_gid": os.getegid(),
            "own_gid": os.getegid(),
        }
        return Wanted(**{**parts, **changes})

    def text(self) -> DovecotText:
        chain = DecoyChain(
            self.dovecot / "honeypost", "http://127.0.0.1:2740/lookup", KEY, MARKER, 5001, 5001,
            self.base / "data/mail",
        )  # fmt: skip
        reports = Reports("http://127.0.0.1:2730/", KEY, NONCE)
        return DovecotText(chain, reports, "worker", "2.3")

    def plan(self, **changes) -> Plan:
        return make_plan(self.site, self.wanted(**changes), Path.read_text, fake_postconf)

    def etc(self) -> dict[str, tuple[bytes, int]]:
        """Content and mode of every file below ``etc``."""
        files = (p for p in sorted((self.base / "etc").rglob("*")) if p.is_file())
        return {
            str(p.relative_to(self.base)): (p.read_bytes(), p.stat().st_mode) for p in files
        } | {str(p): (b"", 0) for p in (self.base / "etc").rglob("*") if p.is_dir()}


def found(**changes) -> Found:
    """Give what was found out, for ``attached.toml``."""
    parts = {
        "domains": ("example.org",),
        "hostname": "mail.example.org",
        "sink": "unix:/spool/private/honeypost-lmtp",
        "policy": "unix:/spool/private/honeypost-policy",
        "lookup": "127.0.0.1:2740",
        "reports": "127.0.0.1:2730",
        "userdb_socket": "/run/dovecot/honeypost-userdb",
        "postfix_directory": "/etc/postfix",
        "maps": ("hash:/etc/aliases",),
        "containment": "/var/lib/honeypost/attach/containment.json",
        "spared": ("127.0.0.0/8", "::1/128", "192.0.2.0/24"),
        "never": ("10.0.0.0/8", "192.0.2.0/24"),
        "script_key": KEY,
    }
    return Found(**{**parts, **changes})


def fake_postconf(command, given=""):
    """Do what ``postconf -c FOLDER -n``, ``-e`` and ``-X`` do, on plain one-line files."""
    del given
    _, _, folder, verb, *arguments = command
    path = Path(folder) / "main.cf"
    lines = path.read_text().splitlines()
    if verb == "-n":
        return Answer("".join(f"{line}\n" for line in lines), "", 0)
    names = [argument.partition("=")[0] for argument in arguments]
    if "refused" in names:
        return Answer("", "postconf: fatal: no", 1)
    if verb == "-e":  # in its place, or at the end
        for name, argument in zip(names, arguments, strict=True):
            places = [n for n, line in enumerate(lines) if line.partition("=")[0].strip() == name]
            place = places[0] if places else len(lines)
            lines[place : place + 1] = [f"{name} = {argument.partition('=')[2]}"]
    else:
        lines = [line for line in lines if line.partition("=")[0].strip() not in names]
    path.write_text("".join(f"{line}\n" for line in lines))
    return Answer("", "", 0)


class Commands:
    """Takes every command, keeps it, and fails those that a test names."""

    def __init__(self, *failing: str) -> None:
        self.called: list[str] = []
        self._failing = failing

    def __call__(self, command, given=""):
        self.called.append(" ".join(command))
        return Answer("", "it fails", 1) if command[0] in self._failing else Answer("", "", 0)

    def reloading(self) -> Reloading:
        return Reloading(
            on_commands=(("on",),),
            off_commands=(("off",),),
            limbo_on=(("limbo-on", "{}"),),
            limbo_off=(("limbo-off", "{}"),),
            run=self,
            pause=lambda _: None,
        )
