"""A case whose host is made of stand-ins."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from honeypost.beside.doctor.case import Case
from honeypost.beside.survey.programs import Answer
from honeypost.config.schema import Beside, Config, Listeners, Site, SiteSecrets
from honeypost.model import Secret
from support.golden import replay
from support.mail_tree import MailTree


@dataclass
class Noted:
    """Evidence that a test writes."""

    questions: int = 0
    caught: bool = False
    won: tuple[str, Secret] | None = None
    spared: tuple[str, ...] = ()

    def asked(self, client):
        return self.questions

    def captured(self, recipient):
        return self.caught

    def allowed(self):
        return self.spared

    def decoy(self):
        return self.won


@dataclass
class Clock:
    """Goes on only while somebody waits."""

    time: float = 0.0

    def __call__(self):
        return self.time

    def sleep(self, seconds):
        self.time += seconds


@dataclass
class Doveadm:
    """Answers logins; keeps what it was asked."""

    says: str = "passdb: x auth failed"
    asked: list = field(default_factory=list)

    def __call__(self, command, given=""):
        self.asked.append((tuple(command), given))
        return Answer(self.says, "", 77)


class Session:
    """An SMTP session with given codes for RCPT."""

    def __init__(self, clock, code_of, seconds_of=lambda line: 0.0):
        self.clock, self.code_of, self.seconds_of, self.lines = clock, code_of, seconds_of, []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def command(self, line):
        self.lines.append(line)
        self.clock.time += self.seconds_of(line)
        return (self.code_of(line) if line.startswith("RCPT") else 250), "said\r\n"

    def greet(self):
        return ""

    def log_in(self, name, password):
        self.lines.append(f"AUTH {name}")

    def send(self, sender, recipients, text, *, notify):
        self.lines.append(f"SENT {recipients[0]}")
        return ""


@pytest.fixture
def case(tmp_path):
    tree = MailTree(tmp_path, "virtual", built=False)
    site = tree.look(run=replay("virtual", tmp_path))
    clock = Clock()
    config = replace(
        Config(),
        site=Site(domains=("example.org",)),
        beside=replace(Beside(), containment=str(tmp_path / "containment.json")),
        listeners=Listeners("", "", "", lookup="127.0.0.1:9"),
    )
    return Case(
        site=replace(site, dovecot=replace(site.dovecot, lua=True, lua_http=True)),
        config=config,
        secrets=SiteSecrets("s", b"k" * 32, "m1.invalid", "X-Q1"),
        evidence=Noted(),
        clock=clock,
        now=1_800_000_000.0,
        sleep=clock.sleep,
        random=lambda count: bytes(range(count)),
        run=Doveadm(),
    )
