"""
What a trial looks at, in the order that wastes no time: the notice for a dead sink is waited for
while the chain is tried with a hung, a garbled and a dead server.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from honeypost.beside.attach.failure import AttachFailed
from honeypost.beside.attach.trial.orders import QUEUE_SECONDS, Orders, Submission
from honeypost.beside.attach.trial.private_dovecot import PrivateDovecot
from honeypost.beside.attach.trial.private_postfix import PrivatePostfix
from honeypost.beside.attach.trial.smtp_client import SmtpClient
from honeypost.beside.attach.trial.stubs import Lookup, Mood, Policy, Sink, at

ANSWER_SECONDS = 0.6
"""What the decoy script waits for our server at most (measured: 9008 at 0.6 s)."""

SLACK_SECONDS = 1.0
"""More than that a busy host may need; a login that hangs takes 10 s and more."""

BREAKER_SECONDS = 5.5
"""After a failure the script asks nobody for 5 s."""

SINK_SECONDS = 15.0
EXPIRY_SECONDS = QUEUE_SECONDS + 30.0
LOOK_SECONDS = 0.1

SENDER = "trial@example.net"
RECIPIENTS = ["first@example.com", "second@example.net"]
ACCEPTED = 250
TEXT = "Subject: trial\r\n\r\nWritten by honeypost attach.\r\n"


@dataclass
class Bench:
    """The private daemons and the stand-ins, ready to be looked at."""

    orders: Orders
    dovecot: PrivateDovecot
    postfix: PrivatePostfix
    lookup: Lookup
    ports: dict[str, int]
    password: str
    """The one password that wins, known to nobody else."""

    def __post_init__(self) -> None:
        queue = Path(self.orders.queue_directory)
        self._sink_path, self._policy_path = queue / self.orders.sink, queue / self.orders.policy
        self.passed: list[str] = []
        self._waiting: list[str] = []

    def run(self) -> list[str]:
        """
        Go through all of it.

        :raises AttachFailed: what does not hold.
        """
        self._look("an unknown name walks the whole chain and wins", self._unknown_wins)
        self._look("a wrong password wins nothing", self._wrong_loses)
        self._look("services that Postfix does not contain are refused", self._only_contained)
        if self.orders.real_name:
            self._look("a real name never reaches the decoy step", self._real_stays)
        if self.orders.submissions:
            self._look("what a decoy sends ends in the sink", self._mail_is_caught)
            self._look("with everything of ours dead it is still taken", self._mail_is_taken)
        for label in self.orders.outside:
            self._from_outside(label)
        for mood in (Mood.HUNG, Mood.GARBAGE, Mood.DEAD):
            self._look(f"a {mood} server holds no login up", lambda m=mood: self._held_up(m))  # type: ignore[misc]  # a default binds the loop's value
        if self._waiting:
            self._look("an unknown name waits for a late bounce", self._waits)
        if self.orders.submissions:
            self._look("the notice for a dead sink is discarded", self._notice_is_dropped)
        return self.passed

    def _look(self, sentence: str, action: Callable[[], None]) -> None:
        try:
            action()
        except AttachFailed as problem:
            raise AttachFailed(f"in the trial it did not hold that {sentence}: {problem}") from None
        self.passed.append(sentence)

    def _unknown_wins(self) -> None:
        said, _ = self.dovecot.login(self._name(), self.password)
        if not self.lookup.asked:
            raise AttachFailed(f"the chain ends before the decoys: {_short(said)}")
        if "auth succeeded" not in said or f"@{self.orders.marker_domain}" not in said:
            raise AttachFailed(_short(said))

    def _wrong_loses(self) -> None:
        said, _ = self.dovecot.login(self._name(), secrets.token_hex(8))
        if "auth failed" not in said:
            raise AttachFailed(_short(said))

    def _only_contained(self) -> None:
        for service in ("sieve", "submission", "doveadm"):
            said, _ = self.dovecot.login(self._name(), self.password, service=service)
            if "auth succeeded" in said:
                raise AttachFailed(f"{service} lets a decoy in")

    def _real_stays(self) -> None:
        before = self.lookup.asked
        said, _ = self.dovecot.login(self.orders.real_name, self.password)
        if self.lookup.asked != before or "auth succeeded" in said:
            raise AttachFailed(f"{self.orders.real_name} is taken for an unknown name")

    def _mail_is_caught(self) -> None:
        sink, policy = Sink(at(self._sink_path)), Policy(at(self._policy_path))
        for submission in self.orders.submissions:
            self._send(submission)
        wanted = len(self.orders.submissions)
        _until(lambda: len(sink.messages) >= wanted, SINK_SECONDS)
        policy.close()
        sink.close()
        header = self.orders.header.lower().encode()
        caught = [m for m in sink.messages if header in m.lower()]
        self._nothing_left()
        if len(caught) < wanted:
            raise AttachFailed(f"{len(caught)} of {wanted} messages came; {_short(self._log())}")

    def _mail_is_taken(self) -> None:
        """Leave one message in the queue for a dead sink, and one to a dead policy service."""
        policy = Policy(at(self._policy_path))
        self._send(self.orders.submissions[0])
        policy.close()
        self._send(self.orders.submissions[0])

    def _from_outside(self, label: str) -> None:
        """
        Send to an unknown name from outside; our part is dead, so the message waits.

        What the site itself says against strangers (greylisting, block lists) is no failure of
        ours, and is told.
        """
        limbo = self.orders.limbo
        name = f"q{secrets.token_hex(6)}x@{limbo.domains[0] if limbo else self.orders.domain}"
        with SmtpClient("127.0.0.1", self.ports[label]) as client:
            client.greet()
            client.come_from(self.orders.stranger)
            client.command(f"MAIL FROM:<{SENDER}>")
            code, said = client.command(f"RCPT TO:<{name}>")
            if code == ACCEPTED:
                client.command("DATA")
                code, said = client.command(f"{TEXT}\r\n.")
        if code == ACCEPTED:
            self._waiting.append(name)
        elif "User unknown" in said:
            raise AttachFailed(f"{label} refuses an unknown name at once: {_short(said)}")
        else:
            self.passed.append(f"{label} was not tried for unknown names: it says {_short(said)}")

    def _waits(self) -> None:
        """The notice that Postfix writes in the end must be discarded; see below."""
        token = self.orders.limbo.token if self.orders.limbo else ""
        lines = self._log().splitlines()
        for name in self._waiting:
            if not any(f"to=<{name}>" in line and f"({token} " in line for line in lines):
                raise AttachFailed(_short("\n".join(line for line in lines if name in line)))

    def _held_up(self, mood: Mood) -> None:
        if self.lookup.mood is not Mood.WELL:
            self.lookup.mood = Mood.WELL
            time.sleep(BREAKER_SECONDS)
        _, usual = self.dovecot.login(self._name(), "wrong")
        if mood is Mood.DEAD:
            self.lookup.close()
        self.lookup.mood = mood
        for attempt in ("first", "second"):
            said, took = self.dovecot.login(self._name(), self.password)
            if "auth succeeded" in said:
                raise AttachFailed("it lets a decoy in")
            if took > usual + ANSWER_SECONDS + SLACK_SECONDS:
                raise AttachFailed(f"the {attempt} login took {took:.1f} s, usually {usual:.1f} s")

    def _notice_is_dropped(self) -> None:
        _until(lambda: not self.postfix.queued(), EXPIRY_SECONDS)
        self._nothing_left()
        if self.postfix.queued() or self.postfix.dropped_notices() < 1 + len(self._waiting):
            raise AttachFailed(f"after {EXPIRY_SECONDS:.0f} s: {_short(self._log())}")

    def _send(self, submission: Submission) -> None:
        port = self.ports[submission.label]
        with SmtpClient("127.0.0.1", port, wrapped=submission.wrapped) as client:
            offered = client.greet()
            client.log_in(self._name(), self.password)
            client.send(SENDER, RECIPIENTS, TEXT, notify="DSN" in offered)

    def _nothing_left(self) -> None:
        leaks = self.postfix.leaks()
        if leaks:
            raise AttachFailed(f"mail would have gone to {', '.join(sorted(set(leaks)))}")

    def _name(self) -> str:
        """Give a name that nobody has, another one each time: Dovecot punishes repeats."""
        return f"q{secrets.token_hex(6)}x@{self.orders.domain}"

    def _log(self) -> str:
        return self.postfix.said()


def _short(text: str) -> str:
    return " ".join(text.split())[-400:]


def _until(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)
