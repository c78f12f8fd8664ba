"""A core that is talked to in lines, with a table for a director."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from honeypost.events import Event
from honeypost.model import Protocol
from honeypost.personality.postfix_3_7 import PROFILE
from honeypost.personality.profile import Profile
from honeypost.proto.effects import Ask, Close, Effect, Emit, Send, Spool, StartTls, Wake
from honeypost.proto.smtp.server import SmtpServer
from honeypost.questions import (
    Acceptance,
    KeepVerdict,
    LoginVerdict,
    Question,
    ReceiveVerdict,
    Verdict,
)

QUICK = replace(PROFILE, limits=replace(PROFILE.limits, error_seconds=0.0))


@dataclass
class Talk:
    """Says lines to a core and gives back what it said."""

    core: SmtpServer
    verdicts: dict[str, Verdict]
    questions: list[Question] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    spooled: bytes = b""
    held_seconds: float = 0.0
    closed: bool = False

    def __call__(self, *lines: str | bytes) -> list[str]:
        """Say lines (bytes as they are); give the lines that were said back."""
        said = b""
        for line in lines:
            said += self.take(
                self.core.receive(line if isinstance(line, bytes) else line.encode() + b"\r\n")
            )
        return said.decode().splitlines()

    def take(self, effects: Any) -> bytes:
        said = b""
        for effect in effects:
            self.effects.append(effect)
            match effect:
                case Send(data):
                    said += data
                case Ask(question):
                    self.questions.append(question)
                    said += self.take(self.core.answer(self.verdicts[type(question).__name__]))
                case Emit(event):
                    self.events.append(event)
                case Spool(data):
                    self.spooled += data
                case StartTls():
                    said += self.take(self.core.secured())
                case Wake(seconds, hold=True):
                    self.held_seconds += seconds
                    said += self.take(self.core.woken())
                case Close():
                    self.closed = True
        return said

    @property
    def last(self) -> Effect:
        return self.effects[-1]


@pytest.fixture
def talk() -> Callable[..., Talk]:
    def begin(protocol: Protocol = Protocol.SMTP, profile: Profile = QUICK, **limits: int) -> Talk:
        core = SmtpServer(profile, protocol, hostname="mx1.example.org", **limits)
        verdicts: dict[str, Verdict] = {
            "MayLogin": LoginVerdict(account="bob@example.org", marker="m"),
            "MayReceive": ReceiveVerdict(Acceptance.ACCEPTED, "3D09020C113"),
            "KeepMessage": KeepVerdict(Acceptance.ACCEPTED),
        }
        made = Talk(core, verdicts)
        made.take(core.open())
        return made

    return begin
